// The limits of the machine: loops that do one part of a step and nothing else.
#pragma once
#include <cstddef>
#include <cstdint>

namespace perf {

// Reads every array of `arrays` in [begin, end) and writes all but number 1 back as they are; of a single array it
// only reads. There must be at least one register of elements.
using memory_pass = void (*)(float *const *arrays, std::size_t begin, std::size_t end);

// The same for the named rows of tables, of which array 1 has only those; their lines are prefetched so many rows ahead.
// A row has one register of elements or more.
using rows_pass = void (*)(float *const *arrays, const std::int64_t *rows, std::size_t row_width,
                           std::size_t ahead, std::size_t count);

// Takes so many roots and divisions for each of n elements, in registers.
using divider_pass = void (*)(std::size_t roots, std::size_t divisions, std::size_t n);

inline constexpr std::size_t most_arrays = 8;

// The loops of one instruction set.
struct limits {
  memory_pass memory[most_arrays + 1]; // by number of arrays
  rows_pass rows[most_arrays + 1];
  divider_pass divider;
};

// Of the named instruction set; null if the build has none of that name.
const limits *find_limits(const char *isa);

} // namespace perf
