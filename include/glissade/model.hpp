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
// the model's, and so are the scales of Q8 and the remainders of split parameters. Not copyable; a moved-from model
// may only be destroyed or assigned to.
template <class Options>
class model {
  using functions = glissade::functions<Options>;
  using tensor = typename functions::tensor;
  static constexpr std::size_t states = functions::states;

public:
  // Group 0 has these options, whose `threads` is that of every step, and its arrays are stored so. Array k takes its
  // random bits from the seed `seed + k`, modulo 2^64.
  explicit model(const Options &options = functions::defaults, const storage &types = {},
                 std::uint64_t seed = 0)
      : seed_(seed) {
    add_group(options, types);
  }

  // A further group of parameters, for add(), stored as group 0 unless it says otherwise. Returns its number.
  std::size_t add_group(const Options &options) { return add_group(options, types_[0]); }
  std::size_t add_group(const Options &options, const storage &types) {
    require_counted_here(options);
    groups_.push_back(std::make_unique<Options>(options));
    types_.push_back(types);
    return groups_.size() - 1;
  }

  // Adds an array of parameters with its gradient to a group, and allocates its state. Returns its number. Its
  // first step is number 1 for it, whatever the others have behind them. Where grad is empty, the array is left
  // out of every step until set_grad gives it one, and such steps do not count for it. A split param begins as its
  // bf16, with remainders of 0.
  std::size_t add(view param, const_view grad, std::size_t group = 0) {
    entries_.push_back(
        {group, steps_, {}, {param, grad, *groups_.at(group), types_[group], seed_ + entries_.size()}});
    changed_ = true;
    return entries_.size() - 1;
  }

  // The array lies elsewhere from now on, or has no gradient (empty) or one again.
  void set_param(std::size_t array, view param) {
    auto &its = entries_.at(array).its;
    changed_ |= param.data() != its.param().data;
    its.set_param(param);
  }
  void set_grad(std::size_t array, const_view grad) {
    auto &its = entries_.at(array).its;
    changed_ |= grad.data() != its.grad().data || grad.empty() != its.left_out();
    its.set_grad(grad);
  }
  // Where the copy of param is written, which the array needs if its group has one.
  void set_copy(std::size_t array, view copy) {
    entries_.at(array).its.set_copy(copy);
    changed_ = true;
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

  // The same with the trust ratio of each array, as in LAMB and LARS; what shall take none is a model of its own.
  // The ratios are written to `ratios`, which is as long as the model, or empty; 0 for an array that was left out.
  void step_trust(const glissade_trust &trust, std::span<double> ratios = {}) {
    if (!ratios.empty() && ratios.size() != size())
      throw error(GLISSADE_BAD_N, "there is one ratio for each array");
    const Options call = next_step();
    check(functions::step_many_trust(&call, tensors_.size(), tensors_.data(), &trust,
                                     ratios.empty() ? nullptr : ratios.data()));
    for (std::size_t i = ratios.size(), taken = tensors_.size(); i-- > 0;)
      ratios[i] = entries_[i].its.left_out() ? 0 : ratios[--taken];
    count();
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
  std::span<const float> param(std::size_t array) const {
    const auto &its = entries_.at(array).its;
    return its.floats(its.param());
  }
  // State array i, in the order of the C function, or by its name there; empty if the options do not need it, and,
  // as param, if it is not stored as float.
  std::span<float> state(std::size_t array, std::size_t i) {
    const auto &its = entries_.at(array).its;
    return its.floats(its.state(i));
  }
  std::span<const float> state(std::size_t array, std::size_t i) const {
    const auto &its = entries_.at(array).its;
    return its.floats(its.state(i));
  }
  std::span<float> state(std::size_t array, std::string_view name) { return state(array, state_named(name)); }
  std::span<const float> state(std::size_t array, std::string_view name) const {
    return state(array, state_named(name));
  }

  // The same as they are stored, for glissade_decode and glissade_encode; without data if there is none.
  glissade_array stored_param(std::size_t array) const { return entries_.at(array).its.param(); }
  glissade_array stored_state(std::size_t array, std::size_t i) const {
    return entries_.at(array).its.state(i);
  }
  glissade_array stored_state(std::size_t array, std::string_view name) const {
    return stored_state(array, state_named(name));
  }
  // The bytes of all that the model owns for the arrays: states, scales, remainders.
  std::size_t state_bytes() const {
    std::size_t sum = 0;
    for (const entry &e : entries_)
      e.its.for_memory([&](const void *, std::size_t bytes, bool, bool owned) { sum += owned ? bytes : 0; });
    return sum;
  }
  std::uint64_t seed() const noexcept { return seed_; }

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

  // Writes the steps, the options, the seed and the state; docs/state.md describes the format. The parameters are the
  // caller's to save, or are saved with the rest. Throws state_error if the stream fails.
  void save(std::ostream &to) const { write_state(to, outlined(false), slots()); }
  void save_with_params(std::ostream &to) const { write_state(to, outlined(true), slots()); }

  // Takes back what was saved of a model with the same arrays in the same groups, stored in the same types,
  // also the parameters if they were saved; `threads` stays as it is. Throws state_error, with nothing changed,
  // for any other stream and for a state that no model can be in. A stream that can be sought in is read twice,
  // first to verify it, so that no second copy of the state is needed; should it read otherwise the second
  // time, state_error says so, and the model is before its first step. Of another stream the arrays are held
  // until all is verified.
  void restore(std::istream &from) {
    const saved::quiet here(from);
    const auto mine = outlined(false);
    const auto start = from.tellg();
    const bool twice = start != std::istream::pos_type(-1) && from.seekg(start);
    if (start != std::istream::pos_type(-1) && !twice) from.clear();
    constexpr std::size_t its_slots = parameter<Options>::slots;
    std::vector<std::vector<unsigned char>> held(twice ? 0 : entries_.size() * its_slots);
    const auto found = read_state(from, mine, [&](std::size_t array, std::size_t slot) {
      glissade_array place{mine.arrays[array].types[slot], nullptr, nullptr};
      if (twice) return place;
      const auto bytes = saved::bytes_of(place.type, mine.arrays[array].n);
      auto &memory = held[array * its_slots + slot];
      memory.resize(bytes.elements + bytes.scales);
      place.data = memory.data();
      place.extra = memory.data() + bytes.elements;
      return place;
    });
    if (twice) {
      if (!from.seekg(start)) throw state_error("could not be read a second time");
      read_again(from, mine, found.sum);
    } else {
      for (std::size_t k = 0; k < entries_.size(); ++k)
        for (std::size_t slot = 0; slot < its_slots; ++slot) {
          const auto &memory = held[k * its_slots + slot];
          if (memory.empty()) continue;
          const glissade_array to = entries_[k].its.slot(slot);
          const auto bytes = saved::bytes_of(to.type, entries_[k].its.size());
          std::memcpy(to.data, memory.data(), bytes.elements);
          if (bytes.scales != 0) std::memcpy(to.extra, memory.data() + bytes.elements, bytes.scales);
        }
    }
    if (found.stored) seed_ = found.seed;
    steps_ = found.steps;
    for (std::size_t g = 0; g < groups_.size(); ++g)
      *groups_[g] = found.groups[g];
    for (std::size_t k = 0; k < entries_.size(); ++k) {
      entries_[k].missed = steps_ - found.arrays[k].steps;
      entries_[k].its.set_seed(seed_ + k);
    }
    changed_ = true;
  }

private:
  struct entry {
    std::size_t group;
    std::int64_t missed; // so many steps fewer than the model has the array taken
    Options own;         // the group's with the array's own step, where that differs from the model's
    parameter<Options> its;
  };

  static void require_counted_here(const Options &options) {
    if (options.step != 0) throw error(GLISSADE_BAD_STEP, "the model counts: step must be 0, see set_steps");
  }
  static void require_countable(std::int64_t steps) {
    if (steps < 0 || steps > most_steps)
      throw error(GLISSADE_BAD_STEP, "so many steps cannot have been taken");
  }

  void require_apart() const {
    std::vector<range> all;
    for (std::size_t k = 0; k < entries_.size(); ++k)
      entries_[k].its.for_memory([&](const void *at, std::size_t bytes, bool written, bool) {
        const auto begin = reinterpret_cast<std::uintptr_t>(at);
        if (bytes != 0) all.push_back({begin, begin + bytes, k, written});
      });
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
        if (!e.its.left_out())
          tensors_.push_back(e.its.tensor(e.missed != 0 ? &e.own : groups_[e.group].get()));
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
      e.missed += e.its.left_out();
  }

  static std::size_t state_named(std::string_view name) {
    const auto found = std::ranges::find(functions::state_names, name);
    if (found == std::end(functions::state_names)) throw std::out_of_range("glissade: no such state array");
    return static_cast<std::size_t>(found - functions::state_names);
  }

  auto slots() const {
    return [this](std::size_t array, std::size_t slot) { return entries_[array].its.slot(slot); };
  }

  outline<Options> outlined(bool with_params) const {
    outline<Options> result;
    result.steps = steps_;
    result.seed = seed_;
    for (const auto &group : groups_)
      result.groups.push_back(*group);
    for (std::size_t k = 0; k < entries_.size(); ++k) {
      const auto &its = entries_[k].its;
      typename outline<Options>::array array{its.size(), entries_[k].group, steps(k), 0, {}};
      for (std::size_t slot = 0; slot < parameter<Options>::slots; ++slot) {
        array.types[slot] = its.slot(slot).type;
        if (its.slot(slot).data && its.size() != 0 && (slot != 0 || with_params)) array.slots |= 1u << slot;
      }
      result.arrays.push_back(array);
      result.stored |= its.is_stored();
    }
    return result;
  }

  void read_again(std::istream &from, const outline<Options> &mine, std::uint64_t sum) {
    try {
      if (read_state(from, mine, slots()).sum == sum) return;
    } catch (...) { // this stream was right before
    }
    for (entry &e : entries_)
      e.its.reset(*groups_[e.group]);
    set_steps(0);
    throw state_error("changed while it was read; the model is before its first step");
  }

  std::uint64_t seed_;
  std::int64_t steps_ = 0;
  bool changed_ = true;                          // the list is no longer that of the entries
  std::vector<std::unique_ptr<Options>> groups_; // the tensors point to them
  std::vector<storage> types_;                   // of the groups
  std::vector<entry> entries_;
  std::vector<tensor> tensors_;
};

} // namespace glissade

#endif
