// The words of one instruction set, whose file in kernels/ is KERNEL and whose name is ISA;
// compiled with its flags.
#include KERNEL

#include "words.hpp"

namespace words {
namespace {

using V = glissade::vec<glissade::isa>;

using isa = glissade::isa;

const auto root = [](auto a, float) { return sqrt(a); };
const auto divided_by_fraction = [](auto a, float b) { return divided(a, fraction(b), 1 / fraction(b)); };
const auto root_divided_by_fraction = [](auto a, float b) {
  return divided(sqrt(a), fraction(b), 1 / fraction(b));
};

// A word of registers that may hold subnormals, where the instruction set has one.
template <class isa, class Word, class... Vec>
V carefully(const Word &word, Vec... x) {
  if constexpr (glissade::has_careful_words<isa>)
    return V(word(glissade::vec<isa, glissade::careful>(x.r)...).r);
  else
    return word(x...);
}

// What `make` makes of each lane alone, of the word in a way that has doubts and the divider's.
template <template <bool> class way, class Word, class Make>
V lane_by_lane(V a, V b, const Word &word, const Make &make) {
  float x[V::width], y[V::width], lanes[V::width];
  a.store(x);
  b.store(y);
  for (std::size_t k = 0; k < V::width; ++k) {
    const auto by_divider = word(V(x[k]), y[k]);
    if constexpr (glissade::has_products<isa>)
      make(x[k], word(glissade::vec<isa, way<false>>(x[k]), y[k]), by_divider).store(lanes);
    else
      by_divider.store(lanes);
    y[k] = lanes[0];
  }
  return V::load(y);
}
// By the divider where products are in doubt, as in kernels/pass.hpp.
template <template <bool> class way, class Word>
V by(V a, V b, const Word &word) {
  return lane_by_lane<way>(a, b, word, [](float, auto result, V by_divider) {
    return decltype(result)::isa::any(result.in_doubt) ? by_divider : V(result.r);
  });
}
// Whether they are in doubt without need.
template <template <bool> class way, class Word>
V doubts(V a, V b, const Word &word) {
  if constexpr (glissade::has_products<isa>)
    return lane_by_lane<way>(a, b, word, [](float x, auto result, V) {
      return V(x >= 0x1p-95f && x <= 0x1p64f && decltype(result)::isa::any(result.in_doubt) ? 1.f : 0.f);
    });
  else
    return 0.f;
}

// The root of what is from 1 to 4 by products, from another estimate of its reciprocal if that is no worse than the
// instruction set's.
template <class base>
struct with_estimate : base {
  static inline typename base::reg estimate;
  static typename base::reg reciprocal_root(typename base::reg) { return estimate; }
};
template <class isa>
V root_from(V a, V b) {
  if constexpr (glissade::has_products<isa>) {
    using given = with_estimate<isa>;
    const V product = b * sqrt(a);
    const float most = isa::rough_estimate ? float(estimate_error) : 0x1p-14f;
    given::estimate = if_less(abs(product - V(1.f)), most, b, V(1.f) / sqrt(a)).r;
    const V by_products(sqrt(glissade::vec<given, glissade::by_products<false>>(a.r)).r);
    return if_less(a, 1.f, sqrt(a), if_less(a, 4.f, by_products, sqrt(a)));
  } else
    return sqrt(a);
}

#define DEFINE(name, count, expression)                                                                      \
  void name##_of_arrays(const float *const *from, float *to, std::size_t n) {                                \
    for (std::size_t i = 0; i < n; i += V::width) {                                                          \
      [[maybe_unused]] const V a = V::load(from[0] + i), b = V::load(from[1] + i), c = V::load(from[2] + i), \
                               d = V::load(from[3] + i);                                                     \
      V(expression).store(to + i);                                                                           \
    }                                                                                                        \
  }
GLISSADE_WORDS(DEFINE)

} // namespace

#define ENTRY(name, count, expression) name##_of_arrays,
extern const table ISA = {GLISSADE_WORDS(ENTRY)};

} // namespace words
