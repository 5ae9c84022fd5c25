// Makes the contenders of every optimizer of the list.
#include "subjects.hpp"
#include "chunks.hpp"
#include "divider.hpp"
#include "glissade/glissade.hpp"
#include "limit.hpp"
#include "rivals/rivals.hpp"
#include "rules.hpp"
#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#ifdef _OPENMP
#  include <omp.h>
#endif

namespace perf {
namespace {

template <class rule>
using options_of = typename rule::options;

template <class rule>
contender library(std::string name, std::string isa, options_of<rule> options) {
  const auto step = [options](std::size_t n, int threads, float *const *arrays) mutable {
    options.threads = threads;
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      glissade::check(
          glissade::functions<options_of<rule>>::step(&options, n, arrays[0], arrays[1], arrays[2 + i]...));
    }
    (std::make_index_sequence<glissade::array_count<rule> - 2>());
  };
  const bool flush = options.flush_subnormals;
  return {name, true, flush ? result::same_but_for_rounding : result::same_bits, flush, step, isa};
}

// Passes over the arrays with the threads and the chunks of the library.
template <class Options>
contender rival(std::string name, result leaves, Options options, std::vector<pass<Options>> passes) {
  const auto step = [options, passes](std::size_t n, int threads, float *const *arrays) {
    for (const auto run : passes)
      glissade::over_chunks(n, threads, glissade::default_float_mode(),
                            [&](std::size_t begin, std::size_t end) { run(options, arrays, begin, end); });
  };
  return {name, false, leaves, false, step};
}

contender memory_limit(std::vector<std::size_t> used) {
  const memory_pass run = find_limits(glissade_isa_at(0))->memory[used.size()];
  const auto step = [used, run](std::size_t n, int threads, float *const *arrays) {
    std::array<float *, most_arrays> moved{};
    for (std::size_t k = 0; k < used.size(); ++k)
      moved[k] = arrays[used[k]];
    glissade::over_chunks(n, threads, glissade::default_float_mode(),
                          [&](std::size_t begin, std::size_t end) { run(moved.data(), begin, end); });
  };
  return {"limit", false, result::nothing_changed, false, step};
}

contender divider_limit(divider_use each) {
  const auto step = [each, run = find_limits(glissade_isa_at(0))->divider](std::size_t n, int threads,
                                                                           float *const *) {
    glissade::over_chunks(
        n, threads, glissade::default_float_mode(),
        [&](std::size_t begin, std::size_t end) { run(each.roots, each.divisions, end - begin); });
  };
  return {"divider", false, result::nothing_changed, false, step};
}

// A list of tensors, cut from the same arrays one after another; kept from one step to the next, as a program would.
template <class rule>
struct list {
  using tensor = typename glissade::functions<options_of<rule>>::tensor;

  void cut_from(std::size_t n, float *const *arrays) {
    if (n == cut_n && std::equal(cut_arrays.begin(), cut_arrays.end(), arrays)) return;
    cut_n = n;
    std::copy_n(arrays, cut_arrays.size(), cut_arrays.begin());
    tensors.clear();
    std::size_t start = 0;
    for (std::size_t i = 0; i < sizes.size() && start < n; start += sizes[i++])
      tensors.push_back([&]<std::size_t... k>(std::index_sequence<k...>) {
        float *const at[] = {(arrays[k] ? arrays[k] + start : nullptr)...};
        return glissade::functions<options_of<rule>>::tensor_of(std::min(sizes[i], n - start), at[0], at[1],
                                                                at + 2, groups ? &options[i % 2] : nullptr);
      }(std::make_index_sequence<glissade::array_count<rule>>()));
  }

  std::vector<std::size_t> sizes;
  bool groups; // other options, of the same values, than the tensor before
  options_of<rule> options[2] = {};
  std::vector<tensor> tensors = {};
  std::size_t cut_n = 0; // of what the tensors were cut
  std::array<float *, glissade::array_count<rule>> cut_arrays = {};
};

template <class rule>
contender on_list(std::string name, const layout &l, bool groups, options_of<rule> options) {
  const auto kept = std::make_shared<list<rule>>(list<rule>{l.sizes, groups, {options, options}});
  const auto step = [kept](std::size_t n, int threads, float *const *arrays) {
    kept->cut_from(n, arrays);
    kept->options[0].threads = threads;
    glissade::check(glissade::functions<options_of<rule>>::step_many(&kept->options[0], kept->tensors.size(),
                                                                     kept->tensors.data()));
  };
  return {name, true, result::same_bits, false, step, glissade_isa_at(0)};
}

template <class rule>
contender one_by_one(const layout &l, const contender &flat) {
  const auto step = [sizes = l.sizes, flat](std::size_t n, int threads, float *const *arrays) {
    std::array<float *, glissade::array_count<rule>> at;
    std::copy_n(arrays, at.size(), at.begin());
    for (std::size_t i = 0, start = 0; i < sizes.size() && start < n; start += sizes[i++]) {
      flat.step(std::min(sizes[i], n - start), threads, at.data());
      for (float *&one : at)
        if (one) one += sizes[i];
    }
  };
  return {"each", true, result::same_bits, false, step, flat.isa};
}

template <class Options>
void add_rivals(const Options &o, std::vector<contender> &to, pass<Options> by_hand, pass<Options> plain,
                pass<Options> plain_native, std::vector<pass<Options>> passes) {
  if (by_hand) to.push_back(rival<Options>("intrinsics", result::same_bits, o, {by_hand}));
  to.push_back(rival<Options>("plain", result::same_but_for_rounding, o, {plain}));
  to.push_back(rival<Options>("plain-native", result::same_but_for_rounding, o, {plain_native}));
  to.push_back(rival<Options>("passes", result::same_but_for_rounding, o, passes));
}
#ifdef __x86_64__
#  define BY_HAND(name)                                                                                      \
    __builtin_cpu_supports("avx512f")                                 ? intrinsics_avx512::name              \
    : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? intrinsics_avx2::name                \
                                                                      : nullptr
#else
#  define BY_HAND(name) nullptr
#endif
void add_rivals(const glissade_rmsprop &o, std::vector<contender> &to) {
  add_rivals<glissade_rmsprop>(o, to, BY_HAND(rmsprop), plain::rmsprop, plain_native::rmsprop,
                               passes::rmsprop());
}
void add_rivals(const glissade_adam &o, std::vector<contender> &to) {
  if (o.decoupled_weight_decay)
    add_rivals<glissade_adam>(o, to, BY_HAND(adamw), plain::adamw, plain_native::adamw, passes::adamw());
}
// The other optimizers have no rivals.
template <class Options>
void add_rivals(const Options &, std::vector<contender> &) {}

template <class rule>
subject without_contenders(std::string name, const options_of<rule> &options) {
  subject s;
  s.name = name;
  s.arrays = glissade::array_count<rule> + 1;
  for (std::size_t k = 0; k < glissade::array_count<rule>; ++k)
    if (glissade::uses<rule>(glissade::mode_of<rule>(options), k)) s.used.push_back(k);
  s.checked = s.used;
  s.limit = memory_limit(s.used);
  s.divider = divider_use_of<rule>(options);
  return s;
}

constexpr int ordinary_step = 10; // not the first

template <class rule>
subject subject_of(const char *name, options_of<rule> options) {
  options.step = ordinary_step;
  subject s = without_contenders<rule>(name, options);
  for (std::size_t i = 0; const char *isa = glissade_isa_at(i); ++i)
    s.contenders.push_back(library<rule>(isa, isa, options));
  if (s.divider.roots + s.divider.divisions) s.contenders.push_back(divider_limit(s.divider));
  add_rivals(options, s.contenders);
  options.flush_subnormals = 1;
  const std::string best = glissade_isa_at(0);
  s.contenders.push_back(library<rule>(best + "-flush", best, options));
  return s;
}

template <class rule>
subject list_of(std::string name, const layout &l, options_of<rule> options) {
  options.step = ordinary_step;
  subject s = without_contenders<rule>(name + '-' + l.name, options);
  s.only_n = std::accumulate(l.sizes.begin(), l.sizes.end(), std::size_t{0});
  s.contenders = {library<rule>("flat", glissade_isa_at(0), options),
                  on_list<rule>("many", l, false, options)};
  s.contenders.push_back(one_by_one<rule>(l, s.contenders.front()));
  if (s.only_n < 1 << 20) // in a longer list the cost of a group is less than the noise
    s.contenders.push_back(on_list<rule>("groups", l, true, options));
  return s;
}

// Its arrays are none, grad, and one whose first element becomes the norm.
subject norm() {
  subject s;
  s.name = "grad-norm";
  s.arrays = 3;
  s.used = {1};
  s.checked = {1, 2};
  s.limit = memory_limit(s.used);
  for (std::size_t i = 0; const char *isa = glissade_isa_at(i); ++i)
    s.contenders.push_back({isa, true, result::same_bits, false,
                            [](std::size_t n, int threads, float *const *arrays) {
                              const glissade_grad grad = {sizeof grad, n, arrays[1], {}};
                              glissade_norm result = {sizeof result, 0, 0, 0, 0};
                              glissade::check(glissade_grad_norm(1, &grad, threads, &result));
                              arrays[2][0] = static_cast<float>(result.norm);
                            },
                            isa});
  return s;
}

} // namespace

void choose_isa(const contender &c) {
  if (!c.isa.empty()) glissade::check(glissade_use_isa(c.isa.c_str()));
}

std::vector<subject> all_subjects() {
  auto momentum = glissade::functions<glissade_sgd>::defaults;
  momentum.momentum = .9;
  std::vector<subject> all = {
#define GLISSADE_OPTIMIZER(name, preset)                                                                     \
  subject_of<glissade::rules::name>(#name, glissade::functions<glissade_##name>::defaults),
#include "glissade/optimizers.inc"
      subject_of<glissade::rules::sgd>("sgd-momentum", momentum),
      subject_of<glissade::rules::adam>("adamw", GLISSADE_ADAMW_TORCH),
      norm(),
  };
  for (const layout &l : layouts()) {
    all.push_back(list_of<glissade::rules::rmsprop>("rmsprop", l, GLISSADE_RMSPROP_TORCH));
    all.push_back(list_of<glissade::rules::adam>("adamw", l, GLISSADE_ADAMW_TORCH));
  }
  for (subject &s : stored_subjects())
    all.push_back(std::move(s));
  return all;
}

std::vector<layout> layouts() {
  // From 64 to a million, every magnitude as often. In whole lines, so that each begins on one as an allocation does.
  std::vector<std::size_t> mixed;
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i)
    mixed.push_back(glissade::line * std::size_t(4 * std::pow(1e6 / 64, double(random()) * 0x1p-32)));
  return {{"200x1024", std::vector<std::size_t>(200, 1024)}, {"200mixed", mixed}};
}

int all_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

} // namespace perf
