// The memory limit: a loop that reads and writes the arrays of a step and computes nothing.
#pragma once
#include <cstddef>

namespace perf {

// Reads every array of `arrays` in [begin, end) and writes all but number 1 back as they are; of a single array it
// only reads. There must be at least one register of elements.
using limit_pass = void (*)(float *const *arrays, std::size_t begin, std::size_t end);

inline constexpr std::size_t most_arrays = 8;

// The passes of one instruction set, by number of arrays.
struct limits {
  limit_pass of[most_arrays + 1];
};

// Of the named instruction set; null if the build has none of that name.
const limits *find_limits(const char *isa);

} // namespace perf
