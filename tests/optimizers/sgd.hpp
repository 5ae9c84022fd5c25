// Gradient descent as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_sgd> {
  using o = glissade_sgd;
  static auto fields() {
    return with_common_fields<o>(
        {{"momentum", &o::momentum, GLISSADE_BAD_MOMENTUM, {-1e-300}},
         {"dampening", &o::dampening, GLISSADE_BAD_DAMPENING, {}},
         {"nesterov", &o::nesterov, GLISSADE_BAD_NESTEROV, {-1, 2}},
         {"buffer_from_zero", &o::buffer_from_zero, GLISSADE_BAD_BUFFER_FROM_ZERO, {-1, 2}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return o.momentum != 0 && !o.buffer_from_zero;
  }
  static std::vector<state> states(const o &o) {
    static_cast<void>(o);
    return {{"momentum_buffer", GLISSADE_NULL_MOMENTUM_BUFFER, o.momentum != 0}};
  }
  static std::vector<vectors> files() { return {{"sgd.torch", 0}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    const bounded g = prepared(o, param, grad, true), mu = bounded::rounded(o.momentum);
    bounded direction = g;
    if (o.momentum != 0) {
      const bool first = o.step == 1 && !o.buffer_from_zero;
      state[0] = flush(first ? g : mu * state[0] + bounded::rounded(1 - o.dampening) * g, least_kept(o));
      direction = o.nesterov ? g + mu * state[0] : state[0];
    }
    param = param - bounded::rounded(o.lr) * direction;
  }
};
