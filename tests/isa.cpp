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
    for (const char *other : {"", "AVX2", "avx2 ", "abacus"}) {
      CHECK(glissade_use_isa(other) == GLISSADE_UNAVAILABLE_ISA);
      CHECK(glissade_isa() == name);
    }
  }
}

TEST_CASE("no name chooses as at first", "[isa]") {
  for (const auto &name : family::isas()) {
    REQUIRE(glissade_use_isa(name.c_str()) == GLISSADE_OK);
    REQUIRE(glissade_use_isa(nullptr) == GLISSADE_OK);
    const char *wanted = std::getenv("GLISSADE_ISA");
    CHECK(glissade_isa() == (wanted && *wanted ? std::string(wanted) : family::isas().front()));
  }
}

// This program is run again with these variables set: the choice is made at the first call,
// once for a process.
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
    const glissade_rmsprop_tensor tensor = {sizeof tensor, 1,       &param,  &grad,  &square_avg,
                                            nullptr,       nullptr, nullptr, nullptr};
    CHECK(glissade_rmsprop_step_many(&options, 1, &tensor) == GLISSADE_UNAVAILABLE_ISA);
    CHECK(glissade_rmsprop_step_many_clipped(&options, 1, &tensor, 1, nullptr) == GLISSADE_UNAVAILABLE_ISA);
    const glissade_grad gradient = family::gradient(1, &grad);
    glissade_norm norm = family::no_norm;
    CHECK(glissade_grad_norm(1, &gradient, 1, &norm) == GLISSADE_UNAVAILABLE_ISA);
    CHECK((param == 1 && square_avg == 0 && norm.norm == -5));
    CHECK(glissade_rmsprop_step_share(&options, 1, &tensor, 0, 1) == GLISSADE_UNAVAILABLE_ISA);
    CHECK(glissade_rmsprop_step_share(&options, 1, &tensor, 1, 1) ==
          GLISSADE_BAD_SHARE); // other faults come first
    CHECK(glissade_rmsprop_step_many_clipped(&options, 1, &tensor, -1, nullptr) == GLISSADE_BAD_MAX_NORM);
    CHECK(glissade_rmsprop_step(&options, 1, &param, &grad, nullptr, nullptr, nullptr) ==
          GLISSADE_NULL_SQUARE_AVG);
    square_avg = 5; // what runs no kernel works
    CHECK(glissade_rmsprop_check(&options, 1, &tensor, nullptr) == GLISSADE_OK);
    CHECK(glissade_rmsprop_reset(&options, 1, &square_avg, nullptr, nullptr) == GLISSADE_OK);
    CHECK(square_avg == 0);
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

#if defined(__x86_64__)
namespace {

// The choice of src/cpu.cpp, from the same list, for a CPU of these features.
std::string chosen(const std::vector<std::string> &features) {
  const auto has = [&](const char *feature) {
    return std::find(features.begin(), features.end(), feature) != features.end();
  };
  const std::pair<const char *, bool> all[] = {
#  define HAS(feature) &&has(feature)
#  define GLISSADE_ISA(name, features) {#  name, true features},
#  include "isas.inc"
  };
  const auto first = std::find_if(std::begin(all), std::end(all), [](const auto &one) { return one.second; });
  return first->first;
}

} // namespace

TEST_CASE("a CPU that lacks a part of a generation gets the kernels of the one before", "[isa]") {
  const std::vector<std::string> v4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"};
  const std::vector<std::string> v3 = {"avx2", "fma"};
  const auto both = [&] {
    auto list = v4;
    list.insert(list.end(), v3.begin(), v3.end());
    return list;
  }();
  CHECK(chosen(both) == "avx512");
  CHECK(chosen(v3) == "avx2");
  CHECK(chosen({}) == "scalar");
  CHECK(chosen({"avx2"}) == "scalar");
  CHECK(chosen({"fma"}) == "scalar");
  CHECK(chosen({"avx512f"}) == "scalar");
  CHECK(chosen(v4) == "scalar");
  CHECK(chosen({"avx2", "fma", "avx512f", "avx512cd"}) == "avx2"); // Xeon Phi
  for (const auto &missing : both) {
    auto list = both;
    std::erase(list, missing);
    CHECK(chosen(list) == (missing == "avx2" || missing == "fma" ? "scalar" : "avx2"));
  }
}
#endif

// The features that kernels are compiled for are those that are asked for, so what runs here is what the list says.
TEST_CASE("the library offers what the list says of this CPU", "[isa]") {
  std::vector<std::string> expected;
#define HAS(feature) &&__builtin_cpu_supports(feature)
#define GLISSADE_ISA(name, features)                                                                         \
  if (true features) expected.push_back(#name);
#include "isas.inc"
  CHECK(family::isas() == expected);
}
