// Lists of tensors laid in a row, so that threads share them by size and not by number.
#pragma once
#include "rule.hpp"
#include <algorithm>
#include <cstddef>

namespace glissade {

// Threads are given whole cache lines of a tensor.
inline constexpr std::size_t line = 64 / sizeof(float);

inline std::size_t lines_of(std::size_t n) { return n / line + (n % line != 0); }

// Param, grad and states of one tensor, and the options that hold for it.
template <class rule>
struct tensor {
  std::size_t n;
  float *arrays[array_count<rule>];
  const typename rule::options *options;
};

// Of the tensors that list(0) to list(count - 1) return, calls visit(tensor, begin, end, next) for the elements
// that lie in lines [first, last) of the row; `next` is the arrays of the tensor that is visited after, from its first
// element, or null.
template <class List, class Visit>
void for_lines(std::size_t count, const List &list, std::size_t first, std::size_t last, const Visit &visit) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < count && start < last; ++i) {
    const auto &t = list(i);
    const std::size_t next = start + lines_of(t.n);
    if (next > first && t.n != 0)
      visit(t, (std::max(first, start) - start) * line, std::min((last - start) * line, t.n),
            i + 1 < count && next < last ? list(i + 1).arrays : nullptr);
    start = next;
  }
}

} // namespace glissade
