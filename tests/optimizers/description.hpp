// What the tests know of an optimizer: its fields by name, what is wrong for each, and its formula.
#pragma once
#include "../bounded.hpp"
#include "glissade/glissade.hpp"
#include <algorithm>
#include <cfloat>
#include <limits>
#include <span>
#include <string>
#include <variant>
#include <vector>

template <class Options>
struct field {
  using pointer = std::variant<double Options::*, int Options::*, std::int64_t Options::*>;
  const char *name;
  pointer at;
  glissade_status fault;
  std::vector<double> wrong; // besides NaN and infinity for a double; the ends of what is refused

  std::size_t size() const {
    return std::visit([](auto p) { return sizeof(std::declval<Options>().*p); }, at);
  }
  void set(Options &o, double value) const {
    std::visit([&](auto p) { o.*p = static_cast<std::remove_reference_t<decltype(o.*p)>>(value); }, at);
  }
  double get(const Options &o) const {
    return std::visit([&](auto p) { return static_cast<double>(o.*p); }, at);
  }
  bool is_real() const { return at.index() == 0; }
  std::vector<double> all_wrong() const {
    auto values = wrong;
    if (at.index() == 1 && fault != GLISSADE_BAD_THREADS) // a flag, all of its bits
      values.insert(values.end(), {65536, 65537, 2147483647, -2147483648.});
    if (is_real() && std::find(values.begin(), values.end(), -1e-300) != values.end())
      values.push_back(-std::numeric_limits<double>::denorm_min());
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (is_real()) values.insert(values.end(), {std::nan(""), infinity, -infinity, 3.5e38, -3.5e38});
    return values;
  }
};

// The fields that every options struct has.
template <class Options>
std::vector<field<Options>> with_common_fields(std::vector<field<Options>> own) {
  own.insert(own.end(),
             {{"lr", &Options::lr, GLISSADE_BAD_LR, {-1e-300}},
              {"weight_decay", &Options::weight_decay, GLISSADE_BAD_WEIGHT_DECAY, {-1e-300}},
              {"grad_scale", &Options::grad_scale, GLISSADE_BAD_GRAD_SCALE, {0, 1e-46, -0x1p-150}},
              {"maximize", &Options::maximize, GLISSADE_BAD_MAXIMIZE, {-1, 2}},
              {"flush_subnormals", &Options::flush_subnormals, GLISSADE_BAD_FLUSH_SUBNORMALS, {-1, 2}},
              {"threads", &Options::threads, GLISSADE_BAD_THREADS, {-1}},
              {"step", &Options::step, GLISSADE_BAD_STEP, {0, -1}}});
  return own;
}

struct state {
  const char *name;
  glissade_status if_null;
  bool needed = true;
  double initial = 0;
  bool moves_param = true; // whether param depends on it
};

// A file of steps that another library computed, and how far from them ours may be, relative to max(1, |x|).
struct vectors {
  std::string name;
  double tolerance;
};

// Specialised for each optimizer: fields(), needs_step(), states(), files(), and one element's step().
template <class Options>
struct description;

// The gradient as every optimizer takes it: scaled, turned, and with L2 decay.
template <class Options>
bounded prepared(const Options &o, bounded param, bounded grad, bool l2) {
  bounded g = bounded::rounded(o.grad_scale) * grad;
  if (o.maximize) g = -g;
  return o.weight_decay != 0 && l2 ? g + bounded::rounded(o.weight_decay) * param : g;
}

inline bounded moving_average(bounded average, bounded value, double decay) {
  return bounded::rounded(decay) * average + bounded::rounded(1 - decay) * value;
}

template <class Options>
double least_kept(const Options &o) {
  return o.flush_subnormals ? FLT_MIN : 0;
}
