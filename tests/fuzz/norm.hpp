// The norm of gradients on any instruction set, right and with wrong arguments.
#pragma once
#include "tensors.hpp"

namespace fuzz {

inline const std::vector<std::string> &isas() {
  static const auto all = family::isas();
  return all;
}
inline void use(const std::string &isa) {
  expect(glissade_use_isa(isa.c_str()) == GLISSADE_OK && glissade_isa() == isa,
         "a listed instruction set is used");
}
inline void use_any(input &in) { use(isas()[in.below(isas().size())]); }

// The norm on any instruction set and number of threads, against the scalar kernel's and
// that of the textbook.
inline glissade_norm fuzz_norm(const std::vector<glissade_grad> &grads, input &in) {
  glissade_norm got = family::no_norm, scalar = got;
  use_any(in);
  const int threads = static_cast<int>(in.below(4));
  expect(glissade_grad_norm(grads.size(), grads.data(), threads, &got) == GLISSADE_OK, "a norm is found");
  use("scalar");
  expect(glissade_grad_norm(grads.size(), grads.data(), 1, &scalar) == GLISSADE_OK,
         "the scalar kernel finds a norm");
  const auto same = [](double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (a != a && b != b);
  };
  expect(same(got.norm, scalar.norm) && same(got.max_abs, scalar.max_abs) && got.finite == scalar.finite,
         "the norm has the bits of the scalar kernel");
  long double sum = 0, most = 0;
  bool finite = true;
  for (const auto &g : grads)
    for (std::size_t i = 0; i < g.n; ++i) {
      const long double x = std::abs(g.grad[i]);
      sum += x * x;
      most = std::max(most, x);
      finite = finite && std::isfinite(g.grad[i]);
    }
  expect(got.finite == finite, "finite says whether every element is");
  if (!finite) {
    expect(!std::isfinite(got.norm) && same(got.norm, got.max_abs), "a norm of what is not finite is not");
    return got;
  }
  const long double right = std::sqrt(sum);
  expect(std::abs(got.norm - right) <= 1e-12L * right, "the norm is right");
  expect(got.max_abs == most, "the largest magnitude is right");
  return got;
}

// The norm of arrays one of which may be wrong, as any other argument may.
inline void fuzz_bad_norm(const float *grad, std::size_t n, input &in) {
  std::vector<glissade_grad> grads(in.below(4), family::gradient(n, grad));
  statuses faults;
  if (!grads.empty()) {
    auto &bent = grads[in.below(grads.size())];
    switch (in.below(5)) {
    case 0:
      bent.grad = nullptr;
      if (n != 0) faults.push_back(GLISSADE_NULL_GRAD);
      break;
    case 1:
      bent.grad = reinterpret_cast<const float *>(reinterpret_cast<const char *>(grad) + 1 + in.below(3));
      if (n != 0) faults.push_back(GLISSADE_MISALIGNED_ARRAY);
      break;
    case 2:
      bent.n = SIZE_MAX / 8 + 1 + in.word(8) % (SIZE_MAX / 8 * 7);
      faults.push_back(GLISSADE_BAD_N);
      break;
    case 3: // as many elements as there are up to the last address, which no array has
      bent.n = 1 + in.below(large);
      bent.grad = reinterpret_cast<const float *>(0 - 4 * bent.n);
      faults.push_back(GLISSADE_BAD_N);
      break;
    default:
      break;
    }
  }
  const bool no_list = in.one_in(8), no_result = in.one_in(8);
  const int threads = in.one_in(8) ? -1 - static_cast<int>(in.byte()) : static_cast<int>(in.below(4));
  if (no_list && !grads.empty()) faults.push_back(GLISSADE_NULL_TENSORS);
  if (no_result) faults.push_back(GLISSADE_NULL_RESULT);
  if (threads < 0) faults.push_back(GLISSADE_BAD_THREADS);
  if (faults.empty()) faults.push_back(GLISSADE_OK);
  glissade_norm result = family::no_norm;
  const auto status = glissade_grad_norm(grads.size(), no_list ? nullptr : grads.data(), threads,
                                         no_result ? nullptr : &result);
  expect_one_of(faults, status);
  if (status != GLISSADE_OK)
    expect(result.norm == -5 && result.max_abs == -5 && result.finite == -5,
           "a fault leaves the result alone");
}

} // namespace fuzz
