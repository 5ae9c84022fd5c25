// The caller's floating-point mode changes no bit and is left as it was.
#include "family.hpp"
#include <cfenv>
#if defined(__x86_64__)
#  include <immintrin.h>
#endif

namespace {

#if defined(__x86_64__)
unsigned long mode() { return _mm_getcsr() & ~0x3fu; }
void set(unsigned long m) { _mm_setcsr(static_cast<unsigned>(m)); }
constexpr unsigned long other_modes[] = {
    0x1f80 | 0x8040,        // subnormals flushed and read as zero
    0x1f80 | FE_UPWARD * 8, // the control bits of MXCSR stand three places above those of the x87
    0x1f80 | FE_DOWNWARD * 8,
    0x1f80 | FE_TOWARDZERO * 8,
    0x0000, // all exceptions trap
};
#elif defined(__aarch64__)
unsigned long mode() {
  unsigned long m;
  asm volatile("mrs %0, fpcr" : "=r"(m));
  return m;
}
void set(unsigned long m) { asm volatile("msr fpcr, %0" ::"r"(m)); }
constexpr unsigned long other_modes[] = {1ul << 24, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
#endif

} // namespace

TEMPLATE_LIST_TEST_CASE("no floating-point mode of the caller changes a bit", "[environment]", family::all) {
  const auto standard = mode();
  for (auto o : family::one_per_mode<TestType>())
    for (const std::size_t n : {5u, 67u, 40000u}) {
      family::arrays<TestType> expected(n, family::any_float, 4);
      const auto at_expected = expected.at();
      REQUIRE(family::step<TestType>(o, n, at_expected.data()) == GLISSADE_OK);
      for (const auto other : other_modes) {
        family::arrays<TestType> got(n, family::any_float, 4);
        const auto at = got.at();
        set(other);
        o.threads = 2;
        const auto status = family::step<TestType>(o, n, at.data());
        const auto afterwards = mode();
        set(standard);
        INFO("mode " << std::hex << other);
        REQUIRE(status == GLISSADE_OK);
        REQUIRE(afterwards == other);
        REQUIRE(got.difference(expected) == "none");
      }
    }
}
