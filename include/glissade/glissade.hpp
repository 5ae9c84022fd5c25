// The C++20 face of glissade.h: spans instead of pointers, exceptions instead of statuses, and classes that
// own the state.
#if __cplusplus < 202002L
#  error "glissade/glissade.hpp needs C++20; older C++ includes glissade/glissade.h"
#elif !defined(GLISSADE_GLISSADE_HPP)
#  define GLISSADE_GLISSADE_HPP

#  include "glissade.h"
#  include <array>
#  include <iterator>
#  include <memory>
#  include <span>
#  include <stdexcept>
#  include <string>
#  include <utility>

namespace glissade {

// A status other than GLISSADE_OK. Nothing was changed by the call that threw it.
class error : public std::runtime_error {
public:
  explicit error(glissade_status status) : error(status, glissade_status_message(status)) {}
  error(glissade_status status, const std::string &what)
      : std::runtime_error("glissade: " + what),
        status_(status) {}
  glissade_status status() const noexcept { return status_; }

private:
  glissade_status status_;
};

inline void check(glissade_status status) {
  if (status != GLISSADE_OK) throw error(status);
}

// What belongs to a struct of options: its C functions, its default preset, its state arrays.
template <class Options>
struct functions;

#  define GLISSADE_STATE_NAME(state) #  state,
#  define GLISSADE_STATE_NEXT(state) .state = *states_++,
#  define GLISSADE_OPTIMIZER(optimizer_name, preset)                                                         \
    template <>                                                                                              \
    struct functions<glissade_##optimizer_name> {                                                            \
      static constexpr const char *name = #optimizer_name;                                                   \
      using tensor = glissade_##optimizer_name##_tensor;                                                     \
      static constexpr auto step_many = glissade_##optimizer_name##_step_many;                               \
      static constexpr auto step_many_clipped = glissade_##optimizer_name##_step_many_clipped;               \
      static constexpr auto step_many_trust = glissade_##optimizer_name##_step_many_trust;                   \
      static constexpr auto step_share = glissade_##optimizer_name##_step_share;                             \
      static constexpr auto step_rows = glissade_##optimizer_name##_step_rows;                               \
      static constexpr auto check = glissade_##optimizer_name##_check;                                       \
      static constexpr auto reset_many = glissade_##optimizer_name##_reset_many;                             \
      static constexpr auto preset_named = glissade_##optimizer_name##_preset;                               \
      static constexpr auto step = glissade_##optimizer_name##_step;                                         \
      static constexpr auto reset = glissade_##optimizer_name##_reset;                                       \
      static constexpr glissade_##optimizer_name defaults = preset;                                          \
      static constexpr const char *state_names[] = {GLISSADE_STATES_##optimizer_name(GLISSADE_STATE_NAME)};  \
      static constexpr std::size_t states = std::size(state_names);                                          \
      static tensor tensor_of(std::size_t n, float *param, const float *grad, float *const *states_,         \
                              const glissade_##optimizer_name *options) {                                    \
        return {.struct_size = sizeof(tensor),                                                               \
                .n = n,                                                                                      \
                .param = param,                                                                              \
                .grad = grad,                                                                                \
                GLISSADE_STATES_##optimizer_name(GLISSADE_STATE_NEXT).options = options,                     \
                .storage = nullptr};                                                                         \
      }                                                                                                      \
    };
#  include "optimizers.inc"
#  undef GLISSADE_STATE_NAME
#  undef GLISSADE_STATE_NEXT

// One step on spans: options, param, grad, then the state arrays in the order of the C function; those that
// the options do not need may be left out at the end or be empty, wherever they point. Throws `error` for a
// status, and for a span of another size than param's.
template <class Options, class... State>
void step(const Options &options, std::span<float> param, std::span<const float> grad, State &&...state) {
  constexpr std::size_t states = functions<Options>::states;
  static_assert(sizeof...(State) <= states, "more state arrays than the optimizer has");
  if (grad.size() != param.size()) throw error(GLISSADE_BAD_N, "grad is not as long as param");
  const std::array<std::span<float>, states> given{std::span<float>(state)...};
  for (const auto &one : given)
    if (one.size() != param.size() && !one.empty())
      throw error(GLISSADE_BAD_N, "a state array is not as long as param");
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    check(functions<Options>::step(&options, param.size(), param.data(), grad.data(),
                                   (given[i].empty() ? nullptr : given[i].data())...));
  }
  (std::make_index_sequence<states>());
}

// Do these options, which are right, need state array number `absent`? Then its absence is an error.
template <class Options>
bool needs_state(const Options &options, std::size_t absent) {
  constexpr std::size_t states = functions<Options>::states;
  std::array<float, states> some{};
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return functions<Options>::reset(&options, 1, (i == absent ? nullptr : &some[i])...) != GLISSADE_OK;
  }
  (std::make_index_sequence<states>());
}

// An optimizer with its state, for one array of n parameters: allocates what the options need, resets it,
// counts the steps. Not copyable; a moved-from one may only be destroyed or assigned to.
template <class Options>
class optimizer {
  static constexpr std::size_t states = functions<Options>::states;

public:
  explicit optimizer(std::size_t n, const Options &options = functions<Options>::defaults)
      : size_(n),
        options_(options) {
    for (std::size_t i = 0; i < states; ++i)
      if (needs_state(options, i)) state_[i] = std::make_unique_for_overwrite<float[]>(n);
    reset();
  }

  // Applies the next step to `param`. Throws `error`, with the step not counted and nothing changed.
  void step(std::span<float> param, std::span<const float> grad) {
    if (param.size() != size_) throw error(GLISSADE_BAD_N, "param is not as long as the state");
    Options next = options_;
    ++next.step;
    std::apply([&](auto... state) { glissade::step(next, param, grad, state...); }, spans());
    options_ = next;
  }

  // Back to before the first step; the options stay as they are.
  void reset() { reset(size_); }

  std::size_t size() const noexcept { return size_; }
  // May be changed between steps, lr above all. An option that needs a state array which the first options
  // did not need makes the next step throw. `step` is the number of steps taken.
  Options &options() noexcept { return options_; }
  const Options &options() const noexcept { return options_; }
  // State array i, in the order of the C function; empty if the options do not need it.
  std::span<float> state(std::size_t i) { return {state_.at(i).get(), state_[i] ? size_ : 0}; }
  std::span<const float> state(std::size_t i) const { return {state_.at(i).get(), state_[i] ? size_ : 0}; }

private:
  void reset(std::size_t n) {
    std::apply([&](auto... state) { check(functions<Options>::reset(&options_, n, state.data()...)); },
               spans());
    options_.step = 0;
  }

  auto spans() {
    return [&]<std::size_t... i>(std::index_sequence<i...>) { return std::tuple(state(i)...); }
    (std::make_index_sequence<states>());
  }

  std::size_t size_;
  Options options_;
  std::array<std::unique_ptr<float[]>, states> state_;
};

// glissade::rmsprop and so on.
#  define GLISSADE_OPTIMIZER(name, preset) using name = optimizer<glissade_##name>;
#  include "optimizers.inc"

} // namespace glissade

#endif
