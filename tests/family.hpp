// Every optimizer of the list behind one interface, so that each test is written once for all of them.
#pragma once
#include "catch.hpp"
#include "optimizers/all.hpp"
#include "options.hpp"
#include <string>

namespace family {

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
