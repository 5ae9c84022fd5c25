// A step on stored arrays is decoding, the step in float32, and encoding; with any number of threads, any split, in a list
// and clipped.
#include "guarded_pages.hpp"
#include "stored.hpp"

namespace {

using family::stored_tensor, family::storage_types, family::all_storages, family::stored;

template <class rule>
using functions = glissade::functions<family::options_of<rule>>;

// Is array k what the step makes of these floats?
template <class rule>
void check_array(const stored_tensor<rule> &got, std::size_t k, const std::vector<float> &x,
                 std::int64_t step) {
  CAPTURE(k);
  REQUIRE(family::first_wrong(got.arrays[k]->array, x, k, got.storage, step) == x.size());
}

// Some of the modes, so that all arrays are used.
template <class rule>
family::options_of<rule> rich_options() {
  family::options_of<rule> most = functions<rule>::defaults;
  for (const auto &o : family::one_per_mode<rule>())
    if (glissade::mode_of<rule>(o) >= glissade::mode_of<rule>(most)) most = o;
  most.threads = 1;
  most.step = 3;
  return most;
}

template <class rule>
bool used(const family::options_of<rule> &o, std::size_t k) {
  return glissade::uses<rule>(glissade::mode_of<rule>(o), k);
}

constexpr std::size_t sizes[] = {1, 17, 255, 256, 257, 1000};

} // namespace

TEMPLATE_LIST_TEST_CASE("a stored step decodes, takes the step of floats, and encodes", "[storage][bits]",
                        family::all) {
  std::vector<family::options_of<TestType>> all = {rich_options<TestType>(), functions<TestType>::defaults};
  all[1].step = 7;
  for (const auto &o : all)
    for (const auto &types : all_storages)
      for (const std::size_t n : sizes)
        for (const auto &isa : family::isas()) {
          CAPTURE(isa, n, types.param, types.grad, types.state, types.copy);
          REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
          stored_tensor<TestType> got(types, n, static_cast<std::uint32_t>(n));
          std::vector<std::vector<float>> floats;
          std::vector<float *> at;
          for (std::size_t k = 0; k < got.count; ++k)
            floats.push_back(got.decoded(k));
          for (auto &array : floats)
            at.push_back(array.data());
          const auto before = got.arrays[1]->data;
          REQUIRE(family::step<TestType>(o, n, at.data()) == GLISSADE_OK);
          REQUIRE(functions<TestType>::step_many(&o, 1, &got.tensor) == GLISSADE_OK);
          for (std::size_t k = 0; k < got.count; ++k)
            if (k != 1 && used<TestType>(o, k)) check_array(got, k, floats[k], o.step);
          CHECK(got.arrays[1]->data == before);
          if (got.copy) {
            stored copy(types.copy, n);
            REQUIRE(glissade_encode(n, floats[0].data(), &copy.array, 0, 0, 0, 1) == GLISSADE_OK);
            CHECK(*got.copy == copy);
          }
        }
}

TEMPLATE_LIST_TEST_CASE("stored steps have the same bits on every instruction set, thread and share",
                        "[storage][bits][threads]", family::all) {
  auto o = rich_options<TestType>();
  const std::size_t n = family::emulated() ? 2001 : 70001;
  for (const auto &types : all_storages) {
    stored_tensor<TestType> expected(types, n, 1, family::ordinary_float);
    REQUIRE(glissade_use_isa("scalar") == GLISSADE_OK);
    o.threads = 1;
    REQUIRE(functions<TestType>::step_many(&o, 1, &expected.tensor) == GLISSADE_OK);
    for (const auto &isa : family::isas()) {
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      for (const int threads : {1, 3, 4}) {
        o.threads = threads;
        stored_tensor<TestType> got(types, n, 1, family::ordinary_float);
        INFO(isa << " threads " << threads << " types " << types.param << types.grad << types.state
                 << types.copy);
        REQUIRE(functions<TestType>::step_many(&o, 1, &got.tensor) == GLISSADE_OK);
        CHECK(got == expected);
      }
      stored_tensor<TestType> shared(types, n, 1, family::ordinary_float);
      for (const std::size_t share : {2u, 0u, 4u, 1u, 3u})
        REQUIRE(functions<TestType>::step_share(&o, 1, &shared.tensor, share, 5) == GLISSADE_OK);
      CHECK(shared == expected);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("parts of a tensor at their offset are the whole", "[storage][bits]", family::all) {
  const auto o = rich_options<TestType>();
  constexpr std::size_t n = 1000, part = 512;
  for (const auto &types : all_storages) {
    stored_tensor<TestType> whole(types, n, 1), parts(types, n, 1);
    REQUIRE(functions<TestType>::step_many(&o, 1, &whole.tensor) == GLISSADE_OK);
    auto first = parts.tensor, second = parts.tensor;
    auto second_storage = parts.storage;
    float *floats[family::array_count<TestType>] = {};
    const auto move = [&](glissade_array &array) {
      std::size_t data, extra;
      REQUIRE(glissade_state_bytes(array.type, part, &data, &extra) == GLISSADE_OK);
      array.data = static_cast<unsigned char *>(array.data) + data;
      if (array.extra) array.extra = static_cast<unsigned char *>(array.extra) + extra;
    };
    for (std::size_t k = 0; k < parts.count; ++k) {
      auto &array = k == 0   ? second_storage.param
                    : k == 1 ? second_storage.grad
                             : second_storage.states[k - 2];
      if (array.type == GLISSADE_FLOAT32)
        floats[k] = parts.floats[k] + part;
      else
        move(array);
    }
    if (second_storage.copy.type != GLISSADE_FLOAT32) move(second_storage.copy);
    second_storage.offset += part;
    first.n = part;
    second = family::tensor_of<TestType>(n - part, floats);
    second.storage = &second_storage;
    const decltype(first) list[] = {first, second};
    REQUIRE(functions<TestType>::step_many(&o, 2, list) == GLISSADE_OK);
    CHECK(parts == whole);
  }
}

TEMPLATE_LIST_TEST_CASE("a clipped step on stored gradients has the norm of what they decode to",
                        "[storage][clip]", family::all) {
  auto o = rich_options<TestType>();
  for (const int type : {GLISSADE_BF16, GLISSADE_FP16})
    for (const std::size_t n : {1u, 300u, family::emulated() ? 2001u : 70001u}) {
      const storage_types types = {GLISSADE_FLOAT32, type, GLISSADE_FLOAT32, GLISSADE_FLOAT32};
      stored_tensor<TestType> got(types, n, 1, family::ordinary_float),
          plain(types, n, 1, family::ordinary_float);
      auto grad = plain.decoded(1);
      float *at[family::array_count<TestType>];
      std::copy(std::begin(plain.floats), std::end(plain.floats), at);
      at[1] = grad.data();
      const auto tensor = family::tensor_of<TestType>(n, at);
      double norm = 0, expected = 0;
      for (const auto &isa : family::isas()) {
        REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
        REQUIRE(functions<TestType>::step_many_clipped(&o, 1, &got.tensor, .5, &norm) == GLISSADE_OK);
        REQUIRE(functions<TestType>::step_many_clipped(&o, 1, &tensor, .5, &expected) == GLISSADE_OK);
        CHECK(norm == expected);
        CHECK(got == plain);
      }
      const glissade_grad stored_grad = {sizeof(glissade_grad), n, nullptr, got.storage.grad},
                          float_grad = {sizeof(glissade_grad), n, grad.data(), {}};
      glissade_norm of_stored = family::no_norm, of_floats = family::no_norm;
      REQUIRE(glissade_grad_norm(1, &stored_grad, 1, &of_stored) == GLISSADE_OK);
      REQUIRE(glissade_grad_norm(1, &float_grad, 1, &of_floats) == GLISSADE_OK);
      CHECK(of_stored.norm == of_floats.norm);
      CHECK(of_stored.max_abs == of_floats.max_abs);
      got.arrays[1]->data[1] = 0x7f; // a NaN in both
      got.arrays[1]->data[0] = 0xff;
      const auto before = got.arrays[0]->data;
      CHECK(functions<TestType>::step_many_clipped(&o, 1, &got.tensor, .5, &norm) == GLISSADE_NOT_FINITE);
      CHECK(got.arrays[0]->data == before);
    }
}

TEMPLATE_LIST_TEST_CASE("stored states are reset to what the options say", "[storage][reset]", family::all) {
  auto o = rich_options<TestType>();
  o.lr = .5; // Rprop's steps begin there
  if constexpr (requires { o.initial_square_avg; }) o.initial_square_avg = 1;
  if constexpr (requires { o.initial_accumulator_value; }) o.initial_accumulator_value = .25;
  for (const auto &types : all_storages)
    for (const int threads : {1, 3}) {
      const std::size_t n = family::emulated() ? 2001 : 40001;
      stored_tensor<TestType> got(types, n, 1);
      const auto param = got.arrays[0]->data;
      std::vector<std::vector<float>> floats(got.count, std::vector<float>(n));
      std::vector<float *> at;
      for (auto &array : floats)
        at.push_back(array.data());
      o.threads = threads;
      REQUIRE(family::reset<TestType>(o, n, at.data()) == GLISSADE_OK);
      REQUIRE(functions<TestType>::reset_many(&o, 1, &got.tensor) == GLISSADE_OK);
      CHECK(got.arrays[0]->data == param);
      for (std::size_t k = 2; k < got.count; ++k) // these values are stored exactly
        if (used<TestType>(o, k)) CHECK(got.decoded(k) == floats[k]);
    }
}

TEMPLATE_LIST_TEST_CASE("a wrong storage gets its status and changes nothing", "[storage][status]",
                        family::all) {
  auto o = rich_options<TestType>();
  constexpr std::size_t n = 600;
  for (const auto &types : all_storages) {
    stored_tensor<TestType> t(types, n, 1), before(types, n, 1);
    const auto expect = [&](glissade_status expected) {
      double norm = 5;
      std::size_t index = 7;
      CHECK(functions<TestType>::step_many(&o, 1, &t.tensor) == expected);
      CHECK(functions<TestType>::step_many_clipped(&o, 1, &t.tensor, 1, &norm) == expected);
      CHECK(functions<TestType>::step_share(&o, 1, &t.tensor, 0, 1) == expected);
      CHECK(functions<TestType>::check(&o, 1, &t.tensor, &index) == expected);
      CHECK(index == (expected == GLISSADE_BAD_STEP && TestType::reads_step(o)
                          ? 1
                          : 0)); // 1: it is a fault of the call's options
      CHECK(norm == 5);
      CHECK(t == before);
    };
    const glissade_storage good = t.storage;
    const auto with = [&](auto change, glissade_status expected) {
      change(t.storage);
      expect(expected);
      t.storage = good;
    };
    with([](auto &s) { s.struct_size -= 8; }, GLISSADE_BAD_STRUCT_SIZE);
    with([](auto &s) { s.offset = 255; }, GLISSADE_BAD_OFFSET);
    for (const int wrong :
         {-1, 7, int(GLISSADE_BF16), int(GLISSADE_FP16), int(GLISSADE_Q8_SIGNED), int(GLISSADE_Q8_UNSIGNED)})
      with([&](auto &s) { s.param.type = wrong; }, GLISSADE_BAD_PARAM_TYPE);
    for (const int wrong :
         {-1, 7, int(GLISSADE_SPLIT), int(GLISSADE_BF16_STOCHASTIC), int(GLISSADE_Q8_SIGNED)})
      with([&](auto &s) { s.grad.type = wrong; }, GLISSADE_BAD_GRAD_TYPE);
    for (std::size_t k = 2; k < t.count; ++k) {
      if (!used<TestType>(o, k)) continue;
      const int other = TestType::states[k - 2].not_negative ? GLISSADE_Q8_SIGNED : GLISSADE_Q8_UNSIGNED;
      for (const int wrong : {-1, 7, int(GLISSADE_BF16), int(GLISSADE_SPLIT), other})
        with([&](auto &s) { s.states[k - 2].type = wrong; }, GLISSADE_BAD_STATE_TYPE);
    }
    for (const int wrong : {-1, 7, int(GLISSADE_SPLIT), int(GLISSADE_BF16_STOCHASTIC)})
      with([&](auto &s) { s.copy.type = wrong; }, GLISSADE_BAD_COPY_TYPE);
    with([](auto &s) { s.copy = {GLISSADE_BF16, nullptr, nullptr}; }, GLISSADE_NULL_COPY);
    if (t.copy)
      with([](auto &s) { s.copy.data = static_cast<unsigned char *>(s.copy.data) + 1; },
           GLISSADE_MISALIGNED_ARRAY);

    constexpr glissade_status if_null[] = {GLISSADE_NULL_PARAM, GLISSADE_NULL_GRAD};
    for (std::size_t k = 0; k < t.count; ++k) {
      const auto place = [k](glissade_storage &s) -> glissade_array & {
        return k == 0 ? s.param : k == 1 ? s.grad : s.states[k - 2];
      };
      const int type = place(t.storage).type;
      if (type == GLISSADE_FLOAT32 || !used<TestType>(o, k)) continue;
      with([&](auto &s) { place(s).data = nullptr; }, k < 2 ? if_null[k] : TestType::states[k - 2].if_null);
      if (place(t.storage).extra) {
        const auto missing = type == GLISSADE_SPLIT ? GLISSADE_NULL_REMAINDER : GLISSADE_NULL_SCALES;
        with([&](auto &s) { place(s).extra = nullptr; }, missing);
        with([&](auto &s) { place(s).extra = place(s).data; }, GLISSADE_OVERLAPPING_ARRAYS);
        const auto on_extra = [&](auto &s) { return static_cast<unsigned char *>(place(s).extra); };
        if (type == GLISSADE_SPLIT)
          with([&](auto &s) { place(s).extra = on_extra(s) + 1; }, GLISSADE_MISALIGNED_ARRAY);
        with([&](auto &s) { place(s).extra = reinterpret_cast<void *>(UINTPTR_MAX - 1); }, GLISSADE_BAD_N);
        // What is beside an array overlaps the end of another, and that what is beside yet another.
        for (std::size_t j = 0; j < t.count; ++j) {
          if (j == k || !used<TestType>(o, j)) continue;
          auto &other = *t.arrays[j];
          with([&](auto &s) { place(s).extra = other.data.data() + other.data.size() - 2; },
               GLISSADE_OVERLAPPING_ARRAYS);
          if (other.extra.size() >= 2)
            with([&](auto &s) { place(s).extra = other.extra.data() + other.extra.size() / 2 - 1; },
                 GLISSADE_OVERLAPPING_ARRAYS);
        }
        if (t.copy) {
          with([&](auto &s) { place(s).extra = s.copy.data; }, GLISSADE_OVERLAPPING_ARRAYS);
          with([&](auto &s) { s.copy.data = on_extra(s) - 2 * n + 2; }, GLISSADE_OVERLAPPING_ARRAYS);
        }
      }
      if (type != GLISSADE_Q8_SIGNED && type != GLISSADE_Q8_UNSIGNED)
        with([&](auto &s) { place(s).data = static_cast<unsigned char *>(place(s).data) + 1; },
             GLISSADE_MISALIGNED_ARRAY);
      if (t.copy) with([&](auto &s) { s.copy.data = place(s).data; }, GLISSADE_OVERLAPPING_ARRAYS);
      for (std::size_t j = 0; j < t.count; ++j)
        if (j != k && t.floats[j] && used<TestType>(o, j))
          with([&](auto &s) { place(s).data = t.floats[j] + n - 1; }, GLISSADE_OVERLAPPING_ARRAYS);
    }
    const bool stochastic = types.state != GLISSADE_FLOAT32 || types.param == GLISSADE_BF16_STOCHASTIC;
    if (stochastic) {
      o.step = 0;
      expect(GLISSADE_BAD_STEP);
      o.step = 3;
    }
    // A neighbour in the list may share the gradient and nothing else, be it beside an array.
    stored_tensor<TestType> second(types, n, 2);
    const glissade_storage own = second.storage;
    const auto expect_of_both = [&](glissade_status expected) {
      const decltype(t.tensor) list[] = {t.tensor, second.tensor};
      std::size_t index = 7;
      CHECK(functions<TestType>::check(&o, 2, list, &index) == expected);
      CHECK(index == (expected ? 1 : 2));
      if (expected) CHECK(functions<TestType>::step_many(&o, 2, list) == expected);
      CHECK(t == before);
      second.storage = own;
    };
    if (t.copy) {
      second.storage.copy = t.storage.copy;
      expect_of_both(GLISSADE_OVERLAPPING_ARRAYS);
    }
    for (std::size_t k = 0; k < t.count; ++k) {
      if (t.place(k).type == GLISSADE_FLOAT32 || !used<TestType>(o, k)) continue;
      second.place(k).data = t.place(k).data;
      expect_of_both(k == 1 ? GLISSADE_OK : GLISSADE_OVERLAPPING_ARRAYS);
      if (!t.place(k).extra) continue;
      second.place(k).extra = t.place(k).extra;
      expect_of_both(GLISSADE_OVERLAPPING_ARRAYS);
    }
    auto endless = t.tensor;
    endless.n = PTRDIFF_MAX / 4 + 1;
    CHECK(functions<TestType>::step_many(&o, 1, &endless) == GLISSADE_BAD_N);
    endless.n = PTRDIFF_MAX / 4; // which alone would fit
    CHECK(functions<TestType>::step_many(&o, 1, &endless) != GLISSADE_OK);
    CHECK(t == before);
    // With no elements no array is needed, with the right types.
    glissade_storage none = good;
    for (glissade_array *array :
         {&none.param, &none.grad, &none.states[0], &none.states[1], &none.states[2], &none.copy})
      array->data = array->extra = nullptr;
    auto empty = t.tensor;
    empty.n = 0;
    empty.storage = &none;
    CHECK(functions<TestType>::step_many(&o, 1, &empty) == GLISSADE_OK);
  }
}

TEMPLATE_LIST_TEST_CASE("a reset looks at stored states alone", "[storage][status][reset]", family::all) {
  const auto o = rich_options<TestType>();
  for (const auto &types : all_storages) {
    stored_tensor<TestType> t(types, 600, 1), before(types, 600, 1);
    const glissade_storage good = t.storage;
    const auto with = [&](auto change, glissade_status expected) {
      change(t.storage);
      CHECK(functions<TestType>::reset_many(&o, 1, &t.tensor) == expected);
      t.storage = good;
      if (expected) CHECK(t == before);
    };
    with([](auto &s) { s.struct_size -= 8; }, GLISSADE_BAD_STRUCT_SIZE);
    with([](auto &s) { s.offset = 128; }, GLISSADE_BAD_OFFSET);
    for (std::size_t k = 2; k < t.count; ++k) {
      if (!used<TestType>(o, k)) continue;
      const auto state = [k](glissade_storage &s) -> glissade_array & { return s.states[k - 2]; };
      with([&](auto &s) { state(s).type = 7; }, GLISSADE_BAD_STATE_TYPE);
      if (state(t.storage).type == GLISSADE_FLOAT32) continue;
      with([&](auto &s) { state(s).data = nullptr; }, TestType::states[k - 2].if_null);
      if (types.state != family::q8) continue;
      with([&](auto &s) { state(s).extra = nullptr; }, GLISSADE_NULL_SCALES);
      with([&](auto &s) { state(s).extra = state(s).data; }, GLISSADE_OVERLAPPING_ARRAYS);
    }
    with([](auto &s) { s.param = s.grad = s.copy = {7, nullptr, nullptr}; }, GLISSADE_OK);
  }
}

TEST_CASE("a stored gradient of the norm has the type of one", "[storage][status]") {
  float x[4] = {};
  glissade_norm norm = family::no_norm;
  for (const int wrong : {-1, 7, int(GLISSADE_SPLIT), int(GLISSADE_Q8_SIGNED)}) {
    const glissade_grad grad = {sizeof grad, 2, nullptr, {wrong, x, x}};
    CHECK(glissade_grad_norm(1, &grad, 1, &norm) == GLISSADE_BAD_GRAD_TYPE);
  }
  const glissade_grad none = {sizeof none, 2, x, {GLISSADE_BF16, nullptr, nullptr}},
                      odd = {sizeof odd, 2, x, {GLISSADE_FP16, reinterpret_cast<char *>(x) + 1, nullptr}};
  CHECK(glissade_grad_norm(1, &none, 1, &norm) == GLISSADE_NULL_GRAD);
  CHECK(glissade_grad_norm(1, &odd, 1, &norm) == GLISSADE_MISALIGNED_ARRAY);
  CHECK(norm.norm == family::no_norm.norm);
}

TEST_CASE("a stored tensor may not reach into what the one before uses by options of its own",
          "[storage][status]") {
  auto momentum = functions<glissade::rules::rmsprop>::defaults;
  momentum.momentum = .9;
  auto o = functions<glissade::rules::rmsprop>::defaults;
  o.step = momentum.step = 1;
  stored_tensor<glissade::rules::rmsprop> a(all_storages[0], 300, 1), b(all_storages[0], 300, 2);
  a.tensor.options = &momentum;
  b.tensor.square_avg = a.tensor.momentum_buffer;
  const glissade_rmsprop_tensor list[] = {a.tensor, b.tensor};
  CHECK(glissade_rmsprop_step_many(&o, 2, list) == GLISSADE_OVERLAPPING_ARRAYS);
}

TEST_CASE("a place of a state that the optimizer does not have stays empty", "[storage][status]") {
  auto o = functions<glissade::rules::lion>::defaults;
  o.step = 1;
  stored_tensor<glissade::rules::lion> t(all_storages[0], 300, 1);
  unsigned char other[600];
  for (int place = 1; place < 4; ++place) {
    t.storage.states[place] = {GLISSADE_BF16_STOCHASTIC, other, nullptr};
    CHECK(glissade_lion_step_many(&o, 1, &t.tensor) == GLISSADE_BAD_STATE_TYPE);
    t.storage.states[place] = {};
  }
  CHECK(glissade_lion_step_many(&o, 1, &t.tensor) == GLISSADE_OK);
}
