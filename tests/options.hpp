// Every optimizer of the list, and the options that are worth trying, for the
// tests and for glissade_selftest.
#pragma once
#include "floats.hpp"
#include "glissade/glissade.hpp"
#include "rules.hpp"
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

namespace family {

// A list starts with a comma, so begin with nothing.
template <class Nothing, class... Rules>
using list_of = std::tuple<Rules...>;
using all = list_of<void
#define GLISSADE_OPTIMIZER(name, preset) , glissade::rules::name
#include "glissade/optimizers.inc"
                    >;

template <class rule>
inline constexpr const char *name_of = nullptr;
#define GLISSADE_OPTIMIZER(name, preset)                                                                     \
  template <>                                                                                                \
  inline constexpr const char *name_of<glissade::rules::name> = #name;
#include "glissade/optimizers.inc"

template <class rule>
using options_of = typename rule::options;
template <class rule>
inline constexpr std::size_t array_count = glissade::array_count<rule>;

inline glissade_grad gradient(std::size_t n, const float *grad) {
  return {sizeof(glissade_grad), n, grad, {}};
}
// A result as the caller makes it, before a norm is found.
inline constexpr glissade_norm no_norm = {sizeof(glissade_norm), -5, -5, -5, -5};

// A tensor of the list of arrays: param, grad, the states.
template <class rule>
auto tensor_of(std::size_t n, float *const *arrays, const options_of<rule> *own = nullptr) {
  return glissade::functions<options_of<rule>>::tensor_of(n, arrays[0], arrays[1], arrays + 2, own);
}

// The public step and reset on a list of arrays: param, grad, the states.
template <class rule>
glissade_status step(const options_of<rule> &o, std::size_t n, float *const *arrays) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return glissade::functions<options_of<rule>>::step(&o, n, arrays[0], arrays[1], arrays[2 + i]...);
  }
  (std::make_index_sequence<array_count<rule> - 2>());
}
template <class rule>
glissade_status reset(const options_of<rule> &o, std::size_t n, float *const *arrays) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return glissade::functions<options_of<rule>>::reset(&o, n, arrays[2 + i]...);
  }
  (std::make_index_sequence<array_count<rule> - 2>());
}

// Every options struct that takes another path: all flags, and every number that is 0 by default also with
// another value. The other numbers vary along the way.
template <class rule>
std::vector<options_of<rule>> all_options() {
  using options = options_of<rule>;
  auto start = glissade::functions<options>::defaults;
  start.threads = 1;
  std::vector<options> list{start};
  const auto vary = [&](auto field, bool fraction) {
    const std::size_t before = list.size();
    constexpr bool flag = std::is_same_v<decltype(field), int options::*>;
    const bool doubles = flag || start.*field == 0;
    for (std::size_t i = 0; i < before; ++i) {
      options o = list[i];
      const std::uint32_t random = mixed(static_cast<std::uint32_t>(list.size()));
      if constexpr (flag)
        o.*field = !(start.*field);
      else if (doubles)
        o.*field = fraction ? .9 : .03125 * (1 + random % 20);
      else
        o.*field *= 1 - .001 * (random % 400);
      doubles ? list.push_back(o) : void(list[i] = o);
    }
  };
  enum values { finite, not_0, at_least_0, fraction, flag, count, number };
#define GLISSADE_OPTION(name, NAME, allowed)                                                                 \
  if constexpr (requires { start.name; } && (allowed <= flag)) vary(&options::name, allowed == fraction);
#include "glissade/options.inc"
  for (std::size_t i = 0; i < list.size(); ++i)
    list[i].step = 1 + mixed(static_cast<std::uint32_t>(i)) % 50;
  const std::size_t before = list.size();
  for (std::size_t i = 0; i < before; ++i)
    for (const int step : {1, 2, 1000000}) // the first ones may differ from the others, and a late one
      if (options o = list[i]; rule::reads_step(o)) {
        o.step = step;
        list.push_back(o);
      }
  return list;
}

// One options struct for each mode of the rule, the one with the most else set that is found
// first from the end.
template <class rule>
std::vector<options_of<rule>> one_per_mode() {
  std::vector<options_of<rule>> list;
  std::vector<bool> seen(rule::modes);
  const auto every = all_options<rule>();
  for (auto o = every.rbegin(); o != every.rend(); ++o)
    if (const unsigned mode = glissade::mode_of<rule>(*o); !seen[mode]) {
      seen[mode] = true;
      list.push_back(*o);
    }
  return list;
}

// Is the CPU emulated, so about twenty times slower? Then a test may repeat less of what does not depend on the CPU.
inline bool emulated() { return std::getenv("GLISSADE_EMULATED") != nullptr; }

// The instruction sets that run here.
inline std::vector<std::string> isas() {
  std::vector<std::string> names;
  for (std::size_t i = 0; const char *name = glissade_isa_at(i); ++i)
    names.push_back(name);
  return names;
}

} // namespace family
