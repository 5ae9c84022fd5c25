// The one loop that runs a rule over memory: whole registers, then the rest with the same rule.
#pragma once
#include "rules.hpp"
#include "vec.hpp"
#include <cstdint>
#include <utility>

namespace glissade {
namespace {

template <class V, class rule, unsigned mode, class arrays>
struct pass;

template <class V, class rule, unsigned mode, std::size_t... k>
struct pass<V, rule, mode, std::index_sequence<k...>> {
  static constexpr bool used[] = {uses<rule>(mode, k)...};
  static constexpr bool written[] = {k != 1 && uses<rule>(mode, k)...};

  // Roots and divisions fill the window in which the CPU looks ahead, before it reaches the lines of memory
  // to come; so they are asked for this many elements ahead. Each array `apart` further than the one before: large
  // arrays begin alike in their pages, and would all wait for the same bank of memory. What follows the end is not asked
  // for, since it may be another thread's, but the arrays that this thread computes next. Registers much shorter than a
  // line would ask for each too often.
  static constexpr bool asks = V::width >= 8;
  static constexpr std::size_t ahead = 384, apart = 128, farthest = ahead + apart * sizeof...(k);

  struct registers {
    V at[sizeof...(k)];

    void load(float *const *from, std::size_t i) {
      ((used[k] ? void(at[k] = V::load(from[k] + i)) : void()), ...);
    }
    void step(const typename rule::coefficients &c) { rule::template step<mode>(c, at[k]...); }
    void store(float *const *to, std::size_t i) const {
      ((written[k] ? at[k].store(to[k] + i) : void()), ...);
    }
  };

  static void run(const void *coefficients, float *const *arrays, std::size_t begin, std::size_t end,
                  float *const *next) {
    const auto c =
        *static_cast<const typename rule::coefficients *>(coefficients); // a copy: stores cannot alias it
    float *const at[] = {arrays[k]...};
    if (end - begin < V::width) return few(c, at, begin, end);

    if ((end - begin) % V::width == 0) return whole_registers(c, at, begin, end, next);
    // The rest is the last whole register of the range. It overlaps the one before it, so it is read and computed
    // before anything is stored; the elements in both are then stored twice, with the same bits.
    registers last;
    last.load(at, end - V::width);
    last.step(c);
    whole_registers(c, at, begin, end, next);
    last.store(at, end - V::width);
  }

  // By address, since an array that comes next may be shorter, and of another mode absent.
  static void prefetch(float *const *from, std::size_t i, std::size_t apart_by) {
    const auto ask = [](const float *array, std::size_t at) {
      const auto address = reinterpret_cast<std::uintptr_t>(array) + at * sizeof(float);
      __builtin_prefetch(reinterpret_cast<const void *>(address));
    };
    ((used[k] ? ask(from[k], i + k * apart_by) : void()), ...);
  }

  static void whole_registers(const typename rule::coefficients &c, float *const *at, std::size_t begin,
                              std::size_t end, float *const *next) {
    for (std::size_t i = begin; i + V::width <= end; i += V::width) {
      if (asks && i + farthest < end) {
        prefetch(at, i + ahead, apart);
      } else if (asks && next) {
        if (i + ahead < end)
          prefetch(at, i + ahead, 0);
        else
          prefetch(next, i + ahead - end, 0);
      }
      registers r;
      r.load(at, i);
      r.step(c);
      r.store(at, i);
    }
  }

  // Fewer elements than a register has: by way of a padded copy.
  static void few(const typename rule::coefficients &c, float *const *arrays, std::size_t begin,
                  std::size_t end) {
    float padded[sizeof...(k)][V::width] = {};
    float *const at[] = {padded[k]...};
    for (std::size_t i = begin; i < end; ++i)
      ((used[k] ? void(at[k][i - begin] = arrays[k][i]) : void()), ...);
    registers r;
    r.load(at, 0);
    r.step(c);
    r.store(at, 0);
    for (std::size_t i = begin; i < end; ++i)
      ((written[k] ? void(arrays[k][i] = at[k][i - begin]) : void()), ...);
  }
};

template <class V, class rule, unsigned... mode>
void run(std::integer_sequence<unsigned, mode...>, unsigned wanted, const void *coefficients,
         float *const *arrays, std::size_t begin, std::size_t end, float *const *next) {
  using all = std::make_index_sequence<array_count<rule>>;
  static constexpr decltype(&pass<V, rule, 0, all>::run) passes[] = {&pass<V, rule, mode, all>::run...};
  passes[wanted](coefficients, arrays, begin, end, next);
}

template <class V, class rule>
void kernel_of(const void *coefficients, unsigned mode, float *const *arrays, std::size_t begin,
               std::size_t end, float *const *next) {
  run<V, rule>(std::make_integer_sequence<unsigned, rule::modes>(), mode, coefficients, arrays, begin, end,
               next);
}

} // namespace
} // namespace glissade
