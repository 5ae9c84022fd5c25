// Each word of kernels/vec.hpp on each instruction set against integer arithmetic; and
// the powers of kernels/rule.hpp.
#include "words.hpp"
#include "catch.hpp"
#include "exact.hpp"
#include "floats.hpp"
#include "rule.hpp"
#include <array>
#include <utility>
#include <vector>

namespace words {
#define GLISSADE_ISA(name, features) extern const table name;
#include "isas.inc"
} // namespace words

// What words.hpp makes of the words of exact.hpp.
namespace exact {
namespace {
float careful_multiply(float a, float b) { return multiply(a, b); }
float careful_divide(float a, float b) { return divide(a, b); }
float careful_fma(float a, float b, float c) { return fma(a, b, c); }
float careful_sqrt(float a) { return sqrt(a); }
float divided(float a, float b) { return divide(a, words::fraction(b)); }
float root_by_products(float a) { return sqrt(a); }
float divided_root(float a, float b) { return divide(sqrt(a), words::fraction(b)); }
float divided_root_by_both(float a, float b) { return divided_root(a, b); }
float root_from(float a, float) { return sqrt(a); }
float doubts_of_root(float) { return 0; }
float doubts_of_divided(float, float) { return 0; }
float doubts_by_both(float, float) { return 0; }
} // namespace
} // namespace exact

namespace {

struct isa {
  const char *name;
  const words::table &table;
  bool runs;
};
#define HAS(feature) &&__builtin_cpu_supports(feature)
#define GLISSADE_ISA(name, features) {#name, words::name, true features},
const std::vector<isa> isas = {
#include "isas.inc"
};

template <class... Float>
float apply(float (*function)(Float...), const float *x) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) { return function(x[i]...); }
  (std::index_sequence_for<Float...>());
}

struct word {
  const char *name;
  std::size_t arguments;
  words::word words::table::*of;
  float (*expected)(const float *);
};
#define ENTRY(name, count, expression)                                                                       \
  {#name, count, &words::table::name, [](const float *x) { return apply(exact::name, x); }},
const word all_words[] = {GLISSADE_WORDS(ENTRY)};

using arguments = std::array<float, 4>;

// Compares one word on all instruction sets for the arguments make(0) to make(n - 1).
template <class Make>
void compare(const word &w, std::uint64_t n, const Make &make) {
  constexpr std::size_t block = 4096;
  std::vector<float> from[4], got(block), expected(block);
  const float *at[4];
  for (std::size_t k = 0; k < 4; ++k) {
    from[k].resize(block);
    at[k] = from[k].data();
  }
  for (std::uint64_t first = 0; first < n; first += block) {
    for (std::size_t i = 0; i < block; ++i) {
      const arguments x = make(first + i);
      for (std::size_t k = 0; k < 4; ++k)
        from[k][i] = x[k];
      expected[i] = w.expected(x.data());
    }
    for (const auto &one : isas) {
      if (!one.runs) continue;
      (one.table.*w.of)(at, got.data(), block);
      if (const auto i = family::first_difference(got.data(), expected.data(), block); i < block)
        FAIL(std::hexfloat << w.name << " on " << one.name << " of " << at[0][i] << " " << at[1][i] << " "
                           << at[2][i] << " " << at[3][i] << " is " << got[i] << ", not " << expected[i]);
    }
  }
}

// Ends and neighbours of ends; what makes products and quotients subnormal, halfway or overflow.
std::vector<float> special_floats() {
  std::vector<float> list = {exact::nan};
  for (const float x : {0.f,
                        0x1p-149f,
                        0x1p-148f,
                        0x1.fffffcp-127f,
                        0x1p-126f,
                        0x1.000002p-126f,
                        0x1.8p-75f,
                        0x1p-75f,
                        0x1p-74f,
                        0x1p-63f,
                        0x1p-24f,
                        0x1.000002p-24f,
                        0x1p-23f,
                        0.25f,
                        0x1.fffffep-2f,
                        0.5f,
                        0x1.000002p-1f,
                        0x1.fffffep-1f,
                        1.f,
                        0x1.000002p0f,
                        0x1.5p0f,
                        0x1.fffffep0f,
                        2.f,
                        3.f,
                        10.f,
                        0x1p24f,
                        0x1.000002p24f,
                        0x1p64f,
                        0x1.fffffep126f,
                        0x1p127f,
                        0x1.fffffep127f,
                        HUGE_VALF}) {
    list.push_back(x);
    list.push_back(-x);
  }
  list.push_back(std::bit_cast<float>(0x7f800001u)); // a signaling NaN
  list.push_back(std::bit_cast<float>(0xffc12345u));
  return list;
}

// Any bits; or of like size; or such that a * b and c, or a and b, nearly cancel or lie near the
// middle of two floats.
arguments random_arguments(std::uint64_t number) {
  using family::mixed;
  const std::uint32_t seed =
      mixed(static_cast<std::uint32_t>(number) ^ mixed(static_cast<std::uint32_t>(number >> 32)));
  const auto bits = [&](std::uint32_t k) { return mixed(seed + k * 0x9e3779b9u); };
  const auto nudged = [&](float x) {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) + bits(4) % 5 - 2);
  };
  const auto like_one = [&](std::uint32_t k) {
    return std::bit_cast<float>((bits(k) & 0x80ffffff) | 0x3f000000);
  };
  const auto any = [&](std::uint32_t k) { return std::bit_cast<float>(bits(k)); };
  switch (bits(5) % 6) {
  case 0:
    return {like_one(0), like_one(1), like_one(2), like_one(3)};
  case 1:
    return {any(0), any(1), nudged(-any(0) * any(1)), any(3)};
  case 2:
    return {like_one(0), like_one(1), nudged(-like_one(0) * like_one(1)), any(3)};
  case 3: {
    const float scale = std::ldexp(1.f, static_cast<int>(bits(6) % 60) - 30);
    return {like_one(0), like_one(1), nudged(-like_one(0) * like_one(1)) * scale, any(3)};
  }
  case 4:
    return {any(0), nudged(-any(0)), any(2), any(3)};
  default:
    return {any(0), any(1), any(2), any(3)};
  }
}

void compare_random(std::uint64_t n) {
  for (const auto &w : all_words)
    compare(w, n, random_arguments);
}

const word &word_named(const char *name) {
  return *std::find_if(std::begin(all_words), std::end(all_words),
                       [=](const word &w) { return std::string(w.name) == name; });
}

// Every float, or every 4,099th, whose bits are spread over all exponents and fractions alike.
void compare_roots(std::uint64_t stride) {
  for (const char *name :
       {"sqrt", "root_by_products", "doubts_of_root", "divided_root_by_both", "doubts_by_both"})
    compare(word_named(name), (std::uint64_t(1) << 32) / stride, [=](std::uint64_t i) {
      const auto bits = static_cast<std::uint32_t>(i * stride);
      return arguments{std::bit_cast<float>(bits), std::bit_cast<float>(family::mixed(bits))};
    });
}

// The floats from 1 to 4 whose roots lie so near to the middle of two floats that Newton's last step could miss; each
// from every estimate that an instruction set might make.
void compare_roots_from_estimates(std::uint32_t stride) {
  for (std::uint32_t bits = 0x3f800000; bits < 0x40800000; ++bits) {
    const auto x = std::bit_cast<float>(bits);
    const double root = std::sqrt(double(x)); // between 1 and 2, where floats lie 2^-23 apart
    const double middle = std::ldexp(std::floor(std::ldexp(root, 23)) + .5, -23);
    if (std::abs(root - middle) > 0x1p-43) continue;
    const auto first = static_cast<float>((1 - words::estimate_error) / root);
    const auto last = static_cast<float>((1 + words::estimate_error) / root);
    const auto from = std::bit_cast<std::uint32_t>(first), to = std::bit_cast<std::uint32_t>(last);
    compare(word_named("root_from"), (to - from) / stride, [=](std::uint64_t i) {
      return arguments{x, std::bit_cast<float>(from + static_cast<std::uint32_t>(i) * stride)};
    });
  }
}

// For every divisor, or every stride-th, the numerators whose quotients are the nearest to the middle of two floats:
// where the divisor has the significand d, 2^24 or 2^25 times theirs is 1 or 2 more or less than an odd multiple of d.
std::vector<arguments> hard_quotients(std::uint32_t stride) {
  std::vector<arguments> list;
  for (std::uint32_t d = 0x800001; d < 0x1000000; d += 2 * stride) {
    std::uint64_t inverse = 1; // of 2^24 modulo d
    for (int i = 0; i < 24; ++i)
      inverse = (inverse % 2 ? inverse + d : inverse) / 2;
    for (const std::uint64_t multiple : {1u, 2u, d - 1, d - 2})
      for (const std::uint64_t power : {inverse, (inverse % 2 ? inverse + d : inverse) / 2})
        for (std::uint64_t significand = multiple * power % d; significand < 0x1000000; significand += d)
          if (significand >= 0x800000)
            list.push_back(
                {std::bit_cast<float>(0x3f000000u | (static_cast<std::uint32_t>(significand) & 0x7fffff)),
                 std::bit_cast<float>(0x3f000000u | (d & 0x7fffff))});
  }
  return list;
}
void compare_hard_quotients(std::uint32_t stride) {
  const auto list = hard_quotients(stride);
  for (const char *name : {"divide", "divided"})
    compare(word_named(name), list.size(), [&](std::uint64_t i) { return list[i]; });
}

// All significands of a numerator by the divisors of the first steps of Adam.
void compare_quotients(int divisors, std::uint32_t stride) {
  for (int step = 1; step <= divisors; ++step) {
    const auto divisor = static_cast<float>(std::sqrt(1 - std::pow(.999, step)));
    compare(word_named("divided"), (1 << 23) / stride, [=](std::uint64_t i) {
      return arguments{std::bit_cast<float>(0x3f800000u + static_cast<std::uint32_t>(i) * stride), divisor};
    });
  }
}

} // namespace

TEST_CASE("words of special values", "[words]") {
  const auto list = special_floats();
  const std::uint64_t n = list.size();
  for (const auto &w : all_words) {
    std::uint64_t all = 1;
    for (std::size_t k = 0; k < std::min<std::size_t>(w.arguments, 3); ++k)
      all *= n;
    compare(w, all, [&](std::uint64_t i) {
      return arguments{list[i % n], list[i / n % n], list[i / n / n % n],
                       list[family::mixed(static_cast<std::uint32_t>(i)) % n]};
    });
  }
}

TEST_CASE("words of random values", "[words]") { compare_random(1000000); }
TEST_CASE("words of many random values", "[.exhaustive]") { compare_random(100000000); }
TEST_CASE("roots of every 4,099th float", "[words]") { compare_roots(4099); }
TEST_CASE("roots of all floats", "[.exhaustive]") { compare_roots(1); }
TEST_CASE("hard roots from some estimates", "[words]") { compare_roots_from_estimates(101); }
TEST_CASE("hard roots from all estimates", "[.exhaustive]") { compare_roots_from_estimates(1); }
TEST_CASE("hard quotients of some divisors", "[words]") { compare_hard_quotients(101); }
TEST_CASE("hard quotients of all divisors", "[.exhaustive]") { compare_hard_quotients(1); }
TEST_CASE("quotients of some numerators", "[words]") { compare_quotients(20, 1009); }
TEST_CASE("quotients of all numerators", "[.exhaustive]") { compare_quotients(50, 1); }

// The integer arithmetic itself, against what nobody doubts.
TEST_CASE("the oracle knows IEEE 754", "[words]") {
  CHECK(exact::sqrt(2.f) == 0x1.6a09e6p0f);
  CHECK(exact::divide(1, 3) == 0x1.555556p-2f);
  CHECK(exact::add(0x1p24f, 1) == 0x1p24f); // a tie goes to even
  CHECK(exact::add(0x1.000002p24f, 1) == 0x1.000004p24f);
  CHECK(exact::multiply(0x1p-75f, 0x1p-75f) == 0); // half of the least subnormal, even is 0
  CHECK(exact::multiply(0x1.8p-75f, 0x1p-75f) == 0x1p-149f);
  CHECK(exact::multiply(0x1.fffffep127f, 2) == HUGE_VALF);
  CHECK(exact::fma(0x1.000002p0f, 0x1.000002p0f, -0x1.000004p0f) == 0x1p-46f);
  CHECK(exact::fma(0x1p127f, 2, -HUGE_VALF) == -HUGE_VALF);
  CHECK(std::signbit(exact::add(-0.f, -0.f)));
  CHECK(!std::signbit(exact::add(1, -1)));
  CHECK(std::isnan(exact::fma(0, HUGE_VALF, 1)));
}

// long double has 11 bits more (x86) or 60 (AArch64), so it tells apart what a double cannot.
TEST_CASE("powers of a decay are right within an ulp or 2^-110", "[words]") {
  for (std::uint32_t i = 0; i < 200000; ++i) {
    const double random = std::ldexp(family::mixed(i), -32);
    const double base = i % 8 == 0
                            ? std::ldexp(random, -static_cast<int>(i / 8 % 40)) // its last bits below 2^-64
                        : i % 4 == 0 ? random
                                     : std::min(1 - 0x1p-53, 1 - std::pow(random, 1 + i % 12));
    const auto step =
        i % 16 == 0 ? 1 : static_cast<std::int64_t>(std::exp2(36 * std::ldexp(family::mixed(~i), -32)));
    const long double expected = std::pow(static_cast<long double>(base), static_cast<long double>(step));
    const double got = glissade::power(base, step);
    const double near = static_cast<double>(expected), ulp = std::nextafter(near, 2) - near;
    CAPTURE(base, step, got, near);
    REQUIRE(std::abs(static_cast<long double>(got) - expected) <= std::max(ulp, 0x1p-110));
  }
}
