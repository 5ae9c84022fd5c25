// The checksum of a saved model, and the byte order of its file.
#if __cplusplus < 202002L
#  error "glissade/checksum.hpp needs C++20; older C++ includes glissade/glissade.h"
#elif !defined(GLISSADE_CHECKSUM_HPP)
#  define GLISSADE_CHECKSUM_HPP

#  include <algorithm>
#  include <array>
#  include <bit>
#  include <cstddef>
#  include <cstdint>
#  include <cstring>

namespace glissade {

// From the byte order of the machine to that of the file, little endian, and back.
inline std::uint64_t little(std::uint64_t x) {
  return std::endian::native == std::endian::little ? x : __builtin_bswap64(x);
}
inline std::uint32_t little(std::uint32_t x) {
  return std::endian::native == std::endian::little ? x : __builtin_bswap32(x);
}

// XXH64 (Y. Collet) of all bytes added, with seed 0.
class checksum {
public:
  void add(const void *data, std::size_t bytes) {
    auto at = static_cast<const unsigned char *>(data);
    total_ += bytes;
    if (held_ != 0) {
      const std::size_t more = std::min(bytes, sizeof block_ - held_);
      std::memcpy(block_ + held_, at, more);
      held_ += more, at += more, bytes -= more;
      if (held_ < sizeof block_) return;
      mix(block_, sizeof block_);
    }
    held_ = bytes % sizeof block_;
    mix(at, bytes - held_);
    std::memcpy(block_, at + bytes - held_, held_);
  }

  std::uint64_t value() const {
    std::uint64_t h = prime[4];
    if (total_ >= sizeof block_) {
      h = std::rotl(sums_[0], 1) + std::rotl(sums_[1], 7) + std::rotl(sums_[2], 12) + std::rotl(sums_[3], 18);
      for (const std::uint64_t sum : sums_)
        h = (h ^ round(0, sum)) * prime[0] + prime[3];
    }
    h += total_;
    const unsigned char *at = block_, *end = block_ + held_;
    for (; end - at >= 8; at += 8)
      h = std::rotl(h ^ round(0, word<std::uint64_t>(at)), 27) * prime[0] + prime[3];
    for (; end - at >= 4; at += 4)
      h = std::rotl(h ^ word<std::uint32_t>(at) * prime[0], 23) * prime[1] + prime[2];
    for (; at != end; ++at)
      h = std::rotl(h ^ *at * prime[4], 11) * prime[0];
    h = (h ^ h >> 33) * prime[1];
    h = (h ^ h >> 29) * prime[2];
    return h ^ h >> 32;
  }

private:
  static constexpr std::uint64_t prime[] = {0x9e3779b185ebca87, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9,
                                            0x85ebca77c2b2ae63, 0x27d4eb2f165667c5};

  template <class Word>
  static Word word(const unsigned char *at) {
    Word x;
    std::memcpy(&x, at, sizeof x);
    return little(x);
  }
  static std::uint64_t round(std::uint64_t sum, std::uint64_t x) {
    return std::rotl(sum + x * prime[1], 31) * prime[0];
  }
  void mix(const unsigned char *at, std::size_t bytes) {
    auto sums = sums_;
    for (; bytes != 0; at += 32, bytes -= 32)
      for (std::size_t i = 0; i < 4; ++i)
        sums[i] = round(sums[i], word<std::uint64_t>(at + 8 * i));
    sums_ = sums;
  }

  std::array<std::uint64_t, 4> sums_{prime[0] + prime[1], prime[1], 0, 0 - prime[0]};
  unsigned char block_[32];
  std::size_t held_ = 0;
  std::uint64_t total_ = 0;
};

} // namespace glissade

#endif
