// The trust ratio of a tensor, from its norms, and the step with it: You, Gitman and Ginsburg 2017; You et al. 2020.
#include "trust.hpp"
#include "check.hpp"
#include "cpu.hpp"
#include "norm.hpp"
#include "staged.hpp"

namespace glissade {
namespace {

struct trust_sums {
  double of_param, of_update; // squares

  void add(const trust_sums &more) {
    of_param += more.of_param;
    of_update += more.of_update;
  }
};

// Takes the step on copies of n elements from `begin` on, one block at a time.
trust_sums sums_of_step(const table &kernels, const erased_rule &rule, const prepared &p, const tensor &t,
                        std::size_t begin, std::size_t n) {
  squares of_param, of_update;
  for (const std::size_t end = begin + n; begin < end; begin += block_size) {
    const std::size_t count = end - begin < block_size ? end - begin : block_size;
    alignas(64) float copies[most_arrays][block_size];
    float *arrays[most_arrays] = {};
    for (std::size_t k = 0; k < rule.count; ++k)
      if (rule.uses(p.mode, k))
        decode(kernels, from_element(t.array(k), begin), count, arrays[k] = copies[k]);
    (kernels.*rule.kernels).elements(p.coefficients, p.mode, arrays, 0, count, nullptr);
    const float *const after = copies[0];
    float *const before = copies[1]; // where the gradient was
    decode(kernels, from_element(t.array(0), begin), count, before);
    kernels.add_squares(before, count, of_param);
    for (std::size_t i = 0; i < count; ++i)
      before[i] -= after[i];
    kernels.add_squares(before, count, of_update);
  }
  return {of_lanes(of_param).squares, of_lanes(of_update).squares};
}

// The options of one tensor, which its ratio changes.
class own_options {
public:
  own_options(const erased_rule &rule, const void *from) { __builtin_memcpy(copy_, from, rule.options_size); }

  const void *all() const { return copy_; }
  double at(std::size_t field) const { return list::read<double>(copy_ + field); }
  void set(std::size_t field, double value) { __builtin_memcpy(copy_ + field, &value, sizeof value); }
  // No option may become infinite as a float.
  void multiply(std::size_t field, double factor) {
    const double product = at(field) * factor, bound = FLT_MAX;
    set(field, product > bound ? bound : product < -bound ? -bound : product);
  }

private:
  alignas(std::uint64_t) unsigned char copy_[longest_options];
};

double ratio_of(const glissade_trust &trust, double param, double update) {
  if (!(param > 0 && update > 0 && param <= DBL_MAX && update <= DBL_MAX)) return 1;
  const double ratio = trust.coefficient * param / (update + trust.eps);
  return trust.max_ratio > 0 && ratio > trust.max_ratio ? trust.max_ratio : ratio;
}

glissade_status check_trust(const glissade_trust *trust) {
  if (!trust) return GLISSADE_NULL_TRUST;
  if (const auto fault = check_size(trust, sizeof *trust, sizeof *trust)) return fault;
  if (!allows<values::at_least_0>(trust->coefficient)) return GLISSADE_BAD_COEFFICIENT;
  if (!allows<values::at_least_0>(trust->eps)) return GLISSADE_BAD_EPS;
  if (!allows<values::at_least_0>(trust->max_ratio)) return GLISSADE_BAD_MAX_RATIO;
  return allows<values::flag>(trust->of_gradient) ? GLISSADE_OK : GLISSADE_BAD_OF_GRADIENT;
}

} // namespace

glissade_status step_trust(const void *options, const list &all, const glissade_trust *trust,
                           double *ratios) {
  const default_float_mode here;
  list_call call;
  if (const auto fault = check_call(options, all, 0, call)) return fault;
  if (const auto fault = check_trust(trust)) return fault;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;

  const erased_rule &rule = all.rule();
  const int threads = threads_of(rule, call.options);
  for (std::size_t i = 0; i < all.count(); ++i) {
    const tensor t = all(i);
    known_options known;
    own_options own(rule, known.of(rule, t.options, call.options));
    const double lr = own.at(rule.lr_at);
    prepared p;
    const auto sums = [&](const auto &sums_of) {
      return added<trust_sums>(
          threads, here, 1, [&](std::size_t) { return t.n; },
          [&](std::size_t, std::size_t begin, std::size_t n) { return sums_of(begin, n); });
    };
    double ratio;
    if (trust->of_gradient) {
      const trust_sums found = sums([&](std::size_t begin, std::size_t n) {
        return trust_sums{squares_of(*kernels, t.array(0), begin, n).squares,
                          squares_of(*kernels, t.array(1), begin, n).squares};
      });
      const double param = __builtin_sqrt(found.of_param),
                   grad = __builtin_sqrt(found.of_update) * __builtin_fabs(own.at(rule.grad_scale_at));
      ratio = ratio_of(*trust, param, grad + own.at(rule.weight_decay_at) * param);
      own.multiply(rule.grad_scale_at, ratio);
      own.multiply(rule.weight_decay_at, ratio);
    } else {
      own.set(rule.lr_at, 1);
      rule.prepare(own.all(), 1, p);
      const trust_sums found = sums(
          [&](std::size_t begin, std::size_t n) { return sums_of_step(*kernels, rule, p, t, begin, n); });
      ratio = ratio_of(*trust, __builtin_sqrt(found.of_param), __builtin_sqrt(found.of_update));
      own.set(rule.lr_at, lr);
      own.multiply(rule.lr_at, ratio);
    }
    if (ratios) ratios[i] = ratio;

    rule.prepare(own.all(), 1, p);
    const std::size_t lines = lines_of(t.n);
    parallel(lines * line, threads, here, [&](std::size_t chunk, std::size_t chunks) {
      for_lines(
          1, [&](std::size_t) { return t; }, cut(lines, chunk, chunks), cut(lines, chunk + 1, chunks),
          [&](const tensor &, std::size_t begin, std::size_t end, const tensor *) {
            if (t.storage)
              step_staged(*kernels, rule, p, step_of(rule, own.all()), t, begin, end);
            else
              (kernels->*rule.kernels).elements(p.coefficients, p.mode, t.arrays, begin, end, nullptr);
          });
    });
  }
  return GLISSADE_OK;
}

} // namespace glissade
