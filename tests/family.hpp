// Every optimizer of the list behind one interface, so that each test is written once for all of them.
#pragma once
#include "catch.hpp"
#include "glissade/glissade.hpp"
#include "optimizers/all.hpp"
#include "rules.hpp"
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>

namespace family {

// A list starts with a comma, so begin with nothing.
template <class Nothing, class... Rules>
using list_of = std::tuple<Rules...>;
using all = list_of<void
#define GLISSADE_OPTIMIZER(name, states, preset) , glissade::rules::name
#include "glissade/optimizers.inc"
                    >;

template <class rule>
inline constexpr const char *name_of = nullptr;
#define GLISSADE_OPTIMIZER(name, states, preset)                                                             \
  template <>                                                                                                \
  inline constexpr const char *name_of<glissade::rules::name> = #name;
#include "glissade/optimizers.inc"

template <class rule>
using options_of = typename rule::options;
template <class rule>
inline constexpr std::size_t array_count = glissade::array_count<rule>;

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

// Well-mixed bits of a number (the finaliser of MurmurHash3). The script of the PyTorch vectors has the same.
inline std::uint32_t mixed(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

// Every options struct that takes another path: all flags, and every number that is 0 by default also with
// another value. The other numbers vary along the way.
template <class rule>
std::vector<options_of<rule>> all_options() {
  using options = options_of<rule>;
  auto start = glissade::functions<options>::defaults;
  start.threads = 1;
  std::vector<options> list{start};
  const auto vary = [&](const auto &field) {
    const std::size_t before = list.size();
    const bool doubles = field.flag || start.*field.real == 0;
    for (std::size_t i = 0; i < before; ++i) {
      options o = list[i];
      const std::uint32_t random = mixed(static_cast<std::uint32_t>(list.size()));
      if (field.flag)
        o.*field.flag = 1;
      else if (doubles)
        o.*field.real = field.allowed == glissade::range::fraction ? .9 : .03125 * (1 + random % 20);
      else
        o.*field.real *= 1 - .001 * (random % 400);
      doubles ? list.push_back(o) : void(list[i] = o);
    }
  };
  for (const auto &field : glissade::common_options<options>)
    vary(field);
  for (const auto &field : rule::own_options)
    vary(field);
  for (auto &o : list)
    o.step = 1 + mixed(static_cast<std::uint32_t>(&o - list.data())) % 50;
  return list;
}

// One options struct for each mode of the rule, the one with the most else set that is found first from the
// end.
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

// The instruction sets that run here.
inline std::vector<std::string> isas() {
  std::vector<std::string> names;
  for (std::size_t i = 0; const char *name = glissade_isa_at(i); ++i)
    names.push_back(name);
  return names;
}

// A float of any kind from random bits: mostly of ordinary size, at times zero, subnormal, huge, infinite or
// NaN.
inline float any_float(std::uint32_t random) {
  constexpr std::uint32_t special[] = {0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x00800000,
                                       0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000};
  const std::uint32_t kind = mixed(random) % 64;
  if (kind < std::size(special)) return std::bit_cast<float>(special[kind]);
  if (kind < 16) return std::bit_cast<float>(random);
  return std::bit_cast<float>((random & 0x807fffff) | ((100 + kind % 32) << 23)); // 2^-27 to 2^4
}
// An ordinary one: 2^-13 to 4, either sign.
inline float ordinary_float(std::uint32_t random) {
  return std::bit_cast<float>((random & 0x807fffff) | ((114 + mixed(random) % 15) << 23));
}

// Equal bits, or both NaN: the contract leaves the payload and the sign of a NaN open.
inline bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (a != a && b != b);
}
inline std::size_t first_difference(const float *a, const float *b, std::size_t n) {
  if (n == 0 || std::memcmp(a, b, n * sizeof *a) == 0) return n;
  std::size_t i = 0;
  while (i < n && same_bits(a[i], b[i]))
    ++i;
  return i;
}

// Where array k lies: so many floats past a multiple of 64 bytes.
using placement = std::size_t (*)(std::size_t k, std::uint32_t seed);
inline std::size_t aligned(std::size_t, std::uint32_t) { return 0; }
inline std::size_t anywhere(std::size_t k, std::uint32_t seed) {
  return mixed(seed + 77 * static_cast<std::uint32_t>(k)) % 16;
}

// The arrays of an optimizer, each between two margins that nothing may write to.
template <class rule>
class arrays {
public:
  static constexpr std::size_t count = array_count<rule>, margin = 32;

  arrays(std::size_t length, float (*make)(std::uint32_t), std::uint32_t seed, placement place = aligned)
      : n(length) {
    for (std::size_t k = 0; k < count; ++k) {
      auto &memory = memory_[k];
      memory.resize(n + 2 * margin + 32);
      const auto past = reinterpret_cast<std::uintptr_t>(memory.data()) / sizeof(float) % 16;
      start_[k] = margin + (16 - past) + place(k, seed);
      const bool positive = k >= 2 && seed % 4 != 0; // most states are averages of squares
      for (std::size_t i = 0; i < memory.size(); ++i) {
        const float x = make(mixed(seed * 7919 + static_cast<std::uint32_t>(k * 1000003 + i - start_[k])));
        memory[i] = positive ? std::abs(x) : x;
      }
    }
    original_ = memory_;
  }
  arrays(const arrays &) = delete; // a copy would lie elsewhere

  // The pointers to element `begin`.
  std::array<float *, count> at(std::size_t begin = 0) {
    std::array<float *, count> list;
    for (std::size_t k = 0; k < count; ++k)
      list[k] = memory_[k].data() + start_[k] + begin;
    return list;
  }
  const float *array(std::size_t k) const { return memory_[k].data() + start_[k]; }

  bool nothing_changed_outside() const { return unchanged(n); }
  bool nothing_changed() const { return unchanged(0); }

  // The array and the element of the first difference.
  std::string difference(const arrays &b) const {
    for (std::size_t k = 0; k < count; ++k)
      if (const auto i = first_difference(array(k), b.array(k), n); i != n)
        return "array " + std::to_string(k) + " element " + std::to_string(i);
    return "none";
  }

  const std::size_t n;

private:
  // Is all as it was, but for the first n elements of what a step may write?
  bool unchanged(std::size_t written) const {
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t i = 0; i < memory_[k].size(); ++i)
        if (k == 1 || i < start_[k] || i >= start_[k] + written)
          if (!same_bits(memory_[k][i], original_[k][i])) return false;
    return true;
  }

  std::array<std::vector<float>, count> memory_, original_;
  std::array<std::size_t, count> start_;
};

} // namespace family
