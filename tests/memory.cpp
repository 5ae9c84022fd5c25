// Not a byte outside the arrays is read or written: they end at pages that may not be touched.
#include "family.hpp"
#include "guarded_pages.hpp"
#include "stored.hpp"

TEMPLATE_LIST_TEST_CASE("a step stays inside its arrays at both ends", "[memory]", family::all) {
  constexpr std::size_t count = family::array_count<TestType>;
  const std::array<guarded_pages, count> pages;
  for (auto o : family::one_per_mode<TestType>())
    for (const auto &isa : family::isas()) {
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      for (std::size_t n = 0; n <= 145; n += n == 65 ? 62 : 1) // from 128 on, aligned registers come first
        for (const bool at_end : {false, true}) {
          family::arrays<TestType> expected(n, family::any_float, static_cast<std::uint32_t>(n));
          std::array<float *, count> at;
          for (std::size_t k = 0; k < count; ++k) {
            at[k] = at_end ? pages[k].last(n) : pages[k].first();
            std::copy_n(expected.array(k), n, at[k]);
          }
          const auto whole = expected.at();
          REQUIRE(family::step<TestType>(o, n, at.data()) == GLISSADE_OK);
          REQUIRE(family::step<TestType>(o, n, whole.data()) == GLISSADE_OK);
          for (std::size_t k = 0; k < count; ++k)
            REQUIRE(family::first_difference(at[k], expected.array(k), n) == n);
        }
    }
}

TEMPLATE_LIST_TEST_CASE("the gradient may lie where nothing can be written", "[memory]", family::all) {
  const guarded_pages page;
  std::fill_n(page.first(), 65, .5f);
  page.forbid_writing();
  for (const auto &o : family::one_per_mode<TestType>())
    for (const auto &isa : family::isas()) {
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      for (const std::size_t n : {1u, 16u, 65u}) {
        family::arrays<TestType> memory(n, family::ordinary_float, 1);
        auto at = memory.at();
        at[1] = page.first();
        REQUIRE(family::step<TestType>(o, n, at.data()) == GLISSADE_OK);
      }
    }
}

namespace {

// Where a copy of a piece of an array now lies, at an end of these pages.
unsigned char *moved(const family::bytes &piece, const guarded_pages &pages, bool at_end) {
  const auto at =
      reinterpret_cast<unsigned char *>(at_end ? pages.last(0) : pages.first()) - (at_end ? piece.size() : 0);
  std::copy(piece.begin(), piece.end(), at);
  return at;
}

// A sparse 0 to 600: around whole registers of each instruction set, blocks, and two of these.
constexpr std::size_t sizes_of_blocks[] = {0,   1,   2,   7,   15,  17,  31,  33,  64,  100, 129, 255,
                                           256, 257, 300, 385, 448, 511, 512, 513, 528, 577, 599, 600};

} // namespace

TEMPLATE_LIST_TEST_CASE("a step on stored arrays stays inside of all their pieces at both ends",
                        "[storage][memory]", family::all) {
  constexpr std::size_t count = family::array_count<TestType>;
  using functions = glissade::functions<family::options_of<TestType>>;
  const std::array<guarded_pages, count + 1> data, extra; // that of the copy last
  auto o = family::one_per_mode<TestType>().back();
  o.step = 3;
  for (const auto &types : family::all_storages)
    for (const auto &isa : family::isas())
      for (const std::size_t n : sizes_of_blocks)
        for (const bool at_end : {false, true}) {
          CAPTURE(isa, n, at_end, types.param, types.grad, types.state, types.copy);
          REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
          family::stored_tensor<TestType> whole(types, n, 1, family::ordinary_float),
              guarded(types, n, 1, family::ordinary_float);
          float *floats[count] = {};
          const auto move = [&](family::stored &stored, std::size_t k) {
            stored.array.data = moved(stored.data, data[k], at_end);
            if (stored.array.extra) stored.array.extra = moved(stored.extra, extra[k], at_end);
          };
          for (std::size_t k = 0; k < count; ++k) {
            auto &stored = *guarded.arrays[k];
            move(stored, k);
            if (stored.array.type == GLISSADE_FLOAT32)
              floats[k] = static_cast<float *>(stored.array.data);
            else
              guarded.place(k) = stored.array;
          }
          if (guarded.copy) {
            move(*guarded.copy, count);
            guarded.storage.copy = guarded.copy->array;
          }
          auto tensor = family::tensor_of<TestType>(n, floats);
          tensor.storage = &guarded.storage;
          const auto require_same = [&] {
            const auto same = [](const family::stored &at, const family::stored &expected) {
              REQUIRE(std::equal(expected.data.begin(), expected.data.end(),
                                 static_cast<unsigned char *>(at.array.data)));
              REQUIRE(std::equal(expected.extra.begin(), expected.extra.end(),
                                 static_cast<unsigned char *>(at.array.extra)));
            };
            for (std::size_t k = 0; k < count; ++k)
              same(*guarded.arrays[k], *whole.arrays[k]);
            if (whole.copy) same(*guarded.copy, *whole.copy);
          };
          REQUIRE(functions::step_many(&o, 1, &tensor) == GLISSADE_OK);
          REQUIRE(functions::step_many(&o, 1, &whole.tensor) == GLISSADE_OK);
          require_same();
          REQUIRE(functions::step_many_clipped(&o, 1, &tensor, 1, nullptr) == GLISSADE_OK);
          REQUIRE(functions::step_many_clipped(&o, 1, &whole.tensor, 1, nullptr) == GLISSADE_OK);
          require_same();
          REQUIRE(functions::reset_many(&o, 1, &tensor) == GLISSADE_OK);
          REQUIRE(functions::reset_many(&o, 1, &whole.tensor) == GLISSADE_OK);
          require_same();
        }
}

TEMPLATE_LIST_TEST_CASE("a stored gradient may lie where nothing can be written", "[storage][memory]",
                        family::all) {
  const guarded_pages page(600);
  std::fill_n(page.first(), 600, .5f); // of which each half is a number too
  page.forbid_writing();
  using functions = glissade::functions<family::options_of<TestType>>;
  auto o = functions::defaults;
  o.step = 1;
  for (const auto &isa : family::isas()) {
    REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
    for (const int type : {GLISSADE_BF16, GLISSADE_FP16})
      for (const std::size_t n : {1u, 256u, 600u}) {
        family::stored_tensor<TestType> t({GLISSADE_SPLIT, type, family::q8, GLISSADE_FP16}, n, 1);
        t.storage.grad.data = page.first();
        REQUIRE(functions::step_many_clipped(&o, 1, &t.tensor, 1, nullptr) == GLISSADE_OK);
      }
  }
}
