// Floats of every kind from well-mixed bits, and how two are compared.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace family {

// Well-mixed bits of a number (the finaliser of MurmurHash3). The script of the PyTorch vectors has the same.
inline std::uint32_t mixed(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

// A float of any kind from random bits: mostly of ordinary size, at times zero, subnormal,
// huge, infinite or NaN.
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
inline bool same_bits(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }
inline std::size_t first_difference(const float *a, const float *b, std::size_t n) {
  if (n == 0 || std::memcmp(a, b, n * sizeof *a) == 0) return n;
  std::size_t i = 0;
  while (i < n && same_bits(a[i], b[i]))
    ++i;
  return i;
}

} // namespace family
