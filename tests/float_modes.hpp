// The floating-point mode of a thread, and modes that a caller may have set.
#pragma once
#include <cfenv>
#if defined(__x86_64__)
#  include <immintrin.h>
#endif

namespace float_modes {

#if defined(__x86_64__)
inline unsigned long mode() { return _mm_getcsr() & ~0x3fu; }
inline void set(unsigned long m) { _mm_setcsr(static_cast<unsigned>(m)); }
inline constexpr unsigned long standard_mode = 0x1f80;
inline constexpr unsigned long other_modes[] = {
    0x1f80 | 0x8040,        // subnormals flushed and read as zero
    0x1f80 | 0x8000,        // flushed alone
    0x1f80 | 0x0040,        // read as zero alone
    0x1f80 | FE_UPWARD * 8, // the control bits of MXCSR stand three places above those of the x87
    0x1f80 | FE_DOWNWARD * 8,
    0x1f80 | FE_TOWARDZERO * 8,
    0x0000, // all exceptions trap
};
#elif defined(__aarch64__)
inline unsigned long mode() {
  unsigned long m;
  asm volatile("mrs %0, fpcr" : "=r"(m));
  return m;
}
inline void set(unsigned long m) { asm volatile("msr fpcr, %0" ::"r"(m)); }
inline constexpr unsigned long standard_mode = 0;
inline constexpr unsigned long other_modes[] = {1ul << 24, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
#endif

} // namespace float_modes
