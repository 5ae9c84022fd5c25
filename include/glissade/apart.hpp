// Whether the arrays of a model are apart, wherever they stand in its list.
#if __cplusplus < 202002L
#  error "glissade/apart.hpp needs C++20; older C++ includes glissade/glissade.h"
#elif !defined(GLISSADE_APART_HPP)
#  define GLISSADE_APART_HPP

#  include "glissade.hpp"
#  include <algorithm>
#  include <cstdint>
#  include <vector>

namespace glissade {

// Memory that the step uses of an array of the model.
struct range {
  std::uintptr_t begin, end;
  std::size_t array;
  bool written;
};

// Throws `error` if a range that is written overlaps another.
inline void require_apart(std::vector<range> all) {
  std::sort(all.begin(), all.end(), [](const range &a, const range &b) { return a.begin < b.begin; });
  const range none{}, *longest = &none,
                      *longest_written = &none; // of those that begin before, the end furthest
  for (const range &r : all) {
    const range *const before = r.written ? longest : longest_written;
    if (r.begin < before->end)
      throw error(GLISSADE_OVERLAPPING_ARRAYS,
                  "arrays " + std::to_string(std::min(r.array, before->array)) + " and " +
                      std::to_string(std::max(r.array, before->array)) + " overlap");
    if (r.end > longest->end) longest = &r;
    if (r.written && r.end > longest_written->end) longest_written = &r;
  }
}

} // namespace glissade

#endif
