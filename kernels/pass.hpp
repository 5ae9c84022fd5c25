// The one loop that runs a rule over memory: whole registers, then the rest with the same rule.
#pragma once
#include "rules.hpp"
#include "vec.hpp"
#include <cstdint>
#include <utility>

namespace glissade {
namespace {

template <class isa, class rule, unsigned mode, class arrays>
struct pass;

template <class isa, class rule, unsigned mode, std::size_t... k>
struct pass<isa, rule, mode, std::index_sequence<k...>> {
  using coefficients = typename rule::coefficients;
  static constexpr std::size_t width = vec<isa>::width;
  static constexpr bool used[] = {uses<rule>(mode, k)...};
  static constexpr bool written[] = {k != 1 && uses<rule>(mode, k)...};

  // Roots and divisions fill the window in which the CPU looks ahead, before it reaches the lines of memory
  // to come; so they are prefetched so many elements ahead. Each array `apart` further than the one before: large
  // arrays begin alike in their pages, and would all wait for the same bank of memory. What follows the end is not,
  // since it may be another thread's, but the arrays that this thread computes next are. Registers much shorter than a
  // line would prefetch each too often.
  static constexpr bool prefetches = width >= 8;
  static constexpr std::size_t ahead = 384, apart = 128, farthest = ahead + apart * sizeof...(k);

  // So many elements take the divider where a product was in doubt: what is 0 or tiny is seldom alone. And among them the
  // registers with a subnormal state take the careful words.
  static constexpr std::size_t wary = 16 * width;

  // Up to two registers of each array beside the whole ones. They overlap those, so they are copied before anything is
  // stored, and stored last; the elements in both are stored twice, with the same bits.
  struct edges {
    alignas(64) float of[sizeof...(k)][2 * width];
    std::size_t from[2], count = 0;

    void copy(float *const *arrays, std::size_t i) {
      ((used[k] ? vec<isa>::load(arrays[k] + i).store(of[k] + count * width) : void()), ...);
      from[count++] = i;
    }
    void copy_back(float *const *arrays) const {
      for (std::size_t e = 0; e < count; ++e)
        ((written[k] ? vec<isa>::load(of[k] + e * width).store(arrays[k] + from[e]) : void()), ...);
    }
    // Fewer elements than a register has.
    void copy_few(float *const *arrays, std::size_t begin, std::size_t n) {
      ((used[k] ? isa::copy_few(of[k], arrays[k] + begin, n) : void()), ...);
      count = 1;
    }
    void copy_few_back(float *const *arrays, std::size_t begin, std::size_t n) const {
      ((written[k] ? isa::copy_few_back(arrays[k] + begin, of[k], n) : void()), ...);
    }
  };

  static void run(const void *given, unsigned ways, float *const *arrays, std::size_t begin, std::size_t end,
                  float *const *next) {
    const auto &c = *static_cast<const coefficients *>(given);
    if constexpr (width == 1) {
      all_registers(c, ways, arrays, begin, end, next);
    } else if (end - begin < width) {
      edges few;
      few.copy_few(arrays, begin, end - begin);
      float *const at[] = {few.of[k]...};
      one_by_one(c, at, 0, width, nullptr); // no products: the rest of the register is 0
      few.copy_few_back(arrays, begin, end - begin);
    } else if (const auto before = before_aligned(arrays, begin, end);
               before == 0 && (end - begin) % width == 0) {
      all_registers(c, ways, arrays, begin, end, next);
    } else {
      edges beside;
      if (before) beside.copy(arrays, begin);
      const std::size_t first = begin + before, whole = (end - first) / width * width;
      if (first + whole != end) beside.copy(arrays, end - width);
      float *const at[] = {beside.of[k]...};
      all_registers(c, ways, at, 0, beside.count * width, nullptr);
      all_registers(c, ways, arrays, first, first + whole, next);
      beside.copy_back(arrays);
    }
  }

  [[gnu::noinline]] static void all_registers(const coefficients &c, unsigned ways, float *const *arrays,
                                              std::size_t i, std::size_t end, float *const *next) {
    if constexpr (has_products<isa>) {
      const bool neutral = c.neutral();
      for (;;) {
        i = neutral ? until_in_doubt<true>(c, ways, arrays, i, end, next)
                    : until_in_doubt<false>(c, ways, arrays, i, end, next);
        if (i == end) return;
        const std::size_t stop = end - i < wary ? end : i + wary;
        one_by_one(c, arrays, i, stop, next);
        i = stop;
      }
    } else {
      until_in_doubt<false>(c, ways, arrays, i, end, next);
    }
  }

  // Computes registers up to one whose products are in doubt, and says which. This is the loop that takes the time.
  template <bool neutral>
  [[gnu::noinline]] static std::size_t until_in_doubt(const coefficients &given, unsigned ways,
                                                      float *const *arrays, std::size_t i, std::size_t end,
                                                      float *const *next) {
    const coefficients c = given; // copies, which stores cannot alias
    float *const at[] = {arrays[k]...};
    const auto next_register = [&]<class way>(way) __attribute__((always_inline)) {
      prefetch(at, i, end, next);
      if (!step<way>(c, at, i)) return false;
      i += width;
      return true;
    };
    if constexpr (!has_products<isa> || !rule::roots) {
      while (i < end)
        next_register(by_divider<neutral>());
    } else {
      if (ways & shared) {
        if constexpr (rule::quotients) {
          while (i < end)
            if (!next_register(by_both<neutral>())) return i;
        } else {
          while (end - i >= 2 * width) {
            if (!next_register(by_products<neutral>())) return i;
            next_register(by_divider<neutral>());
          }
        }
      }
      while (i < end && next_register(by_products<neutral>()))
        ;
    }
    return i;
  }

  // Computes registers of which some were in doubt, by the divider; those with a subnormal state by the careful words.
  [[gnu::noinline]] static void one_by_one(const coefficients &c, float *const *at, std::size_t i,
                                           std::size_t end, float *const *next) {
    for (; i < end; i += width) {
      prefetch(at, i, end, next);
      if constexpr (has_careful_words<isa> && rule::roots)
        if (any_subnormal(at, i)) {
          step<careful>(c, at, i);
          continue;
        }
      step<divider>(c, at, i);
    }
  }

  // One register of each array. False, and nothing stored, where a product is in doubt.
  template <class way>
  [[gnu::always_inline]] static bool step(const coefficients &c, float *const *arrays, std::size_t i) {
    using V = vec<isa, way>;
    V at[sizeof...(k)];
    ((used[k] ? void(at[k] = V::load(arrays[k] + i)) : void()), ...);
    rule::template step<mode>(c, at[k]...);
    if constexpr (way::products) {
      typename V::doubt doubt = {};
      ((written[k] ? void(doubt = doubt | at[k].in_doubt) : void()), ...);
      if (isa::any(doubt)) return false;
    }
    ((written[k] ? at[k].store(arrays[k] + i) : void()), ...);
    return true;
  }

  static bool any_subnormal(float *const *arrays, std::size_t i) {
    return ((k >= 2 && used[k] && isa::any_subnormal(vec<isa>::load(arrays[k] + i).r)) || ...);
  }

  // How many elements lie before the first from which most of the written arrays are stored in whole registers of memory:
  // other stores touch two lines each. For a few registers that is not worth the one more.
  static std::size_t before_aligned(float *const *arrays, std::size_t begin, std::size_t end) {
    if (end - begin < 8 * width) return 0;
    const auto before = [=](const float *array) {
      return -(reinterpret_cast<std::uintptr_t>(array + begin) / sizeof(float)) % width;
    };
    std::size_t best = 0, most = 0;
    const auto consider = [&](std::size_t places) {
      const std::size_t aligned = ((written[k] && before(arrays[k]) == places) + ...);
      if (aligned > most) {
        best = places;
        most = aligned;
      }
    };
    ((written[k] ? consider(before(arrays[k])) : void()), ...);
    return best;
  }

  // Inlined in any case: to GCC a function that only prefetches has no effect, and it leaves out a call of one.
  [[gnu::always_inline]] static void prefetch(float *const *at, std::size_t i, std::size_t end,
                                              float *const *next) {
    if (prefetches && i + farthest < end) {
      prefetch_at(at, i + ahead, apart);
    } else if (prefetches && next) {
      if (i + ahead < end)
        prefetch_at(at, i + ahead, 0);
      else
        prefetch_at(next, i + ahead - end, 0);
    }
  }

  // By address, since an array that comes next may be shorter, and of another mode absent.
  [[gnu::always_inline]] static void prefetch_at(float *const *from, std::size_t i, std::size_t apart_by) {
    const auto one = [](const float *array, std::size_t at) {
      const auto address = reinterpret_cast<std::uintptr_t>(array) + at * sizeof(float);
      __builtin_prefetch(reinterpret_cast<const void *>(address));
    };
    ((used[k] ? one(from[k], i + k * apart_by) : void()), ...);
  }
};

template <class isa, class rule, unsigned ways, unsigned... mode>
void run(std::integer_sequence<unsigned, mode...>, const void *coefficients, unsigned wanted,
         float *const *arrays, std::size_t begin, std::size_t end, float *const *next) {
  using all = std::make_index_sequence<array_count<rule>>;
  static constexpr decltype(&pass<isa, rule, 0, all>::run) passes[] = {&pass<isa, rule, mode, all>::run...};
  passes[wanted](coefficients, ways, arrays, begin, end, next);
}

template <class isa, class rule, unsigned ways>
void kernel_of(const void *coefficients, unsigned mode, float *const *arrays, std::size_t begin,
               std::size_t end, float *const *next) {
  run<isa, rule, ways>(std::make_integer_sequence<unsigned, rule::modes>(), coefficients, mode, arrays, begin,
                       end, next);
}

} // namespace
} // namespace glissade
