// The step on rows of tables: the threads share the named rows.
#include "rows.hpp"
#include "check.hpp"
#include "cpu.hpp"
#include "own.hpp"
#include "parallel.hpp"
#include "prefetch.hpp"
#include "row_wise_coefficients.hpp"

namespace glissade {
namespace {

// Wider rows spend their time in the kernel for arrays, which also takes roots by products.
constexpr std::size_t widest_in_a_loop = 384;

// The rows to come of the arrays that a step reads and writes.
class later_rows {
public:
  later_rows(const erased_rule &rule, unsigned mode, const tensor &t, const glissade_rows &rows)
      : indices_(rows.indices) {
    for (std::size_t k = 0; k < rule.count; ++k)
      if (k != 1 && rule.uses(mode, k))
        arrays_[count_++] = {reinterpret_cast<std::uintptr_t>(t.arrays[k]),
                             k > 1 && rows.row_wise ? 1 : rows.width};
  }

  void prefetch(std::size_t first, std::size_t last) const {
    for (std::size_t i = first; i < last; ++i)
      prefetch(i);
  }
  // Number i of those named.
  [[gnu::always_inline]] void prefetch(std::size_t i) const {
    for (std::size_t k = 0; k < count_; ++k)
      prefetch_row(arrays_[k].at +
                       static_cast<std::uintptr_t>(indices_[i]) * arrays_[k].width * sizeof(float),
                   arrays_[k].width);
  }

private:
  const std::int64_t *indices_;
  std::size_t count_ = 0;
  struct {
    std::uintptr_t at;
    std::size_t width;
  } arrays_[most_arrays];
};

// Updates rows [first, last) of those named; wide ones each as an array.
void run(const kernels_of_rule &kernels, const erased_rule &rule, const prepared &p, const tensor &t,
         const glissade_rows &rows, std::size_t first, std::size_t last) {
  const std::size_t distance = rows_ahead(rows.width);
  const later_rows later(rule, p.mode, t, rows);
  later.prefetch(first, smaller(last, first + distance));
  if (rows.width <= widest_in_a_loop)
    return kernels.rows(p.coefficients, p.mode, t.arrays, rows.indices, rows.width, distance, first, last);
  for (std::size_t i = first; i < last; ++i) {
    if (i + distance < last) later.prefetch(i + distance);
    float *arrays[most_arrays] = {};
    for (std::size_t k = 0; k < rule.count; ++k)
      if (rule.uses(p.mode, k))
        arrays[k] = t.arrays[k] + (k == 1 ? i : static_cast<std::size_t>(rows.indices[i])) * rows.width;
    kernels.elements(p.coefficients, p.mode, arrays, 0, rows.width, nullptr);
  }
}

// Those of a table with one sum for each row.
void run_row_wise(const table &kernels, const erased_rule &rule, const glissade_adagrad &o, const tensor &t,
                  const glissade_rows &rows, std::size_t first, std::size_t last) {
  const std::size_t distance = rows_ahead(rows.width);
  const row_wise c(o, rules::adagrad::rate(o));
  later_rows(rule, 0, t, rows).prefetch(first, smaller(last, first + distance));
  kernels.row_wise(&c, mode_of<rules::adagrad>(o) & l2, t.arrays, rows.indices, rows.width, distance, first,
                   last);
}

// Updates what lies in elements [first, last) of all named rows laid in a row; a row belongs to whom its last
// element does.
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
      return element > start ? (element - start) / rows.width : 0;
    };
    const std::size_t begin = rows_before(first), end = rows_before(last);
    if (begin < rows.count) {
      const std::size_t until = end < rows.count ? end : rows.count;
      if (rows.row_wise) {
        known_options of_table;
        const void *o = of_table.of(rule, t.options, call.options);
        run_row_wise(kernels, rule, *static_cast<const glissade_adagrad *>(o), t, rows, begin, until);
      } else {
        if (t.options != own_options) rule.prepare(own.of(rule, own_options = t.options, call.options), 1, p);
        run(kernels.*rule.kernels, rule, p, t, rows, begin, until);
      }
    }
    start += rows.count * rows.width;
  }
}

} // namespace

glissade_status list_of_rows::check(std::size_t i, const erased_rule &rule, const tensor &t,
                                    glissade_rows &rows) const {
  if (const auto fault = check_element(at_ + i * size_, size_, sizeof rows, sizeof rows)) return fault;
  rows = (*this)(i);
  if (t.storage) return GLISSADE_STORED_ROWS;
  if (rows.row_wise != 0 && (rows.row_wise != 1 || !rule.may_be_row_wise)) return GLISSADE_BAD_ROW_WISE;
  if (rows.width == 0 || t.n % rows.width != 0) return GLISSADE_BAD_WIDTH;
  if (rows.count > t.n / rows.width) return GLISSADE_BAD_COUNT;
  if (rows.count == 0) return GLISSADE_OK;
  return check_indices_array(rows.indices, rows.count);
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
