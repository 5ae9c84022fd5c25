// AdaGrad with one sum for each row of a table, on the named rows.
#pragma once
#include "norm.hpp"
#include "row_wise_coefficients.hpp"
#include "rows.hpp"

namespace glissade {
namespace {

template <class isa, unsigned mode>
struct one_row {
  using V = vec<isa>;
  static constexpr std::size_t width = V::width;

  const row_wise &c;
  float *param;
  const float *grad;
  std::size_t n;

  static V load(const float *from, std::size_t n) {
    if constexpr (width > 1)
      if (n < width) return V(isa::load_first(n, from));
    return V::load(from);
  }
  static void store(V x, float *to, std::size_t n) {
    if constexpr (width > 1)
      if (n < width) return isa::store_first(n, x.r, to);
    x.store(to);
  }

  // In the order of the norm.
  [[gnu::always_inline]] double squares() const {
    norm_lanes<isa> all;
    for (std::size_t i = 0; i < n; i += lanes) {
      alignas(64) float g[lanes];
      for (std::size_t k = 0; k < lanes; k += width) {
        V x = 0.f;
        if (const std::size_t at = i + k; at < n) {
          V p = mode & l2 ? load(param + at, n - at) : x;
          x = c.template gradient<mode>(p, load(grad + at, n - at));
        }
        x.store(g + k);
      }
      all.add_to_sums(g);
    }
    alignas(64) double sums[lanes];
    all.store(all.sums, sums);
    return sum_of_lanes(sums);
  }
  [[gnu::always_inline]] void step(float rate, std::size_t i) const {
    V p = load(param + i, n - i);
    const V g = c.template gradient<mode>(p, load(grad + i, n - i));
    store(fma(rate, g, p), param + i, n - i);
  }
};

// The sum of a row must be known before its first element changes.
template <class isa, unsigned mode>
void run_row_wise(const row_wise &given, const named_rows &rows) {
  const row_wise c = given;
  const std::size_t n = rows.width;
  for (std::size_t i = rows.first; i < rows.last; ++i) {
    const auto index = static_cast<std::size_t>(rows.indices[i]),
               later =
                   static_cast<std::size_t>(rows.indices[i + rows.ahead < rows.last ? i + rows.ahead : i]);
    const one_row<isa, mode> row = {c, rows.arrays[0] + index * n, rows.arrays[1] + i * n, n};
    float &sum = rows.arrays[2][index];
    sum = f(sum + row.squares() / double(n));
    if (__builtin_fabsf(sum) < c.tiny) sum = 0;
    const float rate = f(c.rate / (__builtin_sqrt(double(sum)) + c.eps));
    const float *const row_to_come = rows.arrays[0] + later * n;
    for (std::size_t k = 0; k < n; k += row.width) {
      if (k % line == 0) __builtin_prefetch(row_to_come + k);
      row.step(rate, k);
    }
    __builtin_prefetch(row_to_come + n - 1);
    __builtin_prefetch(rows.arrays[2] + later);
  }
}

template <class isa>
void row_wise_kernel_of(const void *coefficients, unsigned mode, float *const *arrays,
                        const std::int64_t *indices, std::size_t width, std::size_t ahead, std::size_t first,
                        std::size_t last) {
  const auto &c = *static_cast<const row_wise *>(coefficients);
  const named_rows rows = {arrays, indices, width, ahead, first, last};
  mode &l2 ? run_row_wise<isa, l2>(c, rows) : run_row_wise<isa, 0>(c, rows);
}

} // namespace
} // namespace glissade
