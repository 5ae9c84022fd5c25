// Which instruction set is used, and how to choose it.
#include "c99.h"
#include "family.hpp"
#include <algorithm>
#include <cstdlib>

TEST_CASE("the instruction sets that run here are listed, scalar last", "[isa]") {
  const auto names = family::isas();
  REQUIRE(!names.empty());
  CHECK(names.back() == "scalar");
  CHECK(glissade_isa_at(names.size()) == nullptr);
  CHECK(glissade_isa_at(SIZE_MAX) == nullptr);
}

TEST_CASE("each one that runs here can be chosen, nothing else", "[isa]") {
  for (const auto &name : family::isas()) {
    REQUIRE(glissade_use_isa(name.c_str()) == GLISSADE_OK);
    CHECK(glissade_isa() == name);
    for (const char *other : {"", "AVX2", "avx", "sse9"}) {
      CHECK(glissade_use_isa(other) == GLISSADE_UNAVAILABLE_ISA);
      CHECK(glissade_isa() == name);
    }
  }
}

// This program is run again with these variables set: the choice is made at the first call, once for a
// process.
TEST_CASE("the first call chooses as the environment says", "[.first]") {
  const std::string expected = std::getenv("EXPECTED_ISA");
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  float param = 1, grad = 1, square_avg = 0;
  const auto step = [&] {
    return glissade_rmsprop_step(&options, 1, &param, &grad, &square_avg, nullptr, nullptr);
  };
  if (expected == "error") {
    CHECK(glissade_isa() == nullptr);
    CHECK(step() == GLISSADE_UNAVAILABLE_ISA);
    const glissade_rmsprop_tensor tensor = {1, &param, &grad, &square_avg, nullptr, nullptr, nullptr};
    CHECK(glissade_rmsprop_step_many(&options, 1, &tensor) == GLISSADE_UNAVAILABLE_ISA);
    CHECK(glissade_rmsprop_step_many_clipped(&options, 1, &tensor, 1, nullptr) == GLISSADE_UNAVAILABLE_ISA);
    const glissade_grad gradient = {1, &grad};
    glissade_norm norm = {5, 5, 5};
    CHECK(glissade_grad_norm(1, &gradient, 1, &norm) == GLISSADE_UNAVAILABLE_ISA);
    CHECK((param == 1 && square_avg == 0 && norm.norm == 5));
    CHECK(glissade_use_isa(nullptr) == GLISSADE_UNAVAILABLE_ISA);
    REQUIRE(glissade_use_isa("scalar") == GLISSADE_OK);
    CHECK(step() == GLISSADE_OK);
  } else {
    CHECK(step() == GLISSADE_OK);
    CHECK(glissade_isa() == (expected == "best" ? family::isas().front() : expected));
  }
}

TEST_CASE("the API works from C", "[c]") {
  const char *which = "";
  const int failures = c99_failures(&which);
  INFO(which);
  CHECK(failures == 0);
}
