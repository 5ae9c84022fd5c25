// Lists of tensors laid in a row, so that threads share them by size and not by number.
#pragma once
#include "erased.hpp"
#include <cstddef>

namespace glissade {

// Param, grad and states of one tensor where the caller has the pointers, its own options or null, its storage or null.
struct tensor {
  std::size_t n;
  float *const *arrays;
  const void *options;
  const glissade_storage *storage;

  // Array k as it is stored.
  glissade_array array(std::size_t k) const {
    if (storage) {
      const glissade_array &stored = k == 0   ? storage->param
                                     : k == 1 ? storage->grad
                                              : storage->states[k - 2];
      if (stored.type != GLISSADE_FLOAT32) return stored;
    }
    return {GLISSADE_FLOAT32, arrays[k], nullptr};
  }
  bool has_copy() const { return storage && storage->copy.type != GLISSADE_FLOAT32; }
};
static_assert(most_arrays - 2 <= sizeof glissade_storage::states / sizeof *glissade_storage::states);

// The tensors of a caller.
class list {
public:
  list(const erased_rule &rule, std::size_t count, const void *tensors)
      : rule_(rule),
        count_(count),
        size_(count && tensors ? size_at(tensors) : 0),
        at_(static_cast<const unsigned char *>(tensors)) {}

  const erased_rule &rule() const { return rule_; }
  std::size_t count() const { return count_; }
  std::size_t struct_size() const { return size_; }
  const unsigned char *at(std::size_t i) const { return at_ + i * size_; }

  tensor operator()(std::size_t i) const {
    const unsigned char *from = at(i);
    return {read<std::size_t>(from + sizeof(std::size_t)),
            reinterpret_cast<float *const *>(from + rule_.arrays_at),
            read<const void *>(from + rule_.options_at),
            read<const glissade_storage *>(from + rule_.options_at + sizeof(void *))};
  }

  template <class T>
  static T read(const void *from) {
    T value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
  }
  static std::size_t size_at(const void *begin) { return read<std::size_t>(begin); }

private:
  const erased_rule &rule_;
  std::size_t count_, size_;
  const unsigned char *at_;
};

// The lines of a tensor before a cut among threads: a stored one is cut between blocks.
template <class Tensor>
std::size_t cut_of(const Tensor &t, std::size_t lines) {
  constexpr std::size_t lines_of_block = block_size / line;
  return t.storage && lines < lines_of(t.n) ? lines / lines_of_block * lines_of_block : lines;
}

// Of the tensors that list(0) to list(count - 1) return, calls visit(tensor, begin, end, next) for the elements
// that lie in lines [first, last) of the row; `next` is the tensor that is visited after it, or null.
template <class List, class Visit>
void for_lines(std::size_t count, const List &list, std::size_t first, std::size_t last, const Visit &visit) {
  if (count == 0) return;
  auto t = list(0);
  if (count == 1) { // in fewer instructions: a step on one small tensor is mostly these
    const std::size_t begin = cut_of(t, first) * line, to = cut_of(t, last) * line, end = to < t.n ? to : t.n;
    if (begin < end) visit(t, begin, end, nullptr);
    return;
  }
  std::size_t start = 0;
  auto following = t;
  for (std::size_t i = 0; i < count && start < last; ++i, t = following) {
    const std::size_t end = start + lines_of(t.n);
    const bool more = i + 1 < count && end < last;
    if (more) following = list(i + 1);
    if (end > first) {
      const std::size_t begin = cut_of(t, (first > start ? first : start) - start) * line,
                        to = cut_of(t, last - start) * line, until = to < t.n ? to : t.n;
      if (begin < until) visit(t, begin, until, more ? &following : nullptr);
    }
    start = end;
  }
}

} // namespace glissade
