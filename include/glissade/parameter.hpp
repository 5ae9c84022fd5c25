// An array of parameters as a model holds it: where the caller's arrays lie, how all are stored, and its state.
#if __cplusplus < 202002L
#  error "glissade/parameter.hpp needs C++20; older C++ includes glissade/glissade.h"
#elif !defined(GLISSADE_PARAMETER_HPP)
#  define GLISSADE_PARAMETER_HPP

#  include "glissade.hpp"
#  include <cstring>
#  include <type_traits>
#  include <vector>

namespace glissade {

// As the type of the states: Q8, unsigned for those that are never negative.
inline constexpr int q8 = GLISSADE_Q8_SIGNED;

// How the arrays are stored, in the types that glissade_storage allows for each.
struct storage {
  int param = GLISSADE_FLOAT32; // GLISSADE_SPLIT: the caller's bf16, with remainders that are the model's
  int grad = GLISSADE_FLOAT32;
  int state = GLISSADE_FLOAT32; // of every state
  int copy = GLISSADE_FLOAT32;  // what set_copy gives
};

// An array of the caller: a vector, span or array of float, or of any type of 16 bits where it is stored so, as
// std::uint16_t or std::bfloat16_t.
template <class Void>
class basic_view {
public:
  basic_view() = default;
  template <class Array>
  requires requires(Array &&all) { std::span(std::forward<Array>(all)); }
  basic_view(Array &&all) {
    const std::span elements(std::forward<Array>(all));
    using element = typename decltype(elements)::value_type;
    static_assert(std::is_same_v<element, float> ||
                      (sizeof(element) == 2 && std::is_trivially_copyable_v<element>),
                  "an array is of float, or of elements of 16 bits");
    data_ = elements.data();
    size_ = elements.size();
    element_ = sizeof(element);
  }

  Void *data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Throws `error` unless this has as many elements, or none, of a type's size.
  void require(std::size_t n, int type, glissade_status if_not, const char *name) const {
    if (empty()) return;
    if (size_ != n) throw error(GLISSADE_BAD_N, std::string(name) + " has not as many elements as param");
    if (element_ != (type == GLISSADE_FLOAT32 ? 4 : 2))
      throw error(if_not, std::string(name) + " has elements of another size than its type in the storage");
  }

private:
  Void *data_ = nullptr;
  std::size_t size_ = 0, element_ = 0;
};
using view = basic_view<void>;
using const_view = basic_view<const void>;

template <class Options>
class parameter {
  using functions = glissade::functions<Options>;
  static constexpr std::size_t states = functions::states;

public:
  // What a saved state may hold of it, by number: param, the states, the remainders of a split param.
  static constexpr std::size_t slots = states + 2;

  // Allocates the state and resets it. Throws `error`.
  parameter(view param, const_view grad, const Options &options, const storage &types, std::uint64_t seed)
      : n_(param.size()) {
    arrays_.struct_size = sizeof arrays_;
    arrays_.param.type = types.param;
    arrays_.grad.type = types.grad;
    arrays_.copy.type = types.copy;
    arrays_.seed = seed;
    std::array<bool, states> needed{};
    for (std::size_t i = 0; i < states; ++i)
      if ((needed[i] = needs_state(options, i))) {
        arrays_.states[i].type = types.state;
        if (types.state == q8 && check_types(options, arrays_) == GLISSADE_BAD_STATE_TYPE)
          arrays_.states[i].type = GLISSADE_Q8_UNSIGNED;
      }
    check(check_types(options, arrays_));
    set_param(param);
    set_grad(grad);
    for (std::size_t i = 0; i < states; ++i)
      if (needed[i]) allocate(arrays_.states[i], i);
    if (types.param == GLISSADE_SPLIT) {
      remainders_ = std::make_unique<std::int16_t[]>(n_);
      arrays_.param.extra = remainders_.get();
    }
    reset(options);
  }

  // Before the first step, with remainders of 0.
  void reset(const Options &options) {
    if (remainders_) std::fill_n(remainders_.get(), n_, std::int16_t{0});
    const auto one = tensor(nullptr);
    check(functions::reset_many(&options, 1, &one));
  }

  void set_param(view param) {
    if (param.size() != n_) throw error(GLISSADE_BAD_N, "param is not as long as the state");
    param.require(n_, arrays_.param.type, GLISSADE_BAD_PARAM_TYPE, "param");
    arrays_.param.data = param.data();
  }
  void set_grad(const_view grad) {
    grad.require(n_, arrays_.grad.type, GLISSADE_BAD_GRAD_TYPE, "grad");
    arrays_.grad.data = const_cast<void *>(grad.data()); // only read
    left_out_ = grad.empty() && n_ != 0;
  }
  void set_copy(view copy) {
    if (arrays_.copy.type == GLISSADE_FLOAT32) throw error(GLISSADE_BAD_COPY_TYPE, "the storage has no copy");
    copy.require(n_, arrays_.copy.type, GLISSADE_BAD_COPY_TYPE, "copy");
    arrays_.copy.data = copy.data();
  }
  void set_seed(std::uint64_t seed) { arrays_.seed = seed; }

  std::size_t size() const { return n_; }
  bool left_out() const { return left_out_; } // of every step, for want of a gradient
  const glissade_array &param() const { return arrays_.param; }
  const glissade_array &grad() const { return arrays_.grad; }
  const glissade_array &state(std::size_t i) const {
    if (i >= states) throw std::out_of_range("glissade: no such state array");
    return arrays_.states[i];
  }
  // Empty unless stored as float.
  std::span<float> floats(const glissade_array &array) const {
    return {static_cast<float *>(array.data), array.type == GLISSADE_FLOAT32 && array.data ? n_ : 0};
  }
  // Does it hold anything that a saved state of floats alone cannot?
  bool is_stored() const {
    bool any = arrays_.param.type != GLISSADE_FLOAT32;
    for (const glissade_array &state : arrays_.states)
      any |= state.type != GLISSADE_FLOAT32;
    return any;
  }
  // Without data if there is none.
  glissade_array slot(std::size_t number) const {
    if (number == 0) return {arrays_.param.type, arrays_.param.data, nullptr};
    return number <= states ? arrays_.states[number - 1]
                            : glissade_array{arrays_.param.type, arrays_.param.extra, nullptr};
  }

  // The arguments of the step, with these options. It holds until this is moved or set otherwise.
  typename functions::tensor tensor(const Options *options) const {
    float *at[states];
    for (std::size_t i = 0; i < states; ++i)
      at[i] = static_cast<float *>(arrays_.states[i].data);
    auto all = functions::tensor_of(n_, static_cast<float *>(arrays_.param.data),
                                    static_cast<const float *>(arrays_.grad.data), at, options);
    if (is_stored() || arrays_.grad.type != GLISSADE_FLOAT32 || arrays_.copy.type != GLISSADE_FLOAT32)
      all.storage = &arrays_;
    return all;
  }

  // Calls visit(address, bytes, is it written, is it the model's) for all memory that a step uses.
  template <class Visit>
  void for_memory(const Visit &visit) const {
    const auto one = [&](const glissade_array &array, bool written, bool owned) {
      std::size_t data = 0, extra = 0;
      check(glissade_state_bytes(array.type, n_, &data, &extra));
      if (array.data) visit(array.data, data, written, owned);
      if (array.extra) visit(array.extra, extra, written, true);
    };
    one(arrays_.param, true, false);
    one(arrays_.grad, false, false);
    one(arrays_.copy, true, false);
    for (const glissade_array &state : arrays_.states)
      one(state, true, true);
  }

private:
  // What a step without elements finds.
  static glissade_status check_types(Options options, const glissade_storage &types) {
    options.step = 1;
    float *none[states] = {};
    auto empty = functions::tensor_of(0, nullptr, nullptr, none, nullptr);
    empty.storage = &types;
    return functions::check(&options, 1, &empty, nullptr);
  }

  void allocate(glissade_array &array, std::size_t i) {
    std::size_t data, extra;
    check(glissade_state_bytes(array.type, n_, &data, &extra));
    memory_[i] = std::make_unique_for_overwrite<unsigned char[]>(data + extra);
    array.data = memory_[i].get();
    if (extra != 0) array.extra = memory_[i].get() + data;
  }

  std::size_t n_;
  glissade_storage arrays_{};
  bool left_out_ = false;
  std::array<std::unique_ptr<unsigned char[]>, states> memory_;
  std::unique_ptr<std::int16_t[]> remainders_;
};

} // namespace glissade

#endif
