// Finds the first fault in the arguments of a call, before anything is touched.
#pragma once
#include "list.hpp"

namespace glissade {

class list_of_rows;

// Options as this version knows them: where the struct is of another version, or the call supplies the step, a copy.
class known_options {
public:
  known_options() = default;
  known_options(const known_options &) = delete;

  const void *of(const erased_rule &, const void *given);
  // The options that hold for a tensor: its own, or those of the call. A step of 0 among its own means the call's.
  const void *of(const erased_rule &, const void *own, const void *of_call);

private:
  void copy(const erased_rule &, const void *given);

  alignas(std::uint64_t) unsigned char copy_[longest_options];
};

inline std::int64_t step_of(const erased_rule &rule, const void *options) {
  return list::read<std::int64_t>(static_cast<const unsigned char *>(options) + rule.step_at);
}
inline double grad_scale_of(const erased_rule &rule, const void *options) {
  return list::read<double>(static_cast<const unsigned char *>(options) + rule.grad_scale_at);
}
inline int threads_of(const erased_rule &rule, const void *options) {
  return list::read<int>(static_cast<const unsigned char *>(options) + rule.threads_at);
}

// The size that a struct begins with: smaller from the first version on, or larger where the surplus is 0.
glissade_status check_size(const void *begin, std::size_t first, std::size_t known);

// The same for an element of a list, all of which begin with the same size.
glissade_status check_element(const void *begin, std::size_t size_of_all, std::size_t first,
                              std::size_t known);

glissade_status check_options(const erased_rule &, const void *options);

glissade_status check_step_number(const erased_rule &, const void *options);

glissade_status check_array(const float *array, std::size_t n, glissade_status if_null);
glissade_status check_indices_array(const std::int64_t *indices, std::size_t count);

// A list of `count` structs of `size` bytes.
glissade_status check_count(const void *list, std::size_t count, std::size_t size);

// What a call on a list needs to know beside it: a step or, of the states from array `first` = 2 on, a reset.
struct list_call {
  known_options known;
  const void *options; // of the call, as this version knows them
  std::size_t at;      // of the tensor at fault, or the count
  std::size_t lines;   // cache lines of all tensors
};
// In a step on rows, `rows` says which.
glissade_status check_call(const void *options, const list &, std::size_t first, list_call &,
                           const list_of_rows *rows = nullptr);

} // namespace glissade
