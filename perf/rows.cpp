// glissade_perf_rows: steps on rows of tables beside loops that touch the same rows in the same order. For each table
// and optimizer it prints ns per named row, and the median of limit / time over the rounds.
#include "glissade/glissade.hpp"
#include "limit.hpp"
#include "rules.hpp"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>

namespace {

struct shape {
  std::size_t rows, width, named;
};

// Memory that was written once, so that its pages are there.
using memory = std::unique_ptr<float, void (*)(void *)>;
memory filled(std::size_t n, float least) {
  memory all(static_cast<float *>(std::aligned_alloc(4096, (n * sizeof(float) + 4095) / 4096 * 4096)),
             std::free);
  if (!all) throw std::bad_alloc();
  for (std::size_t i = 0; i < n; ++i)
    all.get()[i] = least + static_cast<float>(i * 2654435761u % 1024) * 0x1p-10f;
  return all;
}

using named_rows = std::vector<std::int64_t>;

// So many different rows, in order.
named_rows random_rows(const shape &s, unsigned seed) {
  std::mt19937_64 random(seed);
  std::set<std::int64_t> all;
  while (all.size() < s.named)
    all.insert(static_cast<std::int64_t>(random() % s.rows));
  return {all.begin(), all.end()};
}

struct contender {
  std::string name;
  std::function<void(const named_rows &)> step;
};

// Moves each row of each array to registers and back, with the rows prefetched that come so many later.
contender limit(const shape &s, const std::vector<float *> &arrays, std::size_t ahead) {
  const perf::rows_pass pass = perf::find_limits(glissade_isa_at(0))->rows[arrays.size()];
  return {"limit, " + std::to_string(ahead) + " ahead",
          [=](const named_rows &rows) { pass(arrays.data(), rows.data(), s.width, ahead, rows.size()); }};
}

// AdaGrad as a user writes it.
contender naive(const shape &s, const std::vector<float *> &arrays) {
  return {"plain loop", [=](const named_rows &rows) {
            const float *grad = arrays[1];
            for (const std::int64_t row : rows) {
              float *param = arrays[0] + std::size_t(row) * s.width,
                    *sum = arrays[2] + std::size_t(row) * s.width;
              for (std::size_t i = 0; i < s.width; ++i) {
                sum[i] += grad[i] * grad[i];
                param[i] -= 1e-2f * grad[i] / (std::sqrt(sum[i]) + 1e-10f);
              }
              grad += s.width;
            }
          }};
}

template <class rule>
contender library(const shape &s, const std::vector<float *> &arrays, typename rule::options o, int threads,
                  float *sums) {
  using functions = glissade::functions<typename rule::options>;
  o.step = 10;
  o.threads = threads;
  std::vector<float *> all(arrays);
  if (sums) all.push_back(sums);
  all.resize(glissade::array_count<rule>);
  return {"glissade", [=](const named_rows &rows) {
            const glissade_rows given = {sizeof given, s.width, rows.size(), rows.data(), sums != nullptr, 0};
            const auto tensor =
                functions::tensor_of(s.rows * s.width, all[0], all[1], all.data() + 2, nullptr);
            glissade::check(functions::step_rows(&o, 1, &tensor, &given));
          }};
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

// The first contender is the library. Each is compared with the limit that is the best one in the median: the best of each
// round would be the one that is disturbed least.
void measure(const std::string &what, const shape &s, const std::vector<contender> &all, int rounds) {
  std::vector<named_rows> sets;
  for (unsigned seed = 0; seed < 16; ++seed)
    sets.push_back(random_rows(s, seed));
  std::vector<std::vector<double>> ns(all.size());
  std::mt19937 random(1);
  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::size_t next = 0;
  for (int round = -1; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      const int steps = 4;
      const auto begin = std::chrono::steady_clock::now();
      for (int k = 0; k < steps; ++k)
        all[i].step(sets[next++ % sets.size()]);
      const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
      if (round >= 0) ns[i].push_back(time.count() / steps / double(s.named));
    }
  }
  std::size_t best = all.size();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].name.starts_with("limit") && (best == all.size() || median(ns[i]) < median(ns[best])))
      best = i;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::printf("%-28s %-18s %8.1f ns per row", what.c_str(), all[i].name.c_str(), median(ns[i]));
    if (best < all.size()) {
      std::vector<double> share;
      for (std::size_t round = 0; round < ns[i].size(); ++round)
        share.push_back(ns[best][round] / ns[i][round]);
      std::printf(" %6.2f of the limit", median(share));
    }
    std::printf("\n");
  }
}

// With one sum for each row the limit is of the other arrays: it moves less than the step.
template <class rule>
void compare(const char *name, const shape &s, typename rule::options o, int threads, int rounds,
             bool row_wise = false) {
  std::vector<memory> kept;
  std::vector<float *> arrays;
  const unsigned mode = glissade::mode_of<rule>(o);
  for (std::size_t k = 0; k < glissade::array_count<rule>; ++k)
    if (glissade::uses<rule>(mode, k) && !(row_wise && k > 1)) {
      kept.push_back(filled((k == 1 ? s.named : s.rows) * s.width, k < 2 ? -.5f : .5f));
      arrays.push_back(kept.back().get());
    }
  const memory sums = filled(s.rows, .5f);
  std::vector<contender> all{library<rule>(s, arrays, o, threads, row_wise ? sums.get() : nullptr)};
  if (threads == 1)
    for (const std::size_t ahead : {0u, 8u, 16u, 32u, 64u, 128u, 256u})
      all.push_back(limit(s, arrays, ahead));
  if (threads == 1 && name == std::string("adagrad")) all.push_back(naive(s, arrays));
  measure(std::string(name) + " " + std::to_string(s.rows >> 10) + "Ki x " + std::to_string(s.width), s, all,
          rounds);
}

} // namespace

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 15, threads = argc > 2 ? std::atoi(argv[2]) : 1;
  for (const shape &s : {shape{4 << 20, 64, 100000}, shape{1 << 20, 16, 100000}}) {
    compare<glissade::rules::adagrad>("adagrad", s, GLISSADE_ADAGRAD_TORCH, threads, rounds);
    compare<glissade::rules::adagrad>("adagrad, row-wise", s, GLISSADE_ADAGRAD_TORCH, threads, rounds, true);
    compare<glissade::rules::adam>("adam", s, GLISSADE_ADAM_TORCH, threads, rounds);
    compare<glissade::rules::sgd>("sgd", s, GLISSADE_SGD_TORCH, threads, rounds);
  }
}
