// The step on rows of tables: the threads share the named rows, each of which the kernel takes as an array of its own.
#include "rows.hpp"
#include "check.hpp"
#include "cpu.hpp"
#include "parallel.hpp"

namespace glissade {
namespace {

// Rows lie anywhere, so no CPU foresees the next: those so many elements later are prefetched, of wide ones the beginning.
// The kernel prefetches the rest.
constexpr std::size_t ahead = 512, most_prefetched = 384;

class rows_ahead {
public:
  rows_ahead(const erased_rule &rule, unsigned mode, const tensor &t, const glissade_rows &rows)
      : rows_(rows),
        distance_(ahead / rows.width + 1),
        bytes_((rows.width < most_prefetched ? rows.width : most_prefetched) * sizeof(float)) {
    for (std::size_t k = 0; k < rule.count; ++k)
      if (k != 1 && rule.uses(mode, k)) arrays_[count_++] = reinterpret_cast<std::uintptr_t>(t.arrays[k]);
  }
  std::size_t distance() const { return distance_; }

  // What row number i of those named needs. Inlined in any case, as in kernels/pass.hpp.
  [[gnu::always_inline]] void prefetch(std::size_t i) const {
    const std::uintptr_t begin = static_cast<std::uintptr_t>(rows_.indices[i]) * rows_.width * sizeof(float);
    for (std::size_t k = 0; k < count_; ++k)
      for (std::uintptr_t at = (arrays_[k] + begin) / 64 * 64; at < arrays_[k] + begin + bytes_; at += 64)
        __builtin_prefetch(reinterpret_cast<const void *>(at));
  }

private:
  const glissade_rows &rows_;
  std::size_t distance_, bytes_, count_ = 0;
  std::uintptr_t arrays_[most_arrays];
};

// Updates rows [first, last) of those named. Neighbours in the table, but no more than are prefetched ahead, are one array
// to the kernel.
void run(kernel kernel_of_rule, const erased_rule &rule, const prepared &p, const tensor &t,
         const glissade_rows &rows, std::size_t first, std::size_t last) {
  const rows_ahead later(rule, p.mode, t, rows);
  const std::size_t distance = later.distance();
  for (std::size_t i = first; i < last && i < first + distance; ++i)
    later.prefetch(i);
  for (std::size_t i = first, end; i < last; i = end) {
    for (end = i; end < last && end - i < distance &&
                  rows.indices[end] - rows.indices[i] == static_cast<std::int64_t>(end - i);
         ++end)
      if (end + distance < last) later.prefetch(end + distance);
    float *arrays[most_arrays];
    for (std::size_t k = 0; k < rule.count; ++k)
      if (rule.uses(p.mode, k))
        arrays[k] = t.arrays[k] + (k == 1 ? i : static_cast<std::size_t>(rows.indices[i])) * rows.width;
    kernel_of_rule(p.coefficients, p.mode, arrays, 0, (end - i) * rows.width, nullptr);
  }
}

// Updates what lies in elements [first, last) of all named rows laid in a row; a row belongs to whom its first element does.
void run(const table &kernels, const list_call &call, const list &all, const list_of_rows &all_rows,
         std::size_t first, std::size_t last) {
  const erased_rule &rule = all.rule();
  const void *own_options = nullptr;
  known_options own;
  prepared p;
  rule.prepare(call.options, 1, p);
  std::size_t start = 0;
  for (std::size_t i = 0; i < all.count() && start < last; ++i) {
    const tensor t = all(i);
    const glissade_rows rows = all_rows(i);
    const auto rows_before = [&](std::size_t element) {
      const std::size_t within = element > start ? element - start : 0, whole = within / rows.width;
      return whole * rows.width == within ? whole : whole + 1;
    };
    const std::size_t begin = rows_before(first), end = rows_before(last);
    if (begin < rows.count) {
      if (t.options != own_options) rule.prepare(own.of(rule, own_options = t.options, call.options), 1, p);
      run(kernels.*rule.kernel_of, rule, p, t, rows, begin, end < rows.count ? end : rows.count);
    }
    start += rows.count * rows.width;
  }
}

} // namespace

glissade_status list_of_rows::check(std::size_t i, const tensor &t, glissade_rows &rows) const {
  if (const auto fault = check_element(at_ + i * size_, size_, sizeof rows, sizeof rows)) return fault;
  rows = (*this)(i);
  if (t.storage) return GLISSADE_STORED_ROWS;
  if (rows.width == 0 || t.n % rows.width != 0) return GLISSADE_BAD_WIDTH;
  if (rows.count > t.n / rows.width) return GLISSADE_BAD_COUNT;
  if (rows.count == 0) return GLISSADE_OK;
  if (!rows.indices) return GLISSADE_NULL_INDICES;
  const auto address = reinterpret_cast<std::uintptr_t>(rows.indices);
  if (address % sizeof(std::int64_t) != 0) return GLISSADE_MISALIGNED_ARRAY;
  return address > UINTPTR_MAX - rows.count * sizeof(std::int64_t) ? GLISSADE_BAD_N : GLISSADE_OK;
}

glissade_status check_indices(const glissade_rows &rows, std::size_t rows_of_table) {
  const auto is_row = [=](std::int64_t index) { return static_cast<std::size_t>(index) < rows_of_table; };
  bool increasing = true; // most calls are right, so first without a branch for each
  for (std::size_t i = 1; i < rows.count; ++i)
    increasing = increasing & (rows.indices[i - 1] < rows.indices[i]);
  if (increasing && is_row(rows.indices[0]) && is_row(rows.indices[rows.count - 1])) return GLISSADE_OK;
  for (std::size_t i = 0;; ++i) {
    if (!is_row(rows.indices[i])) return GLISSADE_BAD_INDEX;
    if (i > 0 && rows.indices[i - 1] >= rows.indices[i]) return GLISSADE_UNSORTED_INDICES;
  }
}

glissade_status step_rows(const void *options, const list &all, const glissade_rows *given) {
  const default_float_mode here;
  const list_of_rows rows(given, all.count());
  list_call call;
  if (const auto fault = check_call(options, all, 0, call, &rows)) return fault;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  std::size_t elements = 0;
  for (std::size_t i = 0; i < all.count(); ++i)
    elements += rows(i).count * rows(i).width;
  parallel(elements, threads_of(all.rule(), call.options), here, [&](std::size_t chunk, std::size_t chunks) {
    run(*kernels, call, all, rows, cut(elements, chunk, chunks), cut(elements, chunk + 1, chunks));
  });
  return GLISSADE_OK;
}

} // namespace glissade
