// The loop that runs a rule over the named rows of a table.
#pragma once
#include "pass.hpp"
#include "table.hpp"

namespace glissade {
namespace {

// Where the rows are that a kernel updates, and how many rows ahead it prefetches.
struct named_rows {
  float *const *arrays;
  const std::int64_t *indices;
  std::size_t width, ahead, first, last;
};

enum class row_of { any_width, lines, one_line };

// Rows lie anywhere, so that no CPU foresees the next, and memory is the limit: the divider alone is fast enough. But what
// a row costs beside its elements counts. So this calls nothing, for which registers would be stored, and rows of whole
// lines enter the loop unasked, so that the compiler prepares the coefficients before the first row.
template <class isa, class rule, unsigned mode, row_of kind, std::size_t... k>
void run_rows(const typename rule::coefficients &given, const named_rows &rows, std::index_sequence<k...>) {
  using one = pass<isa, rule, mode, std::index_sequence<k...>>;
  using way = by_divider<kind != row_of::any_width>;
  constexpr std::size_t width = one::width;
  const auto c = given; // copies, which stores cannot alias
  float *const table[] = {rows.arrays[k]...};
  const std::int64_t *const indices = rows.indices;
  const std::size_t n = kind == row_of::one_line ? line : rows.width, whole = n / width * width;
  const std::size_t ahead = rows.ahead, last = rows.last;
  for (std::size_t row = rows.first; row < last; ++row) {
    const std::size_t own[] = {static_cast<std::size_t>(indices[row]) * n, row * n};
    float *const at[] = {one::used[k] ? table[k] + own[k == 1] : nullptr...};
    // The last rows prefetch themselves, which takes less than to ask each time whether there are others.
    const auto later = static_cast<std::size_t>(indices[row + ahead < last ? row + ahead : row]) * n;
    const auto prefetch = [&](std::size_t i) __attribute__((always_inline)) {
      ((one::written[k] ? one::prefetch_element(table[k], later + i) : void()), ...);
    };
    std::size_t i = 0;
    const auto next_register = [&]() __attribute__((always_inline)) {
      if (i % line == 0) prefetch(i); // line by line: all at once would fill the queue of the memory
      one::template step<way>(c, at, i);
      i += width;
    };
    if constexpr (kind == row_of::any_width) {
      while (i < whole)
        next_register();
      if constexpr (width > 1)
        if (i < n) one::template step<way>(c, at, i, typename one::first_of_it{n - i});
    } else {
      do
        next_register();
      while (i < n);
    }
    prefetch(n - 1); // of a row that does not begin with a line
  }
}

// Calls visit<kind>() for rows of this width: the kind is a constant. The loops for whole lines are without neutral products.
template <class isa, class Visit>
void with_row_of(std::size_t width, bool neutral, const Visit &visit) {
  if (vec<isa>::width == 1 || width % line != 0 || !neutral)
    return visit.template operator()<row_of::any_width>();
  if constexpr (vec<isa>::width > 1)
    width == line ? visit.template operator()<row_of::one_line>()
                  : visit.template operator()<row_of::lines>();
}

template <class isa, class rule>
void rows_kernel_of(const void *coefficients, unsigned mode, float *const *arrays,
                    const std::int64_t *indices, std::size_t width, std::size_t ahead, std::size_t first,
                    std::size_t last) {
  const auto &c = *static_cast<const typename rule::coefficients *>(coefficients);
  const named_rows rows = {arrays, indices, width, ahead, first, last};
  with_mode<rule>(mode, [&]<unsigned known>(std::integer_sequence<unsigned, known>) {
    const auto run = [&]<row_of kind>() {
      run_rows<isa, rule, known, kind>(c, rows, std::make_index_sequence<array_count<rule>>());
    };
    with_row_of<isa>(width, c.neutral(), run);
  });
}

} // namespace
} // namespace glissade
