// AdaGrad as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_adagrad> {
  using o = glissade_adagrad;
  static auto fields() {
    return with_common_fields<o>({{"lr_decay", &o::lr_decay, GLISSADE_BAD_LR_DECAY, {-1e-300}},
                                  {"initial_accumulator_value",
                                   &o::initial_accumulator_value,
                                   GLISSADE_BAD_INITIAL_ACCUMULATOR_VALUE,
                                   {-1e-300}},
                                  {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}},
                                  {"torch_sparse", &o::torch_sparse, GLISSADE_BAD_TORCH_SPARSE, {-1, 2}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return o.lr_decay != 0;
  }
  static std::vector<state> states(const o &o) {
    static_cast<void>(o);
    return {{"sum", GLISSADE_NULL_SUM, true, o.initial_accumulator_value}};
  }
  static std::vector<vectors> files() { return {{"adagrad.torch", 0}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    const bounded g = prepared(o, param, grad, true);
    state[0] = flush(state[0] + g * g, least_kept(o));
    const bounded lr = bounded::rounded(o.lr / (1 + double(o.step - 1) * o.lr_decay));
    param = param - lr * g / (sqrt(state[0]) + bounded::rounded(o.eps));
  }
};
