// The step on tensors that have a storage, and what can be wrong with one.
#pragma once
#include "list.hpp"
#include "storage.hpp"

namespace glissade {

// Finds what is wrong with the storage and the arrays of a tensor whose n is not too large, from array `first` on.
glissade_status check_storage(const erased_rule &, unsigned mode, const tensor &, std::size_t first,
                              std::int64_t step);

// Does one of two tensors, at least one of which is stored, write what the other uses?
bool disturb_stored(const erased_rule &, unsigned mode, const tensor &, unsigned other_mode,
                    const tensor &other);

// Takes the step on elements [begin, end), where begin is a multiple of block_size.
void step_staged(const table &kernels, const erased_rule &, const prepared &, std::int64_t step,
                 const tensor &, std::size_t begin, std::size_t end);

// Writes the state before the first step to the same elements.
void reset_staged(const table &kernels, const erased_rule &, const void *options, const tensor &,
                  std::size_t begin, std::size_t end);

} // namespace glissade
