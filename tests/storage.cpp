// Stored arrays: the same bits everywhere, nothing outside of them touched, every status. What the bits are is compared with
// Python in storage/.
#include "guarded_pages.hpp"
#include "stored.hpp"

using family::bytes, family::stored, family::some_floats;

namespace {

constexpr int types[] = {
    GLISSADE_FLOAT32,
#define GLISSADE_STORAGE(name, ...) GLISSADE_##name,
#include "glissade/storages.inc"
};

constexpr std::size_t sizes[] = {1, 2, 3, 63, 64, 65, 255, 256, 257, 511, 512, 513, 1000};

} // namespace

TEST_CASE("every instruction set encodes and decodes to the same bits", "[storage]") {
  for (const int type : types)
    for (const std::size_t n : sizes) {
      CAPTURE(type, n);
      const auto x = some_floats(n, static_cast<std::uint32_t>(n));
      stored expected(type, n);
      std::vector<float> expected_floats(n), got_floats(n);
      REQUIRE(glissade_use_isa("scalar") == GLISSADE_OK);
      REQUIRE(glissade_encode(n, x.data(), &expected.array, 5, 2, 512, 1) == GLISSADE_OK);
      REQUIRE(glissade_decode(n, &expected.array, expected_floats.data(), 1) == GLISSADE_OK);
      for (const auto &isa : family::isas()) {
        REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
        stored got(type, n);
        REQUIRE(glissade_encode(n, x.data(), &got.array, 5, 2, 512, 1) == GLISSADE_OK);
        REQUIRE(glissade_decode(n, &got.array, got_floats.data(), 1) == GLISSADE_OK);
        INFO(isa);
        CHECK(got == expected);
        CHECK(family::first_difference(got_floats.data(), expected_floats.data(), n) == n);
      }
    }
}

TEST_CASE("every stored pattern decodes to the same bits on every instruction set", "[storage]") {
  for (const int type : types) {
    constexpr std::size_t n = 65536;
    stored from(type, n);
    for (std::size_t i = 0; i < from.data.size(); ++i) // each byte of 8 bits, each pair of bytes of 16
      from.data[i] = static_cast<unsigned char>(
          from.data.size() == 2 * n && i % 2 ? i >> 9 : i >> (from.data.size() == n ? 0 : 1));
    for (std::size_t i = 0; i < from.extra.size(); ++i)
      from.extra[i] = static_cast<unsigned char>(family::mixed(static_cast<std::uint32_t>(i)) % 224);
    std::vector<float> expected(n), got(n);
    REQUIRE(glissade_use_isa("scalar") == GLISSADE_OK);
    REQUIRE(glissade_decode(n, &from.array, expected.data(), 1) == GLISSADE_OK);
    for (const auto &isa : family::isas()) {
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      REQUIRE(glissade_decode(n, &from.array, got.data(), 1) == GLISSADE_OK);
      INFO(isa << " type " << type);
      CHECK(family::first_difference(got.data(), expected.data(), n) == n);
    }
  }
}

TEST_CASE("threads and parts at an offset encode to the same bits", "[storage][threads]") {
  constexpr std::size_t n = 100003, part = 256 * 100;
  const auto x = some_floats(n, 1);
  for (const int type : types) {
    CAPTURE(type);
    stored expected(type, n);
    std::vector<float> floats(n), got_floats(n);
    REQUIRE(glissade_encode(n, x.data(), &expected.array, 5, 2, 256, 1) == GLISSADE_OK);
    REQUIRE(glissade_decode(n, &expected.array, floats.data(), 1) == GLISSADE_OK);
    for (const int threads : {0, 2, 3, 7}) {
      stored got(type, n);
      REQUIRE(glissade_encode(n, x.data(), &got.array, 5, 2, 256, threads) == GLISSADE_OK);
      CHECK(got == expected);
      REQUIRE(glissade_decode(n, &got.array, got_floats.data(), threads) == GLISSADE_OK);
      CHECK(family::first_difference(got_floats.data(), floats.data(), n) == n);
    }
    stored first(type, part), second(type, n - part);
    REQUIRE(glissade_encode(part, x.data(), &first.array, 5, 2, 256, 1) == GLISSADE_OK);
    REQUIRE(glissade_encode(n - part, x.data() + part, &second.array, 5, 2, 256 + part, 1) == GLISSADE_OK);
    first.data.insert(first.data.end(), second.data.begin(), second.data.end());
    first.extra.insert(first.extra.end(), second.extra.begin(), second.extra.end());
    CHECK(first == expected);
  }
}

TEST_CASE("stored examples worked by hand", "[storage]") {
  const auto encoded = [](int type, float x) {
    stored to(type, 1);
    REQUIRE(glissade_encode(1, &x, &to.array, 9, 1, 0, 1) == GLISSADE_OK);
    auto all = to.data;
    all.insert(all.end(), to.extra.begin(), to.extra.end());
    return all;
  };
  for (const auto &isa : family::isas()) {
    INFO(isa);
    REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
    CHECK(encoded(GLISSADE_BF16, 1.f) == bytes{0x80, 0x3f});
    CHECK(encoded(GLISSADE_BF16, 0x1.01p0f) == bytes{0x80, 0x3f}); // in the middle: even
    CHECK(encoded(GLISSADE_BF16, 0x1.03p0f) == bytes{0x82, 0x3f});
    CHECK(encoded(GLISSADE_BF16, 0x1.fffffep127f) == bytes{0x80, 0x7f}); // infinite
    CHECK(encoded(GLISSADE_BF16, 0x1p-133f) == bytes{0x01, 0x00});       // a subnormal stays
    CHECK(encoded(GLISSADE_BF16, NAN) == bytes{0xc0, 0x7f});
    CHECK(encoded(GLISSADE_FP16, 1.f) == bytes{0x00, 0x3c});
    CHECK(encoded(GLISSADE_FP16, -65519.f) == bytes{0xff, 0xfb});
    CHECK(encoded(GLISSADE_FP16, 65520.f) == bytes{0x00, 0x7c}); // infinite
    CHECK(encoded(GLISSADE_FP16, 0x1p-24f) == bytes{0x01, 0x00});
    CHECK(encoded(GLISSADE_FP16, NAN) == bytes{0x00, 0x7e});
    CHECK(encoded(GLISSADE_SPLIT, 0x1.01p0f) ==
          bytes{0x81, 0x3f, 0x00, 0x80}); // away from 0, less half a step
    CHECK(encoded(GLISSADE_SPLIT, NAN) == bytes{0xc0, 0x7f, 0x00, 0x00});
    CHECK(encoded(GLISSADE_BF16_STOCHASTIC, -2.f) == bytes{0x00, 0xc0}); // what is a bf16 is not moved
    CHECK(encoded(GLISSADE_BF16_STOCHASTIC, HUGE_VALF) == bytes{0x80, 0x7f});
    CHECK(encoded(GLISSADE_Q8_SIGNED, 1.f) == bytes{120, 112}); // binade 15 of those from 2^(112 - 127)
    CHECK(encoded(GLISSADE_Q8_SIGNED, -1.75f) == bytes{0x80 | 126, 112});
    CHECK(encoded(GLISSADE_Q8_SIGNED, 0.f) == bytes{0, 0});
    CHECK(encoded(GLISSADE_Q8_SIGNED, -HUGE_VALF) == bytes{255, 0});
    CHECK(encoded(GLISSADE_Q8_SIGNED, 0x1.fffffep127f) ==
          bytes{126, 239}); // the largest, which is 1.75 * 2^127
    CHECK(encoded(GLISSADE_Q8_UNSIGNED, 1.f) == bytes{248, 96});
    CHECK(encoded(GLISSADE_Q8_UNSIGNED, 0x1p-149f) == bytes{1, 0}); // not 0
    CHECK(encoded(GLISSADE_Q8_UNSIGNED, -0.f) == bytes{0, 0});
    CHECK(encoded(GLISSADE_Q8_UNSIGNED, NAN) == bytes{255, 0});
  }
}

TEST_CASE("the mean of what is stored stochastically is what was encoded", "[storage]") {
  constexpr std::size_t n = 256 * 4096;
  const std::vector<float> x(n, 0x1.234567p-3f);
  for (const int type : {GLISSADE_BF16_STOCHASTIC, GLISSADE_Q8_SIGNED, GLISSADE_Q8_UNSIGNED}) {
    stored to(type, n);
    std::vector<float> back(n);
    REQUIRE(glissade_encode(n, x.data(), &to.array, 1, 1, 0, 1) == GLISSADE_OK);
    REQUIRE(glissade_decode(n, &to.array, back.data(), 1) == GLISSADE_OK);
    double sum = 0;
    std::size_t ups = 0;
    for (const float y : back) {
      sum += y;
      ups += y > x[0];
    }
    CAPTURE(type);
    // Its variance is at most a quarter of the square of a step, 2^-6 of 8 bits, so that this is 30 deviations.
    CHECK(std::abs(sum / n - double(x[0])) < 30 * 0x1p-6 / 2 / 1024);
    CHECK((ups > 0 && ups < n));
  }
}

TEST_CASE("not a byte outside of a stored array is touched", "[storage][memory]") {
  const guarded_pages floats(1000), data(1000), extra(1000);
  for (const auto &isa : family::isas()) {
    REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
    for (const int type : types)
      for (const std::size_t n : sizes)
        for (const bool at_end : {false, true}) {
          std::size_t data_bytes, extra_bytes;
          REQUIRE(glissade_state_bytes(type, n, &data_bytes, &extra_bytes) == GLISSADE_OK);
          const auto place = [&](const guarded_pages &pages, std::size_t size) {
            return at_end ? reinterpret_cast<unsigned char *>(pages.last(0)) - size
                          : reinterpret_cast<unsigned char *>(pages.first());
          };
          float *x = at_end ? floats.last(n) : floats.first();
          const glissade_array array = {type, place(data, data_bytes), place(extra, extra_bytes)};
          REQUIRE(glissade_encode(n, x, &array, 1, 1, 0, 1) == GLISSADE_OK);
          REQUIRE(glissade_decode(n, &array, x, 1) == GLISSADE_OK);
        }
  }
}

TEST_CASE("a wrong argument of encode or decode gets its status and changes nothing", "[storage][status]") {
  std::vector<float> x = some_floats(600, 3);
  const auto x_before = x;
  for (const int type : types) {
    stored array(type, 600), before(type, 600);
    const auto both = [&](const glissade_array *a, std::size_t n, float *floats, int threads,
                          glissade_status expected) {
      CHECK(glissade_encode(n, floats, a, 0, 0, 0, threads) == expected);
      CHECK(glissade_decode(n, a, floats, threads) == expected);
      CHECK(array == before);
      CHECK(std::memcmp(x.data(), x_before.data(), x.size() * sizeof x[0]) == 0);
    };
    const auto &good = array.array;
    CAPTURE(type);
    both(nullptr, 600, x.data(), 1, GLISSADE_NULL_ARRAY);
    both(&good, 600, nullptr, 1, GLISSADE_NULL_ARRAY);
    both(&good, 600, x.data(), -1, GLISSADE_BAD_THREADS);
    both(&good, SIZE_MAX / 4, x.data(), 1, GLISSADE_BAD_N);
    both(&good, SIZE_MAX, x.data(), 1, GLISSADE_BAD_N);
    both(&good, 0, nullptr, 1, GLISSADE_OK);
    both(&good, 600, reinterpret_cast<float *>(reinterpret_cast<std::uintptr_t>(x.data()) + 2), 1,
         GLISSADE_MISALIGNED_ARRAY);
    for (const int wrong : {-1, 7, 1000000}) {
      const glissade_array unknown = {wrong, good.data, good.extra};
      both(&unknown, 600, x.data(), 1, GLISSADE_BAD_TYPE);
      CHECK(glissade_state_bytes(wrong, 1, nullptr, nullptr) == GLISSADE_BAD_TYPE);
    }
    const glissade_array none = {type, nullptr, good.extra};
    both(&none, 600, x.data(), 1, GLISSADE_NULL_ARRAY);
    if (!array.extra.empty()) {
      const glissade_array bare = {type, good.data, nullptr},
                           twice = {type, good.data, array.data.data() + 598};
      both(&bare, 600, x.data(), 1, type == GLISSADE_SPLIT ? GLISSADE_NULL_REMAINDER : GLISSADE_NULL_SCALES);
      both(&twice, 600, x.data(), 1, GLISSADE_OVERLAPPING_ARRAYS);
      const glissade_array on_floats = {type, good.data, x.data() + 599};
      both(&on_floats, 600, x.data(), 1, GLISSADE_OVERLAPPING_ARRAYS);
    }
    if (array.data.size() > 600) { // elements of more than a byte
      const glissade_array odd = {type, array.data.data() + 1, good.extra};
      both(&odd, 599, x.data(), 1, GLISSADE_MISALIGNED_ARRAY);
    }
    const glissade_array same = {type, x.data() + 599, good.extra};
    both(&same, 600, x.data(), 1, GLISSADE_OVERLAPPING_ARRAYS);
    const glissade_array high = {type, reinterpret_cast<void *>(UINTPTR_MAX - 63), good.extra};
    both(&high, 600, x.data(), 1, GLISSADE_BAD_N);
    for (const std::uint64_t offset : {1u, 255u, 257u}) {
      CHECK(glissade_encode(600, x.data(), &good, 0, 0, offset, 1) == GLISSADE_BAD_OFFSET);
      CHECK(array == before);
    }
    CHECK(glissade_state_bytes(type, SIZE_MAX, nullptr, nullptr) == GLISSADE_BAD_N);
    CHECK(glissade_state_bytes(type, 600, nullptr, nullptr) == GLISSADE_OK);
  }
}

TEST_CASE("blocks are counted on from an offset at the end of all numbers", "[storage][threads]") {
  constexpr std::size_t n = 70000;
  const auto x = some_floats(n, 1);
  stored one(GLISSADE_Q8_SIGNED, n), several(GLISSADE_Q8_SIGNED, n);
  const std::uint64_t last = std::uint64_t(0) - 256;
  REQUIRE(glissade_encode(n, x.data(), &one.array, 1, 1, last, 1) == GLISSADE_OK);
  REQUIRE(glissade_encode(n, x.data(), &several.array, 1, 1, last, 4) == GLISSADE_OK);
  CHECK(several == one);
}
