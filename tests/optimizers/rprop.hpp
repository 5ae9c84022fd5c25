// Rprop as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_rprop> {
  using o = glissade_rprop;
  static auto fields() {
    return with_common_fields<o>(
        {{"etaminus", &o::etaminus, GLISSADE_BAD_ETAMINUS, {-1e-300, 1}},
         {"etaplus", &o::etaplus, GLISSADE_BAD_ETAPLUS, {-1e-300}},
         {"step_size_min", &o::step_size_min, GLISSADE_BAD_STEP_SIZE_MIN, {-1e-300}},
         {"step_size_max", &o::step_size_max, GLISSADE_BAD_STEP_SIZE_MAX, {-1e-300}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return false;
  }
  static std::vector<state> states(const o &o) {
    return {{"prev", GLISSADE_NULL_PREV}, {"step_size", GLISSADE_NULL_STEP_SIZE, true, o.lr}};
  }
  static std::vector<vectors> files() { return {{"rprop.torch", 0}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    const bounded g = prepared(o, param, grad, true), turned = sign(g * state[0]);
    const bounded longer = bounded::rounded(turned.x < 0 ? o.etaminus : turned.x > 0 ? o.etaplus : 1);
    const bounded least = bounded::rounded(o.step_size_min), most = bounded::rounded(o.step_size_max);
    state[1] = flush(-max(-max(longer * state[1], least), -most), least_kept(o));
    state[0] = flush(turned.x < 0 ? bounded(0) : g, least_kept(o));
    if (turned.error > 0) state[0].error = state[1].error = HUGE_VAL; // either way
    param = param - sign(state[0]) * state[1];
  }
};
