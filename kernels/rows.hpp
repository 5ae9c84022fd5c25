// The loop that runs a rule over the named rows of a table.
#pragma once
#include "pass.hpp"

namespace glissade {
namespace {

// Rows lie anywhere, so that no CPU foresees the next, and memory is the limit: the divider alone is fast enough.
template <class isa, class rule, unsigned mode, std::size_t... k>
void run_rows(const void *coefficients, float *const *arrays, const std::int64_t *indices, std::size_t n,
              std::size_t ahead, std::size_t first, std::size_t last, std::index_sequence<k...>) {
  using one = pass<isa, rule, mode, std::index_sequence<k...>>;
  constexpr std::size_t width = one::width, line = 16;
  const auto c = *static_cast<const typename rule::coefficients *>(coefficients);
  float *const table[] = {arrays[k]...};
  for (std::size_t row = first; row < last; ++row) {
    const std::size_t own[] = {static_cast<std::size_t>(indices[row]) * n, row * n};
    float *const at[] = {one::used[k] ? table[k] + own[k == 1] : nullptr...};
    // The last rows prefetch themselves, which takes less than to ask each time whether there are others.
    const auto later = static_cast<std::size_t>(indices[row + ahead < last ? row + ahead : row]) * n;
    const auto prefetch = [&](std::size_t i) __attribute__((always_inline)) {
      ((one::written[k] ? one::prefetch_element(table[k], later + i) : void()), ...);
    };
    if constexpr (width == 1) {
      for (std::size_t i = 0; i < n; i += line)
        prefetch(i);
      one::template until_in_doubt<false>(c, false, {at, 0, n, nullptr}, 0);
    } else { // line by line between the registers: all at once would fill the queue of the memory
      const std::size_t whole = n / width * width;
      for (std::size_t i = 0; i < whole; i += width) {
        if (i % line == 0) prefetch(i);
        one::template step<divider>(c, at, i);
      }
      if (whole < n) one::few_elements(c, at, whole, n - whole);
    }
    prefetch(n - 1); // of a row that does not begin with a line
  }
}

template <class isa, class rule>
void rows_kernel_of(const void *coefficients, unsigned mode, float *const *arrays,
                    const std::int64_t *indices, std::size_t width, std::size_t ahead, std::size_t first,
                    std::size_t last) {
  with_mode<rule>(mode, [&]<unsigned known>(std::integer_sequence<unsigned, known>) {
    run_rows<isa, rule, known>(coefficients, arrays, indices, width, ahead, first, last,
                               std::make_index_sequence<array_count<rule>>());
  });
}

} // namespace
} // namespace glissade
