// An optimizer for a whole model: many parameter arrays in groups, one call a step, state that can be saved.
#if __cplusplus < 202002L
#  error "glissade/model.hpp needs C++20; older C++ includes glissade/glissade.h"
#elif !defined(GLISSADE_MODEL_HPP)
#  define GLISSADE_MODEL_HPP

#  include "apart.hpp"
#  include "state.hpp"

namespace glissade {

// Add the parameter arrays, then call step() whenever their gradients have been written. The parameters and
// gradients are the caller's and stay where they are, unless set_param or set_grad says otherwise; the state is
// the model's. Not copyable; a moved-from model may only be destroyed or assigned to.
template <class Options>
class model {
  using functions = glissade::functions<Options>;
  using tensor = typename functions::tensor;
  static constexpr std::size_t states = functions::states;

public:
  // Group 0 has these options; their `threads` is that of every step.
  explicit model(const Options &options = functions::defaults) { add_group(options); }

  // A further group of parameters, for add(). Returns its number.
  std::size_t add_group(const Options &options) {
    require_counted_here(options);
    groups_.push_back(std::make_unique<Options>(options));
    return groups_.size() - 1;
  }

  // Adds an array of parameters with its gradient to a group, and allocates its state. Returns its number. Its
  // first step is number 1 for it, whatever the others have behind them. Where grad is empty, the array is left
  // out of every step until set_grad gives it one, and such steps do not count for it.
  std::size_t add(std::span<float> param, std::span<const float> grad, std::size_t group = 0) {
    require_as_long(grad, param.size());
    entries_.push_back(
        {param, grad, group, steps_, {}, optimizer<Options>(param.size(), *groups_.at(group))});
    changed_ = true;
    return entries_.size() - 1;
  }

  // The array lies elsewhere from now on, or has no gradient (empty) or one again.
  void set_param(std::size_t array, std::span<float> param) {
    entry &e = entries_.at(array);
    if (param.size() != e.param.size()) throw error(GLISSADE_BAD_N, "param is not as long as the state");
    changed_ |= param.data() != e.param.data();
    e.param = param;
  }
  void set_grad(std::size_t array, std::span<const float> grad) {
    entry &e = entries_.at(array);
    require_as_long(grad, e.param.size());
    changed_ |= grad.data() != e.grad.data() || grad.size() != e.grad.size();
    e.grad = grad;
  }

  // Takes the next step on all arrays. Throws `error`, with the step not counted and nothing changed; also where
  // two arrays overlap.
  void step() {
    const Options call = next_step();
    check(functions::step_many(&call, tensors_.size(), tensors_.data()));
    count();
  }

  struct clipped_step {
    bool taken;  // false: a gradient was not finite; nothing was changed and the step is not counted
    double norm; // of all gradients, after their scaling by grad_scale
  };
  // The same with the gradients clipped to a norm of max_norm, and left alone where one is not finite.
  clipped_step step_clipped(double max_norm) {
    clipped_step result{true, 0};
    const Options call = next_step();
    const auto status =
        functions::step_many_clipped(&call, tensors_.size(), tensors_.data(), max_norm, &result.norm);
    result.taken = status != GLISSADE_NOT_FINITE;
    if (result.taken) {
      check(status);
      count();
    }
    return result;
  }

  // The options of a group may be changed between steps, as those of `optimizer`, but for `step`, which stays 0:
  // the model counts.
  Options &options(std::size_t group = 0) { return *groups_.at(group); }
  const Options &options(std::size_t group = 0) const { return *groups_.at(group); }
  std::size_t groups() const noexcept { return groups_.size(); }
  void set_lr(double lr) noexcept { // of all groups
    for (const auto &group : groups_)
      group->lr = lr;
  }

  std::size_t size() const noexcept { return entries_.size(); }
  std::span<const float> param(std::size_t array) const { return entries_.at(array).param; }
  // State array i, in the order of the C function, or by its name there; empty if the options do not need it.
  std::span<float> state(std::size_t array, std::size_t i) { return entries_.at(array).owner.state(i); }
  std::span<const float> state(std::size_t array, std::size_t i) const {
    return entries_.at(array).owner.state(i);
  }
  std::span<float> state(std::size_t array, std::string_view name) { return state(array, state_named(name)); }
  std::span<const float> state(std::size_t array, std::string_view name) const {
    return state(array, state_named(name));
  }

  // The number of steps taken, by the model and by one array.
  std::int64_t steps() const noexcept { return steps_; }
  std::int64_t steps(std::size_t array) const { return steps_ - entries_.at(array).missed; }
  // As if so many steps were taken, by all arrays or by one: for a state that was written to state(). Throws
  // `error` unless it is at least 0 and at most INT64_MAX / 2.
  void set_steps(std::int64_t steps) {
    require_countable(steps);
    steps_ = steps;
    for (entry &e : entries_)
      e.missed = 0;
    changed_ = true;
  }
  void set_steps(std::size_t array, std::int64_t steps) {
    require_countable(steps);
    entries_.at(array).missed = steps_ - steps;
    changed_ = true;
  }

  // Writes the steps, the options and the state; docs/state.md describes the format. The parameters are the
  // caller's to save, or are saved with the rest. Throws state_error if the stream fails.
  void save(std::ostream &to) const { write_state(to, outlined(false), floats()); }
  void save_with_params(std::ostream &to) const { write_state(to, outlined(true), floats()); }

  // Takes back what was saved of a model with the same arrays in the same groups, also the parameters if they
  // were saved; `threads` stays as it is. Throws state_error, with nothing changed, for any other stream and for
  // a state that no model can be in. A stream that can be sought in is read twice, first to verify it, so that
  // no second copy of the state is needed; should it read otherwise the second time, state_error says so, and
  // the model is before its first step. Of another stream the arrays are held until all is verified.
  void restore(std::istream &from) {
    const saved::quiet here(from);
    const auto mine = outlined(false);
    const auto start = from.tellg();
    const bool twice = start != std::istream::pos_type(-1) && from.seekg(start);
    if (start != std::istream::pos_type(-1) && !twice) from.clear();
    std::vector<std::vector<float>> held;
    const auto found = read_state(from, mine, [&](std::size_t array, std::size_t) -> float * {
      if (twice) return nullptr;
      held.emplace_back(mine.arrays[array].n);
      return held.back().data();
    });
    const auto at = [this](std::size_t array, std::size_t slot) { return place(array, slot).data(); };
    if (twice) {
      if (!from.seekg(start)) throw state_error("could not be read a second time");
      read_again(from, mine, found.sum, at);
    } else {
      auto next = held.begin();
      for (std::size_t k = 0; k < entries_.size(); ++k)
        for (std::size_t slot = 0; slot <= states; ++slot)
          if (found.arrays[k].slots >> slot & 1) {
            std::copy(next->begin(), next->end(), at(k, slot));
            ++next;
          }
    }
    steps_ = found.steps;
    for (std::size_t g = 0; g < groups_.size(); ++g)
      *groups_[g] = found.groups[g];
    for (std::size_t k = 0; k < entries_.size(); ++k)
      entries_[k].missed = steps_ - found.arrays[k].steps;
    changed_ = true;
  }

private:
  struct entry {
    std::span<float> param;
    std::span<const float> grad;
    std::size_t group;
    std::int64_t missed;      // so many steps fewer than the model has the array taken
    Options own;              // the group's with the array's own step, where that differs from the model's
    optimizer<Options> owner; // of the state only

    bool left_out() const { return grad.empty() && !param.empty(); }
  };

  static void require_counted_here(const Options &options) {
    if (options.step != 0) throw error(GLISSADE_BAD_STEP, "the model counts: step must be 0, see set_steps");
  }
  static void require_countable(std::int64_t steps) {
    if (steps < 0 || steps > most_steps)
      throw error(GLISSADE_BAD_STEP, "so many steps cannot have been taken");
  }
  static void require_as_long(std::span<const float> grad, std::size_t n) {
    if (grad.size() != n && !grad.empty()) throw error(GLISSADE_BAD_N, "grad is not as long as param");
  }

  void require_apart() const {
    std::vector<range> all;
    for (std::size_t k = 0; k < entries_.size(); ++k) {
      const auto include = [&](std::span<const float> floats, bool written) {
        const auto begin = reinterpret_cast<std::uintptr_t>(floats.data());
        if (!floats.empty()) all.push_back({begin, begin + floats.size_bytes(), k, written});
      };
      include(entries_[k].grad, false);
      for (std::size_t slot = 0; slot <= states; ++slot)
        include(floats_of(k, slot), true);
    }
    glissade::require_apart(std::move(all));
  }

  // Makes the list ready for the next step, and returns the options of the call.
  Options next_step() {
    for (const auto &group : groups_)
      require_counted_here(*group);
    if (changed_) {
      require_apart();
      tensors_.clear();
      for (entry &e : entries_)
        if (!e.left_out()) tensors_.push_back(tensor_of(e));
      changed_ = false;
    }
    for (entry &e : entries_)
      if (e.missed != 0) {
        e.own = *groups_[e.group];
        e.own.step = steps_ + 1 - e.missed;
      }
    Options call = *groups_[0];
    call.step = steps_ + 1;
    return call;
  }
  void count() {
    ++steps_;
    for (entry &e : entries_)
      e.missed += e.left_out();
  }

  tensor tensor_of(entry &e) const {
    float *at[states];
    for (std::size_t i = 0; i < states; ++i)
      at[i] = e.owner.state(i).data();
    return functions::tensor_of(e.param.size(), e.param.data(), e.grad.data(), at,
                                e.missed != 0 ? &e.own : groups_[e.group].get());
  }

  static std::size_t state_named(std::string_view name) {
    const auto found = std::ranges::find(functions::state_names, name);
    if (found == std::end(functions::state_names)) throw std::out_of_range("glissade: no such state array");
    return static_cast<std::size_t>(found - functions::state_names);
  }

  std::span<const float> floats_of(std::size_t array, std::size_t slot) const {
    return slot == 0 ? param(array) : state(array, slot - 1);
  }
  std::span<float> place(std::size_t array, std::size_t slot) {
    return slot == 0 ? entries_[array].param : state(array, slot - 1);
  }
  auto floats() const {
    return [this](std::size_t array, std::size_t slot) { return floats_of(array, slot); };
  }

  outline<Options> outlined(bool with_params) const {
    outline<Options> result{steps_, {}, {}, 0};
    for (const auto &group : groups_)
      result.groups.push_back(*group);
    for (std::size_t k = 0; k < entries_.size(); ++k) {
      unsigned slots = 0;
      for (std::size_t slot = !with_params; slot <= states; ++slot)
        slots |= unsigned{!floats_of(k, slot).empty()} << slot;
      result.arrays.push_back({entries_[k].param.size(), entries_[k].group, steps(k), slots});
    }
    return result;
  }

  template <class Place>
  void read_again(std::istream &from, const outline<Options> &mine, std::uint64_t sum, const Place &at) {
    try {
      if (read_state(from, mine, at).sum == sum) return;
    } catch (...) { // this stream was right before
    }
    for (entry &e : entries_)
      e.owner.reset();
    set_steps(0);
    throw state_error("changed while it was read; the model is before its first step");
  }

  std::int64_t steps_ = 0;
  bool changed_ = true;                          // the list is no longer that of the entries
  std::vector<std::unique_ptr<Options>> groups_; // the tensors point to them
  std::vector<entry> entries_;
  std::vector<tensor> tensors_;
};

} // namespace glissade

#endif
