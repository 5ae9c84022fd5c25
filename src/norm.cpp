// The function of the C API for the norm of gradients.
#include "norm.hpp"
#include "check.hpp"
#include "cpu.hpp"
#include <cstring>

using namespace glissade;

glissade_status glissade_grad_norm(size_t count, const glissade_grad *grads, int threads,
                                   glissade_norm *result) {
  const default_float_mode here;
  constexpr std::size_t first_norm = offsetof(glissade_norm, finite) + sizeof(std::int64_t);
  if (!result) return GLISSADE_NULL_RESULT;
  if (const auto fault = check_size(result, first_norm, sizeof *result)) return fault;
  if (threads < 0) return GLISSADE_BAD_THREADS;
  if (const auto fault = check_count(grads, count, sizeof *grads)) return fault;
  const std::size_t stride = count ? grads->struct_size : 0;
  const auto gradient_at = [=](std::size_t i) {
    glissade_grad g;
    std::memcpy(&g, reinterpret_cast<const unsigned char *>(grads) + i * stride, sizeof g);
    if (g.stored.type == GLISSADE_FLOAT32)
      g.stored = {GLISSADE_FLOAT32, const_cast<float *>(g.grad), nullptr}; // only read
    return g;
  };
  std::size_t lines = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const void *at = reinterpret_cast<const unsigned char *>(grads) + i * stride;
    if (const auto fault = check_element(at, stride, sizeof(glissade_grad), sizeof(glissade_grad)))
      return fault;
    const glissade_grad g = gradient_at(i);
    if (!fits_in_memory(g.n)) return GLISSADE_BAD_N;
    if (!may_be(g.stored.type, GRAD)) return GLISSADE_BAD_GRAD_TYPE;
    if (g.n == 0) continue;
    if (const auto fault = check_stored(g.stored, g.n, GLISSADE_NULL_GRAD)) return fault;
    lines += lines_of(g.n);
    if (!fits_in_memory(lines * line)) return GLISSADE_BAD_N;
  }
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  const norm_sums sums = norm_of(*kernels, threads, here, count, [=](std::size_t i) {
    const glissade_grad g = gradient_at(i);
    return gradient{g.n, g.stored};
  });
  const std::size_t size = result->struct_size;
  const bool finite = __builtin_isfinite(sums.squares); // squares of finite floats do not overflow a double
  const glissade_norm found = {size, __builtin_sqrt(sums.squares), finite ? sums.largest : sums.squares,
                               sums.squares, finite};
  std::memset(result, 0, size);
  std::memcpy(result, &found, size < sizeof found ? size : sizeof found);
  return GLISSADE_OK;
}
