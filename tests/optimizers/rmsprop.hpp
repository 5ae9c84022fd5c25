// RMSprop as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_rmsprop> {
  using o = glissade_rmsprop;
  static auto fields() {
    return with_common_fields<o>(
        {{"alpha", &o::alpha, GLISSADE_BAD_ALPHA, {-1e-300, 1}},
         {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}},
         {"momentum", &o::momentum, GLISSADE_BAD_MOMENTUM, {-1e-300}},
         {"initial_square_avg", &o::initial_square_avg, GLISSADE_BAD_INITIAL_SQUARE_AVG, {-1e-300}},
         {"centered", &o::centered, GLISSADE_BAD_CENTERED, {-1, 2}},
         {"nesterov", &o::nesterov, GLISSADE_BAD_NESTEROV, {-1, 2}},
         {"eps_in_sqrt", &o::eps_in_sqrt, GLISSADE_BAD_EPS_IN_SQRT, {-1, 2}},
         {"lr_in_momentum", &o::lr_in_momentum, GLISSADE_BAD_LR_IN_MOMENTUM, {-1, 2}},
         {"decoupled_weight_decay", &o::decoupled_weight_decay, GLISSADE_BAD_DECOUPLED_WEIGHT_DECAY, {-1, 2}},
         {"bias_correction", &o::bias_correction, GLISSADE_BAD_BIAS_CORRECTION, {-1, 2}}});
  }

  static bool needs_step(const o &o) { return o.bias_correction; }

  static std::vector<state> states(const o &o) {
    return {{"square_avg", GLISSADE_NULL_SQUARE_AVG, true, o.initial_square_avg},
            {"grad_avg", GLISSADE_NULL_GRAD_AVG, o.centered == 1},
            {"momentum_buffer", GLISSADE_NULL_MOMENTUM_BUFFER, o.momentum != 0}};
  }

  static std::vector<vectors> files() {
    return {{"rmsprop.torch", 0}, {"rmsprop.keras3", 2e-6}, {"rmsprop.optax", 2e-6}, {"rmsprop.timm", 2e-6}};
  }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    bounded &v = state[0], &mean = state[1], &buffer = state[2];
    const bounded g = prepared(o, param, grad, !o.decoupled_weight_decay);
    const double unbiased = o.bias_correction ? 1 / (1 - std::pow(o.alpha, o.step)) : 1;

    v = flush(moving_average(v, g * g, o.alpha), least_kept(o));
    bounded variance = bounded::rounded(unbiased) * v;
    if (o.centered) {
      mean = flush(moving_average(mean, g, o.alpha), least_kept(o));
      const bounded m = bounded::rounded(unbiased) * mean;
      variance = max(variance - m * m, 0);
    }
    const bounded eps = bounded::rounded(o.eps), lr = bounded::rounded(o.lr);
    const bounded update = g / (o.eps_in_sqrt ? sqrt(variance + eps) : sqrt(variance) + eps);

    if (o.decoupled_weight_decay) param = bounded::rounded(1 - o.lr * o.weight_decay) * param;
    if (o.momentum == 0) {
      param = param - lr * update;
    } else {
      const bounded entering = o.lr_in_momentum ? lr * update : update;
      buffer = flush(bounded::rounded(o.momentum) * buffer + entering, least_kept(o));
      const bounded leaving = o.nesterov ? bounded::rounded(o.momentum) * buffer + entering : buffer;
      param = param - (o.lr_in_momentum ? leaving : lr * leaving);
    }
  }
};
