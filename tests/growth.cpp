// Structs of other versions: smaller ones, and larger ones whose surplus is 0, compute the same.
#include "family.hpp"
#include "guarded_pages.hpp"
#include "stored.hpp"

namespace {

constexpr std::size_t n = 37;

// The struct at the end of its memory, with `surplus` bytes of 0 behind it, and with a size to match.
template <class Struct>
class sized {
public:
  sized(const Struct &given, std::size_t size)
      : pages_(size / sizeof(float)),
        at_(pages_.last(size / sizeof(float))) {
    std::memset(at_, 0, size);
    std::memcpy(at_, &given, std::min(size, sizeof given));
    std::memcpy(at_, &size, sizeof size);
  }
  Struct *get() const { return reinterpret_cast<Struct *>(at_); }
  unsigned char &byte(std::size_t i) const { return reinterpret_cast<unsigned char *>(at_)[i]; }

private:
  guarded_pages pages_;
  float *at_;
};

// What every function says of these options, and whether the arrays then are as `expected`.
template <class rule>
void require_same(const family::options_of<rule> *given, const family::options_of<rule> &same) {
  family::arrays<rule> expected(n, family::ordinary_float, 1), got(n, family::ordinary_float, 1);
  const auto at = expected.at(), mine = got.at();
  REQUIRE(family::step<rule>(same, n, at.data()) == GLISSADE_OK);
  REQUIRE(family::step<rule>(*given, n, mine.data()) == GLISSADE_OK);
  CHECK(got.difference(expected) == "none");

  family::arrays<rule> own(n, family::ordinary_float, 1);
  const auto tensor = family::tensor_of<rule>(n, own.at().data(), given);
  using functions = glissade::functions<family::options_of<rule>>;
  REQUIRE(functions::step_many_clipped(&same, 1, &tensor, INFINITY, nullptr) == GLISSADE_OK);
  CHECK(own.difference(expected) == "none");
  REQUIRE(family::reset<rule>(same, n, at.data()) == GLISSADE_OK);
  REQUIRE(family::reset<rule>(*given, n, mine.data()) == GLISSADE_OK);
  CHECK(got.difference(expected) == "none");
}

const char *first_preset(const std::string &optimizer) {
#define GLISSADE_PRESET(its_optimizer, name, macro)                                                          \
  if (optimizer == #its_optimizer) return name;
#include "glissade/presets.inc"
  return nullptr;
}

template <class rule>
void require_refused(const family::options_of<rule> *given) {
  using functions = glissade::functions<family::options_of<rule>>;
  family::arrays<rule> memory(n, family::ordinary_float, 1);
  const auto at = memory.at();
  auto right = functions::defaults;
  right.step = 1;
  const auto tensor = family::tensor_of<rule>(n, at.data()),
             own = family::tensor_of<rule>(n, at.data(), given);
  constexpr auto refused = GLISSADE_BAD_STRUCT_SIZE;
  CHECK(family::step<rule>(*given, n, at.data()) == refused);
  CHECK(family::reset<rule>(*given, n, at.data()) == refused);
  for (const auto &[options, one] : {std::pair(given, &tensor), std::pair(&std::as_const(right), &own)}) {
    std::size_t index = 9;
    CHECK(functions::step_many(options, 1, one) == refused);
    CHECK(functions::step_many_clipped(options, 1, one, 1, nullptr) == refused);
    CHECK(functions::step_share(options, 1, one, 0, 1) == refused);
    CHECK(functions::check(options, 1, one, &index) == refused);
    CHECK(index == (one == &own ? 0u : 1u));
  }
  CHECK(memory.nothing_changed());
}

} // namespace

TEMPLATE_LIST_TEST_CASE("larger options are taken where the surplus is 0", "[growth]", family::all) {
  using options = family::options_of<TestType>;
  for (auto o : family::one_per_mode<TestType>())
    for (const std::size_t more : {8u, 64u}) {
      const sized<options> larger(o, sizeof o + more);
      require_same<TestType>(larger.get(), o);
      for (const std::size_t set : {sizeof o, sizeof o + more - 1}) {
        const sized<options> unknown(o, sizeof o + more);
        unknown.byte(set) = 1;
        require_refused<TestType>(unknown.get());
      }
    }
}

TEMPLATE_LIST_TEST_CASE("options of the first version have 0 in later fields", "[growth]", family::all) {
  using options = family::options_of<TestType>;
  constexpr std::size_t first = offsetof(options, step) + sizeof(std::int64_t);
  for (auto o : family::one_per_mode<TestType>()) {
    const sized<options> smaller(o, first); // behind it the memory ends
    auto same = o;
    std::memset(reinterpret_cast<char *>(&same) + first, 0, sizeof same - first);
    require_same<TestType>(smaller.get(), same);
    for (const std::size_t size : {first - 8, first + 4, std::size_t(0), std::size_t(1) << 20}) {
      const sized<options> wrong(o, std::max(size % 4096, first));
      wrong.get()->struct_size = size;
      require_refused<TestType>(wrong.get());
    }
  }
}

TEMPLATE_LIST_TEST_CASE("larger tensors are taken where the surplus is 0", "[growth]", family::all) {
  using options = family::options_of<TestType>;
  using functions = glissade::functions<options>;
  using tensor = typename functions::tensor;
  struct grown {
    tensor known;
    std::uint64_t later[2] = {};
  };
  options o = functions::defaults;
  o.step = 1;
  family::arrays<TestType> first(n, family::ordinary_float, 1), second(5, family::ordinary_float, 2);
  family::arrays<TestType> expected_first(n, family::ordinary_float, 1),
      expected_second(5, family::ordinary_float, 2);
  grown list[] = {{family::tensor_of<TestType>(n, first.at().data())},
                  {family::tensor_of<TestType>(5, second.at().data())}};
  for (auto &one : list)
    one.known.struct_size = sizeof one;
  const auto refused = [&](std::size_t at) {
    std::size_t index = 9;
    CHECK(functions::check(&o, 2, &list->known, &index) == GLISSADE_BAD_STRUCT_SIZE);
    CHECK(index == at);
    CHECK(functions::step_many(&o, 2, &list->known) == GLISSADE_BAD_STRUCT_SIZE);
    CHECK((first.nothing_changed() && second.nothing_changed()));
  };
  list[1].later[1] = 1;
  refused(1);
  list[1].later[1] = 0;
  list[1].known.struct_size -= 8;
  refused(1);
  list[1].known.struct_size += 8;
  list[0].known.struct_size = sizeof(tensor) - 8;
  refused(0);
  list[0].known.struct_size = sizeof(grown);
  REQUIRE(functions::step_many(&o, 2, &list->known) == GLISSADE_OK);
  REQUIRE(family::step<TestType>(o, n, expected_first.at().data()) == GLISSADE_OK);
  REQUIRE(family::step<TestType>(o, 5, expected_second.at().data()) == GLISSADE_OK);
  CHECK(first.difference(expected_first) == "none");
  CHECK(second.difference(expected_second) == "none");
}

TEMPLATE_LIST_TEST_CASE("a larger storage is taken where the surplus is 0", "[growth][storage]",
                        family::all) {
  using functions = glissade::functions<family::options_of<TestType>>;
  auto o = functions::defaults;
  o.step = 1;
  const family::storage_types types = {GLISSADE_SPLIT, GLISSADE_BF16, family::q8, GLISSADE_FP16};
  family::stored_tensor<TestType> expected(types, n, 1), got(types, n, 1), before(types, n, 1);
  REQUIRE(functions::step_many(&o, 1, &expected.tensor) == GLISSADE_OK);
  const sized<glissade_storage> larger(got.storage, sizeof got.storage + 16),
      exact(got.storage, sizeof got.storage); // behind which the memory ends
  const auto call = [&](const sized<glissade_storage> &storage) {
    got.tensor.storage = storage.get();
    return functions::step_many(&o, 1, &got.tensor);
  };
  const auto refused = [&](const sized<glissade_storage> &storage) {
    CHECK(call(storage) == GLISSADE_BAD_STRUCT_SIZE);
    CHECK(functions::reset_many(&o, 1, &got.tensor) == GLISSADE_BAD_STRUCT_SIZE);
    CHECK(got == before);
  };
  for (const std::size_t set : {sizeof got.storage, sizeof got.storage + 15}) {
    larger.byte(set) = 1;
    refused(larger);
    larger.byte(set) = 0;
  }
  for (const std::size_t size : {sizeof got.storage - 8, sizeof got.storage + 4, std::size_t(0), SIZE_MAX}) {
    larger.get()->struct_size = size;
    refused(larger);
  }
  larger.get()->struct_size = sizeof got.storage + 16;
  CHECK(call(larger) == GLISSADE_OK);
  CHECK(got == expected);
  REQUIRE(functions::step_many(&o, 1, &expected.tensor) == GLISSADE_OK);
  CHECK(call(exact) == GLISSADE_OK);
  CHECK(got == expected);
}

TEST_CASE("the structs of the norm may be larger too", "[growth][norm]") {
  struct grown_grad {
    glissade_grad known;
    std::uint64_t later = 0;
  };
  struct grown_norm {
    glissade_norm known;
    std::uint64_t later = 0;
  };
  const float x[] = {3, 4}, y[] = {12};
  grown_grad grads[] = {{family::gradient(2, x)}, {family::gradient(1, y)}};
  grown_norm found = {family::no_norm};
  for (auto &grad : grads)
    grad.known.struct_size = sizeof grad;
  found.known.struct_size = sizeof found;
  REQUIRE(glissade_grad_norm(2, &grads->known, 1, &found.known) == GLISSADE_OK);
  CHECK(found.known.struct_size == sizeof found);
  CHECK((found.known.norm == 13 && found.known.sum_of_squares == 169 && found.known.max_abs == 12));
  grads[1].later = 1;
  CHECK(glissade_grad_norm(2, &grads->known, 1, &found.known) == GLISSADE_BAD_STRUCT_SIZE);
  grads[1].later = 0;
  grads[1].known.struct_size = sizeof(glissade_grad);
  CHECK(glissade_grad_norm(2, &grads->known, 1, &found.known) == GLISSADE_BAD_STRUCT_SIZE);
  found.later = 1;
  CHECK(glissade_grad_norm(1, &grads->known, 1, &found.known) == GLISSADE_BAD_STRUCT_SIZE);
  found.later = 0;
  found.known.struct_size = sizeof(glissade_norm) - 8;
  CHECK(glissade_grad_norm(1, &grads->known, 1, &found.known) == GLISSADE_BAD_STRUCT_SIZE);
  CHECK(found.known.norm == 13);
}

TEMPLATE_LIST_TEST_CASE("a preset fills a struct of any version", "[growth][presets]", family::all) {
  using options = family::options_of<TestType>;
  using functions = glissade::functions<options>;
  options known = {};
  const char *preset = first_preset(functions::name);
  REQUIRE(functions::preset_named(&known, sizeof known, preset) == GLISSADE_OK);
  constexpr std::size_t first = offsetof(options, step) + sizeof(std::int64_t);
  for (const std::size_t size : {first, sizeof known, sizeof known + 16}) {
    const sized<options> given(functions::defaults, size);
    std::memset(given.get(), 0xff, size);
    REQUIRE(functions::preset_named(given.get(), size, preset) == GLISSADE_OK);
    CHECK(given.get()->struct_size == size);
    known.struct_size = size;
    CHECK(std::memcmp(given.get(), &known, std::min(size, sizeof known)) == 0);
    for (std::size_t i = sizeof known; i < size; ++i)
      CHECK(given.byte(i) == 0);
  }
  options untouched, before;
  std::memset(&untouched, 0x55, sizeof untouched);
  std::memcpy(&before, &untouched, sizeof before);
  for (const std::string &wrong : {std::string("Torch"), std::string(), preset + std::string("s")})
    CHECK(functions::preset_named(&untouched, sizeof untouched, wrong.c_str()) == GLISSADE_UNKNOWN_PRESET);
  CHECK(functions::preset_named(&untouched, sizeof untouched, nullptr) == GLISSADE_UNKNOWN_PRESET);
  CHECK(functions::preset_named(&untouched, first - 8, preset) == GLISSADE_BAD_STRUCT_SIZE);
  CHECK(functions::preset_named(&untouched, sizeof untouched + 4, preset) == GLISSADE_BAD_STRUCT_SIZE);
  CHECK(functions::preset_named(nullptr, sizeof untouched, preset) == GLISSADE_NULL_OPTIONS);
  CHECK(std::memcmp(&untouched, &before, sizeof untouched) == 0);
}
