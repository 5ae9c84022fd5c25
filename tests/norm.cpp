// The norm of all gradients: right, in the order that is promised, the same bits everywhere.
#include "family.hpp"
#include "textbook_norm.hpp"

TEST_CASE("the norm is added in the order that is promised", "[norm]") {
  const std::size_t slots = 1024 * 16384;
  std::vector<std::vector<std::size_t>> lists = {
      {1}, {2}, {31}, {32}, {33}, {64}, {1000}, {16384}, {16385}, {3, 16384 * 5 + 7, 0, 100}, {slots + 1}};
  if (!family::emulated()) {
    lists.push_back({slots});
    lists.push_back({2 * slots + 77});
    lists.push_back({slots - 16384, 1, 1, 300001});
  }
  std::vector<float> x(family::emulated() ? slots + 1 : 2 * slots + 77);
  for (std::uint32_t i = 0; i < x.size(); ++i)
    x[i] = family::ordinary_float(family::mixed(i));
  x[5] = 1000; // the largest in the first block of a sum of two
  for (const auto &sizes : lists) {
    std::vector<glissade_grad> grads;
    std::size_t begin = 0;
    for (const std::size_t n : sizes) {
      grads.push_back(family::gradient(n, x.data() + begin));
      begin += n;
    }
    glissade_norm got = family::no_norm;
    REQUIRE(glissade_grad_norm(grads.size(), grads.data(), 0, &got) == GLISSADE_OK);
    CAPTURE(sizes);
    CHECK(got.norm == norm_in_order(grads));
    float largest = 0;
    for (std::size_t i = 0; i < begin; ++i)
      largest = std::max(largest, std::abs(x[i]));
    CHECK(got.max_abs == largest);
  }
}

TEST_CASE("the norm has the same bits everywhere, and is right", "[norm][threads]") {
  std::uint32_t seed = 0;
  for (const std::size_t n : {0u, 1u, 31u, 32u, 33u, 1000u, 16383u, 16384u, 16385u, 300001u})
    for (const std::size_t offset : {0u, 1u, 7u}) {
      std::vector<float> memory(n + 8);
      for (float &x : memory)
        x = family::ordinary_float(family::mixed(++seed));
      const std::vector<glissade_grad> grads = {family::gradient(n, memory.data() + offset),
                                                family::gradient(n / 2, memory.data()),
                                                family::gradient(0, nullptr)};
      glissade_norm first = family::no_norm;
      for (const auto &isa : family::isas())
        for (const int threads : {1, 0, 2, 3, 7}) {
          REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
          glissade_norm got = family::no_norm;
          REQUIRE(glissade_grad_norm(grads.size(), grads.data(), threads, &got) == GLISSADE_OK);
          if (isa == family::isas().front() && threads == 1) first = got;
          INFO(isa << " n = " << n << " threads = " << threads);
          REQUIRE(std::memcmp(&got.norm, &first.norm, sizeof got.norm) == 0);
          REQUIRE(got.max_abs == first.max_abs);
          REQUIRE(got.finite == 1);
        }
      const long double right = textbook_norm(grads);
      float largest = 0;
      for (const auto &g : grads)
        for (std::size_t i = 0; i < g.n; ++i)
          largest = std::max(largest, std::abs(g.grad[i]));
      REQUIRE(std::abs(first.norm - right) <= 1e-14L * right);
      REQUIRE(first.max_abs == largest);
    }
}

TEST_CASE("the norm neither overflows nor underflows", "[norm]") {
  for (const auto &isa : family::isas()) {
    REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
    for (const float x : {FLT_MAX, -FLT_MAX, FLT_MIN, std::numeric_limits<float>::denorm_min()}) {
      const std::vector<float> all(65536, x);
      const glissade_grad grad = family::gradient(all.size(), all.data());
      glissade_norm got = family::no_norm;
      REQUIRE(glissade_grad_norm(1, &grad, 1, &got) == GLISSADE_OK);
      CHECK(std::abs(got.norm / (256 * std::abs(double(x))) - 1) <= 1e-14);
      CHECK(got.max_abs == std::abs(x));
      CHECK(got.finite == 1);
    }
    for (const float bad : {NAN, INFINITY, -INFINITY})
      for (const std::size_t where : {0u, 31u, 32u, 99u}) {
        std::vector<float> all(100, 1);
        all[where] = bad;
        const glissade_grad grad = family::gradient(all.size(), all.data());
        glissade_norm got = family::no_norm;
        REQUIRE(glissade_grad_norm(1, &grad, 1, &got) == GLISSADE_OK);
        CHECK(got.finite == 0);
        CHECK(std::isnan(got.norm) == std::isnan(bad));
        CHECK(std::isnan(got.max_abs) == std::isnan(bad));
        CHECK(!std::isfinite(got.norm));
      }
  }
}

TEST_CASE("bad arguments of the norm are refused", "[norm][status]") {
  const float x[3] = {1, 2, 3};
  glissade_norm result = family::no_norm;
  glissade_grad grad = family::gradient(2, x);
  CHECK(glissade_grad_norm(1, nullptr, 1, &result) == GLISSADE_NULL_TENSORS);
  CHECK(glissade_grad_norm(1, &grad, 1, nullptr) == GLISSADE_NULL_RESULT);
  CHECK(glissade_grad_norm(1, &grad, -1, &result) == GLISSADE_BAD_THREADS);
  grad.n = SIZE_MAX / 8 + 1;
  CHECK(glissade_grad_norm(1, &grad, 1, &result) == GLISSADE_BAD_N);
  grad = family::gradient(2, nullptr);
  CHECK(glissade_grad_norm(1, &grad, 1, &result) == GLISSADE_NULL_GRAD);
  grad = family::gradient(2, reinterpret_cast<const float *>(reinterpret_cast<const char *>(x) + 2));
  CHECK(glissade_grad_norm(1, &grad, 1, &result) == GLISSADE_MISALIGNED_ARRAY);
  // Up to the very end of the addresses, and past it.
  const auto last = [](std::size_t n) { return reinterpret_cast<const float *>(0 - n * sizeof(float)); };
  grad = family::gradient(1000, last(1000));
  CHECK(glissade_grad_norm(1, &grad, 1, &result) == GLISSADE_BAD_N);
  grad = family::gradient(1000, last(999));
  CHECK(glissade_grad_norm(1, &grad, 1, &result) == GLISSADE_BAD_N);
  CHECK((result.norm == -5 && result.max_abs == -5 && result.finite == -5));
  CHECK(glissade_grad_norm(0, nullptr, 1, &result) == GLISSADE_OK);
  CHECK((result.norm == 0 && result.max_abs == 0 && result.finite == 1));
}
