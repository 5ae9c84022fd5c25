// The words of one instruction set, whose file in kernels/ is KERNEL and whose name is ISA; compiled with its
// flags.
#include KERNEL

#include "words.hpp"

namespace words {
namespace {

using V = glissade::vec<glissade::isa>;

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
