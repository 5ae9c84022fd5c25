// Bad input gets the status that names the fault, and nothing is changed.
#include "c99.h"
#include "family.hpp"
#include <map>
#include <set>

namespace {

// A call that must be refused with this status.
template <class rule>
struct refusal {
  using options = family::options_of<rule>;
  using pointers = std::array<float *, family::array_count<rule>>;

  family::arrays<rule> memory{40, family::ordinary_float, 1};
  options given = glissade::functions<options>::defaults;

  void expect(glissade_status status, const pointers &at, std::size_t n, bool also_reset = true) {
    CAPTURE(glissade_status_message(status));
    CHECK(family::step<rule>(given, n, at.data()) == status);
    if (also_reset) CHECK(family::reset<rule>(given, n, at.data()) == status);
    CHECK(memory.nothing_changed());
  }
  void expect(glissade_status status) { expect(status, memory.at(), memory.n); }
};

// Options that need every state array.
template <class rule>
family::options_of<rule> greedy() {
  const auto list = family::one_per_mode<rule>();
  auto most = list.front();
  std::size_t count = 0;
  for (const auto &o : list) {
    std::size_t needed = 0;
    for (const auto &state : description<family::options_of<rule>>::states(o))
      needed += state.needed;
    if (needed > count) count = needed, most = o;
  }
  return most;
}

} // namespace

TEMPLATE_LIST_TEST_CASE("a wrong option is refused by name", "[status]", family::all) {
  using about = description<family::options_of<TestType>>;
  for (const auto &field : about::fields())
    for (const double wrong : field.all_wrong()) {
      if (field.fault == GLISSADE_BAD_STEP) continue;
      refusal<TestType> call;
      field.set(call.given, wrong);
      INFO(field.name << " = " << wrong);
      call.expect(field.fault);
      const std::string message = glissade_status_message(field.fault);
      CHECK(message.rfind(std::string(field.name) + " must be", 0) == 0);
    }
}

TEMPLATE_LIST_TEST_CASE("the number of the step is refused where it is read", "[status]", family::all) {
  using about = description<family::options_of<TestType>>;
  for (auto o : family::one_per_mode<TestType>())
    for (const int step : {0, -1}) {
      refusal<TestType> call;
      call.given = o;
      call.given.step = step;
      const auto at = call.memory.at();
      CHECK(family::step<TestType>(call.given, call.memory.n, at.data()) ==
            (about::needs_step(o) ? GLISSADE_BAD_STEP : GLISSADE_OK));
      CHECK(call.memory.nothing_changed() == about::needs_step(o));
      CHECK(family::reset<TestType>(call.given, call.memory.n, at.data()) == GLISSADE_OK);
    }
}

TEMPLATE_LIST_TEST_CASE("an array that is needed may not be NULL, another may", "[status]", family::all) {
  using about = description<family::options_of<TestType>>;
  for (auto o : family::one_per_mode<TestType>()) {
    std::vector<state> expected = {{"param", GLISSADE_NULL_PARAM}, {"grad", GLISSADE_NULL_GRAD}};
    for (const auto &state : about::states(o))
      expected.push_back(state);
    for (std::size_t k = 0; k < family::array_count<TestType>; ++k) {
      refusal<TestType> call;
      call.given = o;
      call.given.step = 1;
      auto at = call.memory.at();
      at[k] = nullptr;
      if (!expected[k].needed) { // not looked at: not even if it is misaligned or another one's
        CHECK(family::step<TestType>(call.given, call.memory.n, at.data()) == GLISSADE_OK);
        at[k] = reinterpret_cast<float *>(reinterpret_cast<char *>(at[0]) + 1);
        CHECK(family::step<TestType>(call.given, call.memory.n, at.data()) == GLISSADE_OK);
        CHECK(family::reset<TestType>(call.given, call.memory.n, at.data()) == GLISSADE_OK);
        continue;
      }
      call.expect(expected[k].if_null, at, call.memory.n, k >= 2);
      const std::string message = glissade_status_message(expected[k].if_null);
      CHECK(message.rfind(std::string(expected[k].name) + " is NULL", 0) == 0);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("arrays that overlap are refused, neighbours are not", "[status]", family::all) {
  constexpr std::size_t count = family::array_count<TestType>;
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = 0; b < count; ++b)
      for (const std::size_t shift : {0u, 1u, 9u, 10u}) {
        if (a == b) continue;
        refusal<TestType> call;
        call.given = greedy<TestType>();
        auto at = call.memory.at();
        at[b] = at[a] + shift;
        INFO(a << " and " << b << " shifted by " << shift);
        if (shift < 10)
          call.expect(GLISSADE_OVERLAPPING_ARRAYS, at, 10, a >= 2 && b >= 2);
        else
          CHECK(family::step<TestType>(call.given, 10, at.data()) == GLISSADE_OK);
      }
}

TEMPLATE_LIST_TEST_CASE("an address that is no multiple of 4 is refused", "[status]", family::all) {
  for (std::size_t k = 0; k < family::array_count<TestType>; ++k)
    for (const int bytes : {1, 2, 3}) {
      refusal<TestType> call;
      call.given = greedy<TestType>();
      auto at = call.memory.at();
      at[k] = reinterpret_cast<float *>(reinterpret_cast<char *>(at[k]) + bytes);
      call.expect(GLISSADE_MISALIGNED_ARRAY, at, 8, k >= 2);
    }
}

TEMPLATE_LIST_TEST_CASE("an n that no memory can hold is refused", "[status]", family::all) {
  for (const std::size_t n : {SIZE_MAX, SIZE_MAX / 4 + 1, SIZE_MAX / 8 + 1}) {
    refusal<TestType> call;
    call.given = greedy<TestType>();
    call.expect(GLISSADE_BAD_N, call.memory.at(), n);
  }
  // So many fit, but not behind this address: up to the very end of the addresses, and past it.
  constexpr std::size_t n = 40;
  for (const std::size_t behind : {n, n - 1, std::size_t(1)})
    for (std::size_t k = 0; k < family::array_count<TestType>; ++k) {
      refusal<TestType> call;
      call.given = greedy<TestType>();
      auto at = call.memory.at();
      at[k] = reinterpret_cast<float *>(0 - behind * sizeof(float));
      call.expect(GLISSADE_BAD_N, at, n, k >= 2);
    }
}

TEMPLATE_LIST_TEST_CASE("nothing is a valid amount of work", "[status]", family::all) {
  refusal<TestType> call;
  call.given.step = 1;
  call.expect(GLISSADE_OK, call.memory.at(), 0);
  call.expect(GLISSADE_OK, {}, 0);
}

TEMPLATE_LIST_TEST_CASE("no options are refused", "[status]", family::all) {
  using functions = glissade::functions<family::options_of<TestType>>;
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    float memory[16] = {};
    CHECK(functions::step(nullptr, 1, memory, memory + 1, (memory + 2 + i)...) == GLISSADE_NULL_OPTIONS);
    CHECK(functions::reset(nullptr, 1, (memory + 2 + i)...) == GLISSADE_NULL_OPTIONS);
  }
  (std::make_index_sequence<family::array_count<TestType> - 2>());
}

TEMPLATE_LIST_TEST_CASE("reset writes the initial state and nothing else", "[reset]", family::all) {
  using about = description<family::options_of<TestType>>;
  for (auto o : family::one_per_mode<TestType>())
    for (const std::size_t n : {0u, 1u, 67u, 70001u}) {
      family::arrays<TestType> memory(n, family::ordinary_float, 2), before(n, family::ordinary_float, 2);
      o.threads = 0;
      const auto at = memory.at();
      REQUIRE(family::reset<TestType>(o, n, at.data()) == GLISSADE_OK);
      REQUIRE(memory.nothing_changed_outside());
      const auto states = about::states(o);
      for (std::size_t i = 0; i < n; ++i) {
        REQUIRE(memory.array(0)[i] == before.array(0)[i]);
        for (std::size_t k = 0; k < states.size(); ++k)
          REQUIRE(memory.array(k + 2)[i] ==
                  (states[k].needed ? float(states[k].initial) : before.array(k + 2)[i]));
      }
    }
}

TEST_CASE("every status has a message of its own", "[status]") {
  std::set<std::string> messages;
  const std::string unknown = c99_status_message(1000000);
  int status = 0;
  for (; c99_status_message(status) != unknown; ++status)
    messages.insert(c99_status_message(status));
  CHECK(status > GLISSADE_NULL_MOMENTUM_BUFFER);
  CHECK(messages.size() == static_cast<std::size_t>(status));
  CHECK(c99_status_message(-1) == unknown);
}

TEST_CASE("the message of a wrong option is its range, that of a missing array when it is needed",
          "[status]") {
  const std::map<std::string, std::string> ranges = {
      {"finite", " must be finite as a float"},
      {"not_0", " must be finite as a float and not 0 as one; without scaling it is 1, as in a preset"},
      {"at_least_0", " must be finite as a float and at least 0"},
      {"fraction", " must be at least 0 and less than 1"},
      {"flag", " must be 0 or 1"},
      {"count", " must be at least 0"},
      {"number",
       " must be at least 1 where the options or the random bits of a storage need the number of the step"}};
#define GLISSADE_OPTION(name, NAME, values)                                                                  \
  CHECK(glissade_status_message(GLISSADE_BAD_##NAME) == #name + ranges.at(#values));
#include "glissade/options.inc"
  const std::map<std::string, std::string> needs = {
      {"grad_avg", ", which centered = 1 needs"},
      {"momentum_buffer", ", which a momentum other than 0 needs"},
      {"max_exp_avg_sq", ", which amsgrad = 1 needs"}};
  std::map<std::string, glissade_status> arrays = {{"param", GLISSADE_NULL_PARAM},
                                                   {"grad", GLISSADE_NULL_GRAD}};
#define GLISSADE_OPTIMIZER(optimizer, preset)                                                                \
  for (const auto &state : description<glissade_##optimizer>::states(preset))                                \
    arrays[state.name] = state.if_null;
#include "glissade/optimizers.inc"
  for (const auto &[name, if_null] : arrays)
    CHECK(glissade_status_message(if_null) == name + " is NULL" + (needs.count(name) ? needs.at(name) : ""));
}
