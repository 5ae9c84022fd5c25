// What is measured: each optimizer with everything that can take its step.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace perf {

// What a contender leaves in the arrays, compared with the library.
enum class result { same_bits, same_but_for_rounding, nothing_changed };

// One way to take a step on n elements with so many threads, or a part of one.
struct contender {
  std::string name;
  bool is_library;
  result leaves;
  bool only_subnormals; // of interest only where the state is subnormal
  std::function<void(std::size_t n, int threads, float *const *arrays)> step;
  std::string isa = {}; // of the library, for choose_isa
};

// To be called before steps of the contender: it is no part of one.
void choose_isa(const contender &c);

// How many roots and divisions a formula takes.
struct divider_use {
  std::size_t roots = 0, divisions = 0;
};

// An optimizer with its default options. Its arrays are param, grad, every state, and one of scratch.
struct subject {
  std::string name;
  std::size_t arrays = 0;
  std::vector<std::size_t> used; // those that these options read, in order; all but number 1 are written too
  std::vector<std::size_t> checked; // those in which contenders must agree
  divider_use divider = {};         // of each element
  std::size_t only_n = 0;           // measured at this size alone; 0: at sizes that follow from the caches
  contender limit;
  std::vector<contender> contenders; // the library on the best instruction set first
};

// The optimizers of the list, the options of them that have a name of their own, some on lists of tensors and on stored
// arrays, and the norm of the gradients.
std::vector<subject> all_subjects();
std::vector<subject> stored_subjects();

// How many of so many floats, cut one after another from the same arrays, a list of tensors has.
struct layout {
  std::string name;
  std::vector<std::size_t> sizes;
};
std::vector<layout> layouts();

// The threads that a step with `threads` = 0 may use.
int all_threads();

} // namespace perf
