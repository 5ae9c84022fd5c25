// The choices that the bytes of a fuzzer stand for; when they run out, every further choice is the first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace fuzz {

class input {
public:
  input(const std::uint8_t *bytes, std::size_t size) : next_(bytes), end_(bytes + size) {}

  std::uint64_t word(int bytes) {
    std::uint64_t all = 0;
    for (; bytes > 0; --bytes)
      all = all << 8 | (next_ != end_ ? *next_++ : 0u);
    return all;
  }
  std::uint32_t byte() { return static_cast<std::uint32_t>(word(1)); }
  std::size_t below(std::size_t n) { return word(n > 256 ? 4 : 1) % n; }
  // False where the bytes have run out.
  bool one_in(std::size_t n) { return below(n) == n - 1; }

private:
  const std::uint8_t *next_, *end_;
};

// What a fuzzer counts as a finding.
inline void expect(bool right, const char *what, std::size_t number = 0) {
  if (right) return;
  std::fprintf(stderr, "not so: %s (%zu)\n", what, number);
  std::abort();
}

} // namespace fuzz
