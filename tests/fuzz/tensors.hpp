// Tensors of any optimizer in guarded memory, and what must become of them.
#pragma once
#include "../guarded_pages.hpp"
#include "options.hpp"
#include <deque>

namespace fuzz {

inline constexpr std::size_t small = 256, large = 50000, most_arrays = 6;

enum class numbers { any, ordinary, positive };

// Ready-made numbers: to make them anew each time would take longer than the steps.
inline const float *some(numbers kind, std::size_t at) {
  constexpr std::size_t offsets = 4096;
  static const auto make = [](float (*one)(std::uint32_t), bool positive) {
    std::vector<float> all(large + offsets);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const float x = one(family::mixed(static_cast<std::uint32_t>(i)));
      all[i] = positive ? std::abs(x) : x;
    }
    return all;
  };
  static const std::vector<float> kinds[] = {make(family::any_float, false),
                                             make(family::ordinary_float, false),
                                             make(family::ordinary_float, true)};
  return kinds[static_cast<std::size_t>(kind)].data() + at % offsets;
}

// Elements between margins that no call may change.
template <class T>
class guarded {
public:
  explicit guarded(std::size_t capacity)
      : pages_(((capacity + 2 * margin) * sizeof(T) + 3) / sizeof(float)) {}

  // `shift` elements before the guard page at the end, or behind the one at the beginning.
  void place(std::size_t n, std::size_t shift, bool at_end) {
    T *const first = reinterpret_cast<T *>(pages_.first()), *const last =
                                                                reinterpret_cast<T *>(pages_.last(0));
    at = at_end ? last - n - shift : first + shift;
    before_ = at - std::min<std::size_t>(margin, static_cast<std::size_t>(at - first));
    after_ = at + n;
    end_ = after_ + std::min<std::size_t>(margin, static_cast<std::size_t>(last - after_));
    std::fill(before_, at, mark);
    std::fill(after_, end_, mark);
  }
  bool margins_unchanged() const {
    const auto is_mark = [](T x) { return x == mark; };
    return std::all_of(before_, at, is_mark) && std::all_of(after_, end_, is_mark);
  }

  T *at = nullptr;

private:
  static constexpr std::size_t margin = 64 / sizeof(T);
  static constexpr T mark = 123;
  guarded_pages pages_;
  T *before_ = nullptr, *after_ = nullptr, *end_ = nullptr;
};

using array = guarded<float>;
using arrays = std::deque<array>; // never moved

// The memory of tensor i, that of the first the largest.
inline arrays &memory_of(std::size_t i) {
  static std::deque<arrays> all;
  while (all.size() <= i) {
    const std::size_t capacity = all.empty() ? large : small;
    auto &added = all.emplace_back();
    for (std::size_t k = 0; k < most_arrays; ++k)
      added.emplace_back(capacity);
  }
  return all[i];
}

template <class rule>
class tensor {
public:
  using options = family::options_of<rule>;
  static constexpr std::size_t count = family::array_count<rule>;
  static_assert(count <= most_arrays);

  // With memory number i.
  tensor(std::size_t i, const chosen_options<rule> &chosen, input &in)
      : o(&chosen),
        given_n(i == 0 && in.one_in(1024) ? in.below(large) : in.below(small)),
        n(given_n),
        memory_(memory_of(i)) {
    const std::uint32_t kind = in.byte(), seed = in.byte() * 16;
    ordinary_ = kind % 4 != 0;
    const bool at_end = kind / 4 % 2 == 0, shifted = kind / 8 % 2 == 1;
    for (std::size_t k = 0; k < count; ++k) {
      memory_[k].place(n, shifted ? in.below(16) : 0, at_end);
      at[k] = memory_[k].at;
      const numbers which = !ordinary_ ? numbers::any : k >= 2 ? numbers::positive : numbers::ordinary;
      std::copy_n(some(which, seed + k * 641), n, at[k]);
    }
    for (std::size_t raw = n == 0 ? 0 : in.below(4); raw > 0; --raw, ordinary_ = false) {
      float &x = at[in.below(count)][in.below(n)];
      x = std::bit_cast<float>(static_cast<std::uint32_t>(in.word(4)));
    }
    for (std::size_t k = 0; k < count; ++k)
      before[k].assign(at[k], at[k] + n);
    after = before;
  }

  bool needs(std::size_t k) const { return k < 2 || description<options>::states(o->value)[k - 2].needed; }

  // Makes an argument wrong, and returns the fault that a call finds then: none where it does not look.
  glissade_status bend(std::size_t first_array, input &in) {
    std::size_t a = in.below(count), b = in.below(count);
    const auto seen = [&](std::size_t k) { return n != 0 && k >= first_array && needs(k); };
    switch (in.below(4)) {
    case 0:
      at[a] = nullptr;
      return !seen(a) ? GLISSADE_OK
             : a == 0 ? GLISSADE_NULL_PARAM
             : a == 1 ? GLISSADE_NULL_GRAD
                      : description<options>::states(o->value)[a - 2].if_null;
    case 1:
      at[a] = reinterpret_cast<float *>(reinterpret_cast<char *>(at[a]) + 1 + in.below(3));
      return seen(a) ? GLISSADE_MISALIGNED_ARRAY : GLISSADE_OK;
    case 2:
      given_n = SIZE_MAX / 8 + 1 + in.word(8) % (SIZE_MAX / 8 * 7);
      return GLISSADE_BAD_N;
    default:
      if (a == b || n == 0) return GLISSADE_OK;
      if (!seen(b)) std::swap(a, b); // the array that is used stays in its own memory
      at[a] = at[b] + in.below(n);
      return seen(a) ? GLISSADE_OVERLAPPING_ARRAYS : GLISSADE_OK;
    }
  }

  // Lets an array lie in one of the tensor before, and returns the fault that a call on the list finds then.
  glissade_status reach_into(tensor &other, input &in) {
    const std::size_t a = in.below(count), b = in.below(count);
    if (other.n == 0) return GLISSADE_OK;
    if (n == 0 || !needs(a) || !other.needs(b)) {
      if (n == 0 || !needs(a)) at[a] = other.at[b] + in.below(other.n); // not looked at
      return GLISSADE_OK;
    }
    if (a == 1 && b == 1) { // one gradient may serve both
      if (n > other.n) return GLISSADE_OK;
      at[1] = other.at[1];
      before[1].assign(other.before[1].begin(), other.before[1].begin() + long(n));
      std::copy_n(before[1].data(), n, memory_[1].at);
      after[1] = before[1];
      ordinary_ = ordinary_ && other.ordinary_;
      return GLISSADE_OK;
    }
    at[a] = other.at[b] + in.below(other.n);
    return GLISSADE_OVERLAPPING_ARRAYS;
  }

  // What the scalar kernel makes of it, with the gradient scaled so.
  void step_by_scalar(double grad_scale) {
    options scaled = o->value;
    scaled.grad_scale = grad_scale;
    step_by_scalar(scaled);
  }
  void step_by_scalar(options alone) {
    alone.threads = 1;
    std::array<float *, count> list;
    for (std::size_t k = 0; k < count; ++k)
      list[k] = needs(k) ? after[k].data() : nullptr;
    std::vector<float> none;
    if (const auto factor = static_cast<float>(alone.grad_scale);
        factor == 0) { // no factor for a call, so in the gradients
      for (const float g : after[1])
        none.push_back(factor * g);
      list[1] = none.data();
      alone.grad_scale = 1;
    }
    expect(family::step<rule>(alone, n, list.data()) == GLISSADE_OK, "the scalar kernel takes the step");
    expect(same(1, before, after[1].data()), "the scalar kernel reads the gradient only");
  }

  // The formula in double, on a few elements: what no instruction set has right would else go unnoticed.
  void expect_formula() const {
    if (!ordinary_ || !o->usual || n == 0) return;
    for (const std::size_t i : {std::size_t(0), n / 2, n - 1}) {
      std::array<bounded, count> element;
      for (std::size_t k = 0; k < count; ++k)
        element[k] = before[k][i];
      description<options>::step(o->value, element[0], element[1], std::span(element).subspan(2));
      for (std::size_t k = 0; k < count; ++k)
        if (needs(k) && k != 1 && std::abs(element[k].x) + element[k].error <= FLT_MAX)
          expect(element[k].admits(after[k][i]), "the formula in double agrees on array", k);
    }
  }

  // In this tensor's own memory, wherever the call is told that it lies.
  const float *grad() const { return memory_[1].at; }

  using contents = std::array<std::vector<float>, count>;
  void expect_contents(const contents &right) const {
    for (std::size_t k = 0; k < count; ++k) {
      const auto i = family::first_difference(right[k].data(), memory_[k].at, n);
      if (i != n)
        std::fprintf(stderr, "array %zu element %zu of %zu is %a, not %a\n", k, i, n,
                     double(memory_[k].at[i]), double(right[k][i]));
      expect(i == n, "the bits are right");
      expect(memory_[k].margins_unchanged(), "nothing is written outside of array", k);
    }
  }

  const chosen_options<rule> *o;
  std::size_t given_n; // what the call is told
  const std::size_t n;
  std::array<float *, count> at;
  contents before, after;

private:
  bool same(std::size_t k, const contents &right, const float *got) const {
    return family::first_difference(right[k].data(), got, n) == n;
  }

  arrays &memory_;
  bool ordinary_;
};

} // namespace fuzz
