// The norm of gradients as the textbook has it, and in the order that is promised.
#pragma once
#include "glissade/glissade.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

// In the widest type that there is.
inline long double textbook_norm(const std::vector<glissade_grad> &grads) {
  long double sum = 0;
  for (const auto &g : grads)
    for (std::size_t i = 0; i < g.n; ++i)
      sum += static_cast<long double>(g.grad[i]) * g.grad[i];
  return std::sqrt(sum);
}

// The sum of squares of at most 16,384 elements: 32 sums side by side, then added in pairs, the halves to each other.
inline double sum_of_block(const float *x, std::size_t n) {
  std::vector<double> sums(32);
  for (std::size_t i = 0; i < n; ++i)
    sums[i % 32] += double(x[i]) * x[i];
  for (; sums.size() > 1; sums.resize(sums.size() / 2))
    for (std::size_t k = 0; k < sums.size() / 2; ++k)
      sums[k] += sums[k + sums.size() / 2];
  return sums[0];
}

// The norm in the order that glissade.h promises: blocks from the start of each array, consecutive ones in at most
// 1,024 sums of as many as possible alike, the first ones of one more.
inline double norm_in_order(const std::vector<glissade_grad> &grads) {
  std::vector<double> blocks;
  for (const auto &g : grads)
    for (std::size_t i = 0; i < g.n; i += 16384)
      blocks.push_back(sum_of_block(g.grad + i, std::min<std::size_t>(16384, g.n - i)));
  double all = 0;
  std::size_t left = std::min<std::size_t>(blocks.size(), 1024);
  for (auto at = blocks.cbegin(); left > 0; --left) {
    const auto rest = static_cast<std::size_t>(blocks.cend() - at);
    const auto end = at + static_cast<std::ptrdiff_t>((rest + left - 1) / left);
    all += std::accumulate(at, end, 0.);
    at = end;
  }
  return std::sqrt(all);
}
