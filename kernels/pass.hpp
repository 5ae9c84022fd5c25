// The loop that runs a rule over memory: whole registers, and with the same rule what lies beside them.
#pragma once
#include "rules.hpp"
#include "vec.hpp"
#include <cstdint>
#include <utility>

namespace glissade {
namespace {

// How many elements lie before the first from which most of the arrays that `written` has a bit for are stored in whole
// registers of memory: other stores touch two lines each.
template <std::size_t width>
[[gnu::noinline]] std::size_t before_aligned(float *const *arrays, unsigned written, std::size_t begin) {
  std::size_t best = 0, most = 0;
  for (unsigned k = 0; written >> k; ++k) {
    if (!(written >> k & 1)) continue;
    const auto before = [=](unsigned j) {
      return -(reinterpret_cast<std::uintptr_t>(arrays[j] + begin) / sizeof(float)) % width;
    };
    std::size_t aligned = 0;
    for (unsigned j = 0; written >> j; ++j)
      aligned += (written >> j & 1) && before(j) == before(k);
    if (aligned > most) {
      best = before(k);
      most = aligned;
    }
  }
  return best;
}

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
  // since it may be another thread's; from `tail` on, the arrays that this thread computes next are, from their first
  // elements on. Registers much shorter than a line would prefetch each too often.
  static constexpr bool prefetches = width >= 8;
  static constexpr std::size_t ahead = 384, apart = 128, farthest = ahead + apart * sizeof...(k);

  // So many elements take the divider where a product was in doubt: what is 0 or tiny is seldom alone. And among them the
  // registers with a subnormal state take the careful words.
  static constexpr std::size_t wary = 16 * width;

  static void run(const void *given, bool divider_helps, float *const *arrays, std::size_t begin,
                  std::size_t end, float *const *next) {
    const auto &c = *static_cast<const coefficients *>(given);
    if constexpr (width > 1) // fewer registers are not worth the one more
      if (end - begin >= 8 * width && !all_aligned(arrays, begin))
        if (const std::size_t before =
                before_aligned<width>(arrays, ((unsigned(written[k]) << k) | ...), begin)) {
          few_elements(c, arrays, begin, before);
          begin += before;
        }
    const std::size_t last = begin + (end - begin) / width * width;
    if constexpr (width > 1)
      if (last < end) few_elements(c, arrays, last, end - last);
    // At the end, so that the compiler keeps nothing in registers meanwhile.
    if (begin < last) registers(c, divider_helps, {arrays, begin, last, next});
  }

  static bool all_aligned(float *const *arrays, std::size_t begin) {
    const auto from = [=](const float *array) { return reinterpret_cast<std::uintptr_t>(array + begin); };
    return ((written[k] ? from(arrays[k]) : 0) | ...) % (width * sizeof(float)) == 0;
  }

  // Whole registers, and the arrays that come next.
  struct stretch {
    float *const *arrays;
    std::size_t begin, end;
    float *const *next;
  };

  static void registers(const coefficients &c, bool divider_helps, const stretch &all) {
    const bool neutral = has_products<isa> && c.neutral();
    const std::size_t tail = tail_of(all);
    for (std::size_t i = all.begin; i < all.end;) {
      const std::size_t end = i < tail ? tail : all.end;
      if constexpr (has_products<isa>)
        if (neutral) i = until_in_doubt<true>(c, divider_helps, all, i, end);
      if (!neutral) i = until_in_doubt<false>(c, divider_helps, all, i, end);
      if constexpr (has_products<isa> && rule::roots)
        if (i < end) {
          const std::size_t stop = end - i < wary ? end : i + wary;
          one_by_one(c, divider_helps, all, i, stop);
          i = stop;
        }
    }
  }

  // Computes registers up to `end`, of the tail or of what is before it, or to one whose products are in doubt, and says
  // to which. This is the loop that takes the time.
  template <bool neutral>
  [[gnu::noinline]] static std::size_t until_in_doubt(const coefficients &given, bool divider_helps,
                                                      const stretch &all, std::size_t i, std::size_t end) {
    const coefficients c = given; // copies, which stores cannot alias
    float *const at[] = {all.arrays[k]...};
    float *const later[] = {later_of(all, i, k)...};
    const auto next_register = [&]<class way>(way) __attribute__((always_inline)) {
      prefetch(later, i);
      if (!step<way>(c, at, i)) return false;
      i += width;
      return true;
    };
    if constexpr (!has_products<isa> || !rule::roots) {
      while (i < end)
        next_register(by_divider<neutral>());
    } else {
      if (divider_helps) {
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

  // Computes registers of which some were in doubt, by the divider; where subnormals are slow, those with a subnormal state
  // by the careful words.
  [[gnu::noinline]] static void one_by_one(const coefficients &given, [[maybe_unused]] bool divider_helps,
                                           const stretch &all, std::size_t i, std::size_t stop) {
    const coefficients c = given;
    float *const at[] = {all.arrays[k]...};
    float *const later[] = {later_of(all, i, k)...};
    for (; i < stop; i += width) {
      prefetch(later, i);
      if constexpr (has_careful_words<isa>)
        if (!divider_helps && any_subnormal(at, i)) {
          step<careful>(c, at, i);
          continue;
        }
      step<divider>(c, at, i);
    }
  }
  static bool any_subnormal(float *const *at, std::size_t i) {
    return ((k >= 2 && used[k] && isa::any_subnormal(vec<isa>::load(at[k] + i).r)) || ...);
  }

  // Fewer elements than a register has. Not by products, which are in doubt of the zeros in the rest of the register.
  [[gnu::noinline]] static void few_elements(const coefficients &c, float *const *at, std::size_t i,
                                             std::size_t n) {
    step<divider>(c, at, i, first_of_it{n});
  }

  // What of a register is loaded and stored.
  struct all_of_it {
    template <class way>
    vec<isa, way> load(const float *from) const {
      return vec<isa, way>::load(from);
    }
    template <class way>
    void store(vec<isa, way> x, float *to) const {
      x.store(to);
    }
  };
  struct first_of_it {
    std::size_t n;

    template <class way>
    vec<isa, way> load(const float *from) const {
      return vec<isa, way>(isa::load_first(n, from));
    }
    template <class way>
    void store(vec<isa, way> x, float *to) const {
      isa::store_first(n, x.r, to);
    }
  };

  // One register of each array. False, and nothing stored, where a product is in doubt.
  template <class way, class Part = all_of_it>
  [[gnu::always_inline]] static bool step(const coefficients &c, float *const *arrays, std::size_t i,
                                          Part part = {}) {
    using V = vec<isa, way>;
    V at[sizeof...(k)];
    ((used[k] ? void(at[k] = part.template load<way>(arrays[k] + i)) : void()), ...);
    rule::template step<mode>(c, at[k]...);
    if constexpr (way::may_doubt) {
      typename V::doubt doubt = {};
      ((written[k] ? void(doubt = doubt | at[k].in_doubt) : void()), ...);
      if (isa::any(doubt)) return false;
    }
    ((written[k] ? part.store(at[k], arrays[k] + i) : void()), ...);
    return true;
  }

  static std::size_t tail_of(const stretch &all) {
    return all.end - all.begin < farthest ? all.begin : all.end - farthest;
  }
  // What is prefetched with element 0, of this array; so with each until the tail begins, or ends. Where nothing comes next,
  // what is there already. An address, since an array that comes next may be shorter, and of another mode absent.
  static float *later_of(const stretch &all, std::size_t i, std::size_t array) {
    const auto from = [=](float *const *arrays, std::size_t element) {
      return reinterpret_cast<float *>(reinterpret_cast<std::uintptr_t>(arrays[array]) +
                                       element * sizeof(float));
    };
    const std::size_t tail = tail_of(all);
    if (i < tail) return from(all.arrays, ahead + array * apart);
    return all.next ? from(all.next, 0 - tail) : from(all.arrays, 0);
  }
  // Inlined in any case: to GCC a function that only prefetches has no effect, and it leaves out a call of one.
  [[gnu::always_inline]] static void prefetch(float *const *later, std::size_t i) {
    if constexpr (prefetches) ((used[k] ? prefetch_element(later[k], i) : void()), ...);
  }
  [[gnu::always_inline]] static void prefetch_element(const float *array, std::size_t element) {
    const auto address = reinterpret_cast<std::uintptr_t>(array) + element * sizeof(float);
    __builtin_prefetch(reinterpret_cast<const void *>(address));
  }
};

// Calls visit(sequence of the mode alone), so that the mode is a constant.
template <class rule, class Visit>
void with_mode(unsigned mode, const Visit &visit) {
  [&]<unsigned... known>(std::integer_sequence<unsigned, known...>) {
    static_cast<void>((... || (mode == known && (visit(std::integer_sequence<unsigned, known>()), true))));
  }
  (std::make_integer_sequence<unsigned, rule::modes>());
}

template <class isa, class rule, bool divider_helps>
void kernel_of(const void *coefficients, unsigned mode, float *const *arrays, std::size_t begin,
               std::size_t end, float *const *next) {
  with_mode<rule>(mode, [&]<unsigned known>(std::integer_sequence<unsigned, known>) {
    pass<isa, rule, known, std::make_index_sequence<array_count<rule>>>::run(coefficients, divider_helps,
                                                                             arrays, begin, end, next);
  });
}

} // namespace
} // namespace glissade
