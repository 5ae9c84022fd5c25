// Steps on rows of tables: the bits of a dense step on those rows alone, and not a byte of any other row.
#include "family.hpp"
#include "guarded_pages.hpp"
#include "textbook_row_wise.hpp"
#include <memory>
#include <numeric>

namespace {

using indices = std::vector<std::int64_t>;

// About one in `apart` rows, some of them neighbours; the first and the last among them for an even seed.
indices some_of(std::size_t rows, std::uint32_t apart, std::uint32_t seed) {
  indices all;
  for (std::size_t i = 0; i < rows; ++i)
    if (family::mixed(seed * 65537 + static_cast<std::uint32_t>(i)) % apart == 0 ||
        (seed % 2 == 0 && (i == 0 || i + 1 == rows)))
      all.push_back(static_cast<std::int64_t>(i));
  return all;
}
indices all_of(std::size_t rows) {
  indices all(rows);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// A table and the rows that are named; its gradient begins with those of the named rows.
template <class rule>
struct table {
  using options = family::options_of<rule>;
  static constexpr std::size_t count = family::array_count<rule>;

  table(std::size_t rows, std::size_t width, indices named, std::uint32_t seed,
        float (*make)(std::uint32_t) = family::any_float)
      : which(std::move(named)),
        memory(rows * width, make, seed, family::anywhere),
        before(rows * width, make, seed, family::anywhere),
        expected(which.size() * width, make, seed) {
    given = {sizeof given, width, which.size(), which.data(), 0, 0};
    tensor = family::tensor_of<rule>(rows * width, memory.at().data());
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t i = 0; i < which.size(); ++i)
        std::copy_n(memory.array(k) + (k == 1 ? i : std::size_t(which[i])) * width, width,
                    expected.at()[k] + i * width);
  }
  table(const table &) = delete;

  void expect_step(options o) {
    o.threads = 1;
    const auto at = expected.at();
    REQUIRE(family::step<rule>(o, expected.n, at.data()) == GLISSADE_OK);
  }
  std::string difference() const {
    if (!memory.nothing_changed_outside()) return "outside of the table or in the gradient";
    const std::size_t width = given.width;
    for (std::size_t k = 0; k < count; ++k) {
      std::size_t next = 0;
      for (std::size_t row = 0; row < memory.n / width; ++row) {
        const bool named = next < which.size() && which[next] == std::int64_t(row);
        const float *right =
            named && k != 1 ? expected.array(k) + next * width : before.array(k) + row * width;
        if (family::first_difference(memory.array(k) + row * width, right, width) != width)
          return "array " + std::to_string(k) + (named ? " named row " : " row ") + std::to_string(row);
        next += named;
      }
    }
    return "none";
  }

  indices which;
  family::arrays<rule> memory, before, expected;
  glissade_rows given;
  typename glissade::functions<options>::tensor tensor;
};

template <class rule>
auto step_rows(const family::options_of<rule> &o, const table<rule> &t) {
  return glissade::functions<family::options_of<rule>>::step_rows(&o, 1, &t.tensor, &t.given);
}

template <class rule>
void compare(const family::options_of<rule> &o, std::size_t rows, std::size_t width, std::uint32_t seed) {
  for (const auto &isa : family::isas()) {
    table<rule> t(rows, width, seed % 5 == 0 ? all_of(rows) : some_of(rows, 2 + seed % 3, seed), seed);
    REQUIRE(glissade_use_isa("scalar") == GLISSADE_OK);
    t.expect_step(o);
    REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
    REQUIRE(step_rows<rule>(o, t) == GLISSADE_OK);
    if (const auto difference = t.difference(); difference != "none")
      FAIL(isa << " rows = " << rows << " width = " << width << " seed = " << seed << ": " << difference);
  }
}

// Tables of many shapes, every third with options of its own.
template <class rule>
struct tables {
  using options = family::options_of<rule>;
  using functions = glissade::functions<options>;

  explicit tables(const options &own) : own_options(own) {
    constexpr std::size_t shapes[][2] = {{3, 5},    {1, 1},     {0, 7},   {4000, 16}, {40, 1},
                                         {900, 64}, {2, 20000}, {30, 17}, {2000, 33}, {1, 3}};
    std::uint32_t seed = 0;
    for (const auto &[rows, width] : shapes) {
      ++seed;
      all.push_back(std::make_unique<table<rule>>(rows, width, some_of(rows, 1 + seed % 4, seed), seed,
                                                  family::ordinary_float));
      tensors.push_back(all.back()->tensor);
      tensors.back().options = seed % 3 == 0 ? &own_options : nullptr;
      given.push_back(all.back()->given);
    }
  }
  glissade_status step(const options &o) const {
    return functions::step_rows(&o, tensors.size(), tensors.data(), given.data());
  }
  bool nothing_changed() const {
    for (const auto &one : all)
      if (!one->memory.nothing_changed()) return false;
    return true;
  }

  options own_options;
  std::vector<std::unique_ptr<table<rule>>> all;
  std::vector<typename functions::tensor> tensors;
  std::vector<glissade_rows> given;
};

template <class rule>
family::options_of<rule> first_step() {
  auto o = glissade::functions<family::options_of<rule>>::defaults;
  o.step = 1;
  return o;
}

} // namespace

TEMPLATE_LIST_TEST_CASE("every option updates rows as a dense step on them does", "[rows]", family::all) {
  std::uint32_t seed = 0;
  for (const auto &o : family::all_options<TestType>()) {
    ++seed;
    compare<TestType>(o, 23, 1 + seed % 66, seed);
  }
}

TEMPLATE_LIST_TEST_CASE("rows of every width have the bits of a dense step", "[rows]", family::all) {
  std::uint32_t seed = 0;
  for (const auto &o : family::one_per_mode<TestType>()) {
    for (std::size_t width = 1; width <= 4 * 16 + 1; width += family::emulated() ? 13 : 1)
      compare<TestType>(o, 11, width, ++seed);
    for (const std::size_t width : {16u, 64u, 127u, 300u, 1024u, 1025u, 3000u})
      compare<TestType>(o, 5, width, ++seed);
  }
}

TEMPLATE_LIST_TEST_CASE("rows of a list of tables have the same bits with any number of threads",
                        "[rows][threads]", family::all) {
  const auto every = family::one_per_mode<TestType>();
  for (std::size_t i = 0; i < every.size(); ++i)
    for (const int threads : family::emulated() ? std::vector{3} : std::vector{0, 1, 2, 3, 7}) {
      auto o = every[i], own = every[(i + 1) % every.size()];
      own.step = o.step;
      o.threads = threads;
      tables<TestType> got(own);
      for (std::size_t k = 0; k < got.all.size(); ++k)
        got.all[k]->expect_step(got.tensors[k].options ? own : o);
      REQUIRE(got.step(o) == GLISSADE_OK);
      for (std::size_t k = 0; k < got.all.size(); ++k) {
        CAPTURE(threads, k);
        REQUIRE(got.all[k]->difference() == "none");
      }
    }
}

TEMPLATE_LIST_TEST_CASE("a step on rows touches no page of other rows", "[rows][memory]", family::all) {
  constexpr std::size_t count = family::array_count<TestType>;
  const std::array<guarded_pages, count> pages;
  for (auto o : family::one_per_mode<TestType>())
    for (const auto &isa : family::isas())
      for (const std::size_t width : {1u, 3u, 15u, 16u, 17u, 33u, 64u, 145u})
        for (const bool at_end : {false, true}) {
          REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
          constexpr std::size_t named = 3, rows_before = 2, rows = 8;
          family::arrays<TestType> expected(named * width, family::any_float,
                                            static_cast<std::uint32_t>(width));
          std::array<float *, count> within, table;
          for (std::size_t k = 0; k < count; ++k) {
            within[k] = at_end ? pages[k].last(named * width) : pages[k].first();
            table[k] = within[k] - (k == 1 ? 0 : rows_before * width);
            std::copy_n(expected.array(k), named * width, within[k]);
          }
          const std::int64_t which[named] = {rows_before, rows_before + 1, rows_before + 2};
          const glissade_rows given = {sizeof given, width, named, which, 0, 0};
          const auto tensor = family::tensor_of<TestType>(rows * width, table.data());
          REQUIRE(glissade::functions<family::options_of<TestType>>::step_rows(&o, 1, &tensor, &given) ==
                  GLISSADE_OK);
          REQUIRE(family::step<TestType>(o, named * width, expected.at().data()) == GLISSADE_OK);
          for (std::size_t k = 0; k < count; ++k)
            REQUIRE(family::first_difference(within[k], expected.array(k), named * width) == named * width);
        }
}

TEMPLATE_LIST_TEST_CASE("a fault in the rows of one table changes none", "[rows][status]", family::all) {
  using functions = glissade::functions<family::options_of<TestType>>;
  const auto o = first_step<TestType>();
  tables<TestType> m(o);
  const auto expect = [&](glissade_status status) {
    CAPTURE(glissade_status_message(status));
    CHECK(m.step(o) == status);
    CHECK(m.nothing_changed());
  };
  constexpr std::size_t at = 5; // of 900 rows of 64
  auto &rows = m.given[at];
  auto &tensor = m.tensors[at];
  auto &which = m.all[at]->which;
  const auto good_rows = rows;
  const auto good_tensor = tensor;
  const auto good_which = which;

  CHECK(functions::step_rows(&o, 1, nullptr, &rows) == GLISSADE_NULL_TENSORS);
  CHECK(functions::step_rows(&o, 1, &tensor, nullptr) == GLISSADE_NULL_ROWS);
  CHECK(functions::step_rows(&o, 0, nullptr, nullptr) == GLISSADE_OK);
  CHECK(functions::step_rows(nullptr, 0, nullptr, nullptr) == GLISSADE_NULL_OPTIONS);

  for (const std::size_t wrong : {0u, 7u, 63u, 128u}) {
    rows.width = wrong; // 128: twice as wide, so half as many rows, of which some named ones are none
    expect(wrong == 128 ? GLISSADE_BAD_INDEX : GLISSADE_BAD_WIDTH);
  }
  rows = good_rows;
  for (const std::size_t wrong : {std::size_t(901), SIZE_MAX}) {
    rows.count = wrong;
    expect(GLISSADE_BAD_COUNT);
  }
  rows = good_rows;
  rows.indices = nullptr;
  expect(GLISSADE_NULL_INDICES);
  rows.indices = reinterpret_cast<const std::int64_t *>(reinterpret_cast<const char *>(which.data()) + 4);
  expect(GLISSADE_MISALIGNED_ARRAY);
  rows.indices = reinterpret_cast<const std::int64_t *>(UINTPTR_MAX - 7);
  expect(GLISSADE_BAD_N);
  rows = good_rows;
  rows.struct_size -= 8;
  expect(GLISSADE_BAD_STRUCT_SIZE);
  rows = good_rows;
  const glissade_storage storage = {};
  tensor.storage = &storage;
  expect(GLISSADE_STORED_ROWS);
  tensor = good_tensor;

  const std::size_t last = which.size() - 1;
  for (const std::size_t i : {std::size_t(0), last / 2, last})
    for (const std::int64_t wrong : {std::int64_t(-1), INT64_MIN, std::int64_t(900), INT64_MAX}) {
      which[i] = wrong;
      expect(GLISSADE_BAD_INDEX);
      which = good_which;
    }
  for (const std::size_t i : {std::size_t(1), last / 2, last}) {
    which[i] = which[i - 1];
    expect(GLISSADE_UNSORTED_INDICES);
    which[i] = 0;
    expect(GLISSADE_UNSORTED_INDICES);
    which[last] = 900; // comes later
    if (i < last) expect(GLISSADE_UNSORTED_INDICES);
    which = good_which;
    which[i] = 899;
    which[0] = -1; // comes before
    expect(GLISSADE_BAD_INDEX);
    which = good_which;
  }

  tensor.grad = tensor.param + 900 * 64 - 1;
  expect(GLISSADE_OVERLAPPING_ARRAYS);
  tensor.grad = good_tensor.param - 64 * which.size() + 1; // its last element is the first of param
  expect(GLISSADE_OVERLAPPING_ARRAYS);
  tensor = good_tensor;
  const auto in_param = reinterpret_cast<std::uintptr_t>(tensor.param) / 8 * 8 + 512;
  rows.indices = reinterpret_cast<const std::int64_t *>(in_param);
  expect(GLISSADE_OVERLAPPING_ARRAYS);
  rows.indices = m.given[at - 1].indices; // of another table: those may be the same
  rows.count = 2;
  CHECK(m.step(o) == GLISSADE_OK);
  rows = good_rows;
  m.given[at - 1].indices = reinterpret_cast<const std::int64_t *>(in_param); // which the next table writes
  CHECK(m.step(o) != GLISSADE_OK);
}

TEST_CASE("row-wise AdaGrad keeps the mean square of each row's gradients", "[rows][threads]") {
  std::uint32_t seed = 0;
  for (auto o : family::all_options<glissade::rules::adagrad>())
    for (const std::size_t width : {1u, 5u, 16u, 32u, 33u, 48u, 64u, 512u, 1100u}) {
      const std::size_t rows = width == 64 ? 900 : 7;
      const auto make = ++seed % 2 ? family::ordinary_float : family::any_float;
      family::arrays<glissade::rules::adagrad> start(rows * width, make, seed);
      const auto which = some_of(rows, 2, seed);
      std::vector<float> param(start.array(0), start.array(0) + rows * width),
          sums(start.array(2), start.array(2) + rows);
      for (std::size_t i = 0; i < which.size(); ++i)
        row_wise_step(o, width, param.data() + which[i] * std::int64_t(width), start.array(1) + i * width,
                      sums[std::size_t(which[i])]);
      for (const auto &isa : family::isas())
        for (const int threads : {1, 3}) {
          CAPTURE(isa, width, threads, seed);
          REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
          family::arrays<glissade::rules::adagrad> got(rows * width, make, seed, family::anywhere);
          std::vector<float> sum(got.array(2), got.array(2) + rows);
          const glissade_rows given = {sizeof given, width, which.size(), which.data(), 1, 0};
          const glissade_adagrad_tensor tensor = {sizeof tensor, rows * width, got.at()[0], got.at()[1],
                                                  sum.data(),    nullptr,      nullptr};
          o.threads = threads;
          REQUIRE(glissade_adagrad_step_rows(&o, 1, &tensor, &given) == GLISSADE_OK);
          REQUIRE(family::first_difference(got.array(0), param.data(), rows * width) == rows * width);
          REQUIRE(family::first_difference(sum.data(), sums.data(), rows) == rows);
          REQUIRE(got.nothing_changed_outside());
        }
    }
  glissade_use_isa(nullptr);
}

TEST_CASE("row-wise AdaGrad touches no page of other rows", "[rows][memory]") {
  const guarded_pages params, grads, sums;
  constexpr std::size_t named = 3, rows_before = 2, rows = 8;
  const std::int64_t which[named] = {rows_before, rows_before + 1, rows_before + 2};
  glissade_adagrad o = GLISSADE_ADAGRAD_TORCH;
  for (const double weight_decay : {0., .1})
    for (const auto &isa : family::isas())
      for (const std::size_t width : {1u, 3u, 15u, 16u, 17u, 31u, 32u, 33u, 48u, 64u, 145u})
        for (const bool at_end : {false, true}) {
          REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
          o.weight_decay = weight_decay;
          family::arrays<glissade::rules::adagrad> expected(named * width, family::ordinary_float, 3);
          const auto within = [=](const guarded_pages &pages, std::size_t n) {
            return at_end ? pages.last(n) : pages.first();
          };
          float *const param = within(params, named * width), *const grad = within(grads, named * width),
                       *const sum = within(sums, named);
          std::copy_n(expected.array(0), named * width, param);
          std::copy_n(expected.array(1), named * width, grad);
          std::copy_n(expected.array(2), named, sum);
          const glissade_rows given = {sizeof given, width, named, which, 1, 0};
          const glissade_adagrad_tensor tensor = {
              sizeof tensor, rows * width, param - rows_before * width, grad, sum - rows_before,
              nullptr,       nullptr};
          REQUIRE(glissade_adagrad_step_rows(&o, 1, &tensor, &given) == GLISSADE_OK);
          for (std::size_t i = 0; i < named; ++i)
            row_wise_step(o, width, expected.at()[0] + i * width, expected.array(1) + i * width,
                          expected.at()[2][i]);
          CAPTURE(isa, width, at_end, weight_decay);
          REQUIRE(family::first_difference(param, expected.array(0), named * width) == named * width);
          REQUIRE(family::first_difference(sum, expected.array(2), named) == named);
        }
  glissade_use_isa(nullptr);
}

TEMPLATE_LIST_TEST_CASE("one sum for each row is refused but for AdaGrad", "[rows][status]", family::all) {
  for (const int wrong : {1, 2, -1, 65536}) {
    table<TestType> t(7, 9, {3}, 2);
    t.given.row_wise = wrong;
    const bool right = std::is_same_v<TestType, glissade::rules::adagrad> && wrong == 1;
    CHECK(step_rows<TestType>(first_step<TestType>(), t) == (right ? GLISSADE_OK : GLISSADE_BAD_ROW_WISE));
    CHECK(t.memory.nothing_changed() == !right);
  }
}

TEMPLATE_LIST_TEST_CASE("a table of which no row is named needs no gradient and no indices", "[rows][status]",
                        family::all) {
  table<TestType> t(7, 9, {}, 2);
  t.given.indices = nullptr;
  t.tensor.grad = nullptr;
  CHECK(step_rows<TestType>(first_step<TestType>(), t) == GLISSADE_OK);
  CHECK(t.memory.nothing_changed());
  t.tensor.param = nullptr;
  CHECK(step_rows<TestType>(first_step<TestType>(), t) == GLISSADE_NULL_PARAM);
}

TEMPLATE_LIST_TEST_CASE("the gradient rows may lie where as many floats as in the table would overlap",
                        "[rows]", family::all) {
  table<TestType> t(9, 16, {0, 8}, 4, family::ordinary_float);
  std::vector<float> both(32 + 9 * 16);
  std::copy_n(t.memory.array(1), 32, both.data());
  std::copy_n(t.memory.array(0), 9 * 16, both.data() + 32);
  t.tensor.grad = both.data();
  t.tensor.param = both.data() + 32;
  t.expect_step(first_step<TestType>());
  REQUIRE(step_rows<TestType>(first_step<TestType>(), t) == GLISSADE_OK);
  CHECK(family::first_difference(t.expected.array(0), both.data() + 32, 16) == 16);
  CHECK(family::first_difference(t.expected.array(0) + 16, both.data() + 32 + 8 * 16, 16) == 16);
}

TEMPLATE_LIST_TEST_CASE("larger rows are taken where the surplus is 0", "[rows][growth]", family::all) {
  struct grown {
    glissade_rows known;
    std::uint64_t later = 0;
  };
  using functions = glissade::functions<family::options_of<TestType>>;
  const auto o = first_step<TestType>();
  table<TestType> a(7, 9, {1, 5}, 2), b(5, 16, {0, 4}, 3);
  const typename functions::tensor tensors[] = {a.tensor, b.tensor};
  grown rows[] = {{a.given}, {b.given}};
  for (auto &one : rows)
    one.known.struct_size = sizeof one;
  rows[1].later = 1;
  CHECK(functions::step_rows(&o, 2, tensors, &rows->known) == GLISSADE_BAD_STRUCT_SIZE);
  rows[1].later = 0;
  rows[1].known.struct_size -= 8;
  CHECK(functions::step_rows(&o, 2, tensors, &rows->known) == GLISSADE_BAD_STRUCT_SIZE);
  CHECK((a.memory.nothing_changed() && b.memory.nothing_changed()));
  rows[1].known.struct_size += 8;
  a.expect_step(o);
  b.expect_step(o);
  CHECK(functions::step_rows(&o, 2, tensors, &rows->known) == GLISSADE_OK);
  CHECK(a.difference() == "none");
  CHECK(b.difference() == "none");
}
