// Makes the contenders of every optimizer of the list.
#include "subjects.hpp"
#include "chunks.hpp"
#include "glissade/glissade.hpp"
#include "limit.hpp"
#include "rivals/rivals.hpp"
#include "rules.hpp"
#include <array>
#include <span>

namespace perf {
namespace {

template <class rule>
using options_of = typename rule::options;

template <class rule>
contender library(std::string name, std::string isa, options_of<rule> options) {
  const auto step = [isa, options](std::size_t n, int threads, float *const *arrays) {
    auto o = options;
    o.threads = threads;
    glissade::check(glissade_use_isa(isa.c_str()));
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      glissade::check(
          glissade::functions<options_of<rule>>::step(&o, n, arrays[0], arrays[1], arrays[2 + i]...));
    }
    (std::make_index_sequence<glissade::array_count<rule> - 2>());
  };
  return {name, true, !options.flush_subnormals, options.flush_subnormals != 0, step};
}

// Passes over the arrays with the threads and the chunks of the library.
template <class Options>
contender rival(std::string name, bool same_bits, Options options, std::vector<pass<Options>> passes) {
  const auto step = [options, passes](std::size_t n, int threads, float *const *arrays) {
    for (const auto run : passes)
      over_chunks(n, threads, [&](std::size_t begin, std::size_t end) { run(options, arrays, begin, end); });
  };
  return {name, false, same_bits, false, step};
}

contender limit_of(std::vector<std::size_t> used) {
  const limit_pass run = find_limits(glissade_isa_at(0))->of[used.size()];
  const auto step = [used, run](std::size_t n, int threads, float *const *arrays) {
    std::array<float *, most_arrays> moved{};
    for (std::size_t k = 0; k < used.size(); ++k)
      moved[k] = arrays[used[k]];
    over_chunks(n, threads, [&](std::size_t begin, std::size_t end) { run(moved.data(), begin, end); });
  };
  return {"limit", false, false, false, step};
}

template <class Options>
void add_rivals(const Options &o, std::vector<contender> &to, pass<Options> by_hand, pass<Options> plain,
                pass<Options> plain_native, std::vector<pass<Options>> passes) {
  if (by_hand) to.push_back(rival<Options>("intrinsics", true, o, {by_hand}));
  to.push_back(rival<Options>("plain", false, o, {plain}));
  to.push_back(rival<Options>("plain-native", false, o, {plain_native}));
  to.push_back(rival<Options>("passes", false, o, passes));
}
void add_rivals(const glissade_rmsprop &o, std::vector<contender> &to) {
  add_rivals<glissade_rmsprop>(o, to, intrinsics::rmsprop(), plain::rmsprop, plain_native::rmsprop,
                               {std::begin(passes::rmsprop), std::end(passes::rmsprop)});
}
void add_rivals(const glissade_adam &o, std::vector<contender> &to) {
  if (o.decoupled_weight_decay)
    add_rivals<glissade_adam>(o, to, intrinsics::adamw(), plain::adamw, plain_native::adamw,
                              {std::begin(passes::adamw), std::end(passes::adamw)});
}
// The other optimizers have no rivals.
template <class Options>
void add_rivals(const Options &, std::vector<contender> &) {}

template <class rule>
subject subject_of(const char *name, options_of<rule> options) {
  options.step = 10; // an ordinary one, not the first
  subject s;
  s.name = name;
  s.arrays = glissade::array_count<rule> + 1;
  for (std::size_t k = 0; k < glissade::array_count<rule>; ++k)
    if (glissade::uses<rule>(glissade::mode_of<rule>(options), k)) s.used.push_back(k);
  s.limit = limit_of(s.used);
  for (std::size_t i = 0; const char *isa = glissade_isa_at(i); ++i)
    s.contenders.push_back(library<rule>(isa, isa, options));
  add_rivals(options, s.contenders);
  options.flush_subnormals = 1;
  const std::string best = glissade_isa_at(0);
  s.contenders.push_back(library<rule>(best + "-flush", best, options));
  return s;
}

} // namespace

std::vector<subject> all_subjects() {
  auto momentum = glissade::functions<glissade_sgd>::defaults;
  momentum.momentum = .9;
  return {
#define GLISSADE_OPTIMIZER(name, states, preset)                                                             \
  subject_of<glissade::rules::name>(#name, glissade::functions<glissade_##name>::defaults),
#include "glissade/optimizers.inc"
      subject_of<glissade::rules::sgd>("sgd-momentum", momentum),
      subject_of<glissade::rules::adam>("adamw", GLISSADE_ADAMW_TORCH),
  };
}

int all_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

} // namespace perf
