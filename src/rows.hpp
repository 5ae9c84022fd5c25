// Rows of tables: what a call names of each, and the step on them.
#pragma once
#include "list.hpp"

namespace glissade {

// The rows that a caller names, of as many tables as there are tensors.
class list_of_rows {
public:
  list_of_rows(const glissade_rows *rows, std::size_t count)
      : at_(reinterpret_cast<const unsigned char *>(rows)),
        size_(count && rows ? rows->struct_size : 0) {}

  bool given() const { return at_; }
  glissade_rows operator()(std::size_t i) const { return list::read<glissade_rows>(at_ + i * size_); }

  // Finds what is wrong with the rows of table i, but for the indices themselves; else says what they are.
  glissade_status check(std::size_t i, const erased_rule &, const tensor &t, glissade_rows &rows) const;

private:
  const unsigned char *at_;
  std::size_t size_;
};

// How many floats array k of a table of n has.
inline std::size_t elements(const glissade_rows &rows, std::size_t k, std::size_t n) {
  return k == 1 ? rows.count * rows.width : k > 1 && rows.row_wise ? n / rows.width : n;
}

// Are the indices strictly increasing and each that of a row? Of both faults, the first.
glissade_status check_indices(const glissade_rows &, std::size_t rows_of_table);

// A step on the named rows of a list of tables.
glissade_status step_rows(const void *options, const list &, const glissade_rows *rows);

} // namespace glissade
