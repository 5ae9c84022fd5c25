// AdaGrad with one sum for each row of a table, on the named rows.
#pragma once
#include "norm.hpp"
#include "row_wise_coefficients.hpp"
#include "rows.hpp"

namespace glissade {
namespace {

template <class isa, unsigned mode, row_of kind>
struct one_row {
  using V = vec<isa, by_divider<kind != row_of::any_width>>;
  static constexpr std::size_t width = V::width;
  static constexpr bool whole = kind != row_of::any_width || width == 1;

  const row_wise &c;
  float *param;
  const float *grad;
  std::size_t n;

  static V load(const float *from, std::size_t n) {
    if constexpr (!whole)
      if (n < width) return V(isa::load_first(n, from));
    return V::load(from);
  }
  static void store(V x, float *to, std::size_t n) {
    if constexpr (!whole)
      if (n < width) return isa::store_first(n, x.r, to);
    x.store(to);
  }

  // In the order of the norm.
  [[gnu::always_inline]] double squares() const {
    norm_lanes<isa> all;
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes)
      add_squares<lanes>(all, i);
    if (i < n) kind == row_of::any_width ? add_squares<lanes>(all, i) : add_squares<line>(all, i);
    alignas(64) double sums[lanes];
    all.store(all.sums, sums);
    return kind == row_of::one_line ? sum_of_lanes<isa, line / 2>(sums)
                                    : sum_of_lanes<isa>(sums); // the others are 0
  }
  template <std::size_t count>
  [[gnu::always_inline]] void add_squares(norm_lanes<isa> &to, std::size_t i) const {
    alignas(64) float g[count];
    for (std::size_t k = 0; k < count; k += width) {
      const std::size_t at = i + k;
      V x = 0.f;
      if ((whole && width > 1) || at < n) {
        V p = mode & l2 ? load(param + at, n - at) : x;
        x = c.template gradient<mode>(p, load(grad + at, n - at));
      }
      x.store(g + k);
    }
    to.template add_to_sums<count>(g);
  }
  [[gnu::always_inline]] void step(float rate, std::size_t i) const {
    V p = load(param + i, n - i);
    const V g = c.template gradient<mode>(p, load(grad + i, n - i));
    store(fma(V(rate), g, p), param + i, n - i);
  }
};

// The sum of a row must be known before its first element changes.
template <class isa, unsigned mode, row_of kind>
void run_row_wise(const row_wise &given, const named_rows &rows) {
  const row_wise c = given;
  const std::size_t n = kind == row_of::one_line ? line : rows.width, ahead = rows.ahead, last = rows.last;
  float *const table = rows.arrays[0], *const grad = rows.arrays[1], *const sums = rows.arrays[2];
  const std::int64_t *const indices = rows.indices;
  for (std::size_t i = rows.first; i < last; ++i) {
    const std::size_t next = i + ahead < last ? i + ahead : i;
    const auto index = static_cast<std::size_t>(indices[i]), later = static_cast<std::size_t>(indices[next]);
    const one_row<isa, mode, kind> row = {c, table + index * n, grad + i * n, n};
    float &sum = sums[index];
    sum = f(sum + row.squares() / double(n));
    if (__builtin_fabsf(sum) < c.tiny) sum = 0;
    const float rate = f(c.rate / (__builtin_sqrt(double(sum)) + c.eps));
    for (std::size_t k = 0; k < n; k += row.width) {
      if (k % line == 0) {
        __builtin_prefetch(table + later * n + k);
        __builtin_prefetch(grad + next * n + k);
      }
      row.step(rate, k);
    }
    __builtin_prefetch(table + later * n + n - 1);
    __builtin_prefetch(sums + later);
  }
}

template <class isa>
void row_wise_kernel_of(const void *coefficients, unsigned mode, float *const *arrays,
                        const std::int64_t *indices, std::size_t width, std::size_t ahead, std::size_t first,
                        std::size_t last) {
  const auto &c = *static_cast<const row_wise *>(coefficients);
  const named_rows rows = {arrays, indices, width, ahead, first, last};
  const auto run = [&]<row_of kind>() {
    if (mode & l2)
      run_row_wise<isa, l2, kind>(c, rows);
    else
      run_row_wise<isa, 0, kind>(c, rows);
  };
  with_row_of<isa>(width, c.neutral(), run);
}

} // namespace
} // namespace glissade
