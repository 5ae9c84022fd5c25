// Steps by trust ratios, right and wrong: the ratios of a plain loop, and the scalar kernel's step at the rates they give.
#pragma once
#include "../textbook_norm.hpp"
#include "stored.hpp"

namespace fuzz {

struct chosen_trust {
  glissade_trust value = GLISSADE_TRUST_LAMB;
  bool given = true;
  statuses faults;
};

inline chosen_trust choose_trust(input &in) {
  chosen_trust chosen;
  glissade_trust &t = chosen.value;
  constexpr double usual[] = {1, 0, 1e-3, .5};
  const auto choose = [&](double &x, glissade_status fault) {
    x = in.one_in(8) ? wild_number(in) : usual[in.below(std::size(usual))];
    if (!(x >= 0 && x <= FLT_MAX)) chosen.faults.push_back(fault);
  };
  choose(t.coefficient, GLISSADE_BAD_COEFFICIENT);
  choose(t.eps, GLISSADE_BAD_EPS);
  choose(t.max_ratio, GLISSADE_BAD_MAX_RATIO);
  t.of_gradient = in.one_in(32) ? static_cast<int>(in.byte()) - 127 : static_cast<int>(in.below(2));
  if (t.of_gradient != 0 && t.of_gradient != 1) chosen.faults.push_back(GLISSADE_BAD_OF_GRADIENT);
  if (in.one_in(64)) {
    t.struct_size -= 8;
    chosen.faults.push_back(GLISSADE_BAD_STRUCT_SIZE);
  }
  chosen.given = !in.one_in(64);
  if (!chosen.given) chosen.faults = {GLISSADE_NULL_TRUST};
  return chosen;
}

// The ratio of a tensor with these arrays, of which the options need some.
template <class rule, class Arrays, class Needs>
double ratio_of(const family::options_of<rule> &o, const glissade_trust &trust, Arrays all,
                const Needs &needs) {
  const std::size_t n = all[0].size();
  const auto norm_of = [&](const auto &x) { return norm_in_order({family::gradient(n, x.data())}); };
  const double param = norm_of(all[0]);
  double update;
  if (trust.of_gradient) {
    update = norm_of(all[1]) * std::abs(o.grad_scale) + o.weight_decay * param;
  } else {
    auto unit = o;
    unit.lr = 1;
    unit.threads = 1;
    auto moved = all[0];
    float *at[family::array_count<rule>] = {moved.data()};
    for (std::size_t k = 1; k < std::size(at); ++k)
      at[k] = needs(k) ? all[k].data() : nullptr;
    use("scalar");
    expect(family::step<rule>(unit, n, at) == GLISSADE_OK, "the scalar kernel takes the step with lr = 1");
    for (std::size_t i = 0; i < n; ++i)
      moved[i] = all[0][i] - moved[i];
    update = norm_of(moved);
  }
  if (!(param > 0 && update > 0 && std::isfinite(param) && std::isfinite(update))) return 1;
  const double ratio = trust.coefficient * param / (update + trust.eps);
  return trust.max_ratio > 0 ? std::min(ratio, trust.max_ratio) : ratio;
}

// The options with which a tensor of this ratio takes the step.
template <class Options>
Options at_ratio(Options o, const glissade_trust &trust, double ratio) {
  const auto multiply = [&](double &x) { x = std::clamp<double>(x * ratio, -FLT_MAX, FLT_MAX); };
  if (!trust.of_gradient) {
    multiply(o.lr);
    return o;
  }
  multiply(o.grad_scale);
  multiply(o.weight_decay);
  return o;
}

inline void expect_ratios(bool taken, const std::vector<double> &got, const std::vector<double> &right) {
  for (std::size_t i = 0; i < got.size(); ++i)
    expect(got[i] == (taken ? right[i] : -5),
           taken ? "the ratio is right" : "a fault leaves the ratios alone", i);
}

// A list of tensors, some with the second options.
template <class rule>
void fuzz_trust(input &in) {
  using functions = glissade::functions<family::options_of<rule>>;
  const chosen_trust trust = choose_trust(in);
  auto o = choose_options<rule>(in), other = choose_options<rule>(in);
  auto effective = other; // as its options hold for a tensor
  if (other.value.step == 0) effective.value.step = o.value.step;
  statuses faults = trust.faults;
  add_faults(o, faults);

  std::deque<tensor<rule>> list;
  std::vector<typename functions::tensor> given;
  const std::size_t count = in.below(5), wrong = in.one_in(8) ? in.below(5) : count;
  for (std::size_t i = 0; i < count; ++i) {
    const bool own = in.one_in(3);
    auto &t = list.emplace_back(i, own ? effective : o, in);
    if (own) add_faults(effective, faults);
    if (i > 0 && i - 1 != wrong && in.one_in(8))
      if (const auto fault = t.reach_into(list[i - 1], in)) faults.push_back(fault);
    if (i == wrong)
      if (const auto fault = t.bend(0, in)) faults.push_back(fault);
    given.push_back(family::tensor_of<rule>(t.given_n, t.at.data(), own ? &other.value : nullptr));
  }
  const bool told = !in.one_in(4);
  std::vector<double> ratios(told ? count : 0, -5), right;
  use_any(in);
  const auto status = functions::step_many_trust(
      &o.value, count, given.data(), trust.given ? &trust.value : nullptr, told ? ratios.data() : nullptr);
  if (!faults.empty())
    expect_one_of(faults, status);
  else
    expect(status == GLISSADE_OK, "a step by trust ratios is taken", status);
  for (auto &t : list) {
    if (status == GLISSADE_OK) {
      const auto &its = t.o->value;
      right.push_back(ratio_of<rule>(its, trust.value, t.before, [&](std::size_t k) { return t.needs(k); }));
      use("scalar");
      t.step_by_scalar(at_ratio(its, trust.value, right.back()));
    }
    t.expect_contents(t.after);
  }
  expect_ratios(status == GLISSADE_OK, ratios, right);
}

// The same with stored arrays: the ratios of what they decode to.
template <class rule>
void fuzz_trust_stored(input &in) {
  using functions = glissade::functions<family::options_of<rule>>;
  const chosen_trust trust = choose_trust(in);
  const auto o = choose_options<rule>(in);
  statuses faults = trust.faults;
  add_faults(o, faults);
  std::deque<stored_tensor<rule>> list;
  std::vector<typename functions::tensor> given;
  const std::size_t count = in.below(4);
  const std::size_t wrong = in.one_in(4) ? in.below(4) : count;
  std::vector<std::vector<std::vector<float>>> floats;
  for (std::size_t i = 0; i < count; ++i) {
    auto &t = list.emplace_back(i, o, in);
    if (t.needs_step() && o.value.step < 1) faults.push_back(GLISSADE_BAD_STEP);
    floats.push_back(t.decoded());
    if (i == wrong)
      if (const auto fault = t.bend(false, in)) faults.push_back(fault);
    given.push_back(t.tensor);
  }
  const auto run = [&](std::vector<double> &ratios) {
    ratios.assign(count, -5);
    return functions::step_many_trust(&o.value, count, given.data(), trust.given ? &trust.value : nullptr,
                                      ratios.data());
  };
  std::vector<double> ratios, right;
  use_any(in);
  const auto status = run(ratios);
  if (!faults.empty())
    expect_one_of(faults, status);
  else
    expect(status == GLISSADE_OK, "a step by trust ratios is taken", status);
  std::vector<std::vector<family::bytes>> after;
  for (std::size_t i = 0; i < count; ++i) {
    auto &t = list[i];
    after.push_back(t.contents());
    if (status != GLISSADE_OK) {
      t.expect_nothing_changed();
      continue;
    }
    right.push_back(
        ratio_of<rule>(o.value, trust.value, floats[i], [&](std::size_t k) { return t.uses(k); }));
    t.expect_encoded(floats[i], at_ratio(o.value, trust.value, right[i]));
    t.restore();
  }
  expect_ratios(status == GLISSADE_OK, ratios, right);
  if (status != GLISSADE_OK) return;
  use("scalar");
  expect(run(ratios) == GLISSADE_OK, "the scalar kernel does the same");
  expect_ratios(true, ratios, right);
  for (std::size_t i = 0; i < count; ++i)
    list[i].expect_contents(after[i]);
}

} // namespace fuzz
