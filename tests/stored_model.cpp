// A model of stored arrays: the bits of the C API, a saved state of every type, and what is refused.
#include "sealed.hpp"
#include "stored.hpp"
#include <fstream>
#include <sstream>

namespace {

using family::storage_types, family::stored_tensor, family::all_storages, family::stored;
using halves = std::vector<std::uint16_t>;

glissade::storage storage_of(const storage_types &types) {
  return {types.param, types.grad, types.state == family::q8 ? glissade::q8 : types.state, types.copy};
}

// Calls use(span) for the elements of an array.
template <class Element>
std::span<Element> elements(const glissade_array &array, std::size_t n) {
  return {static_cast<Element *>(array.data), n};
}
template <class Use>
void with_elements(const glissade_array &array, std::size_t n, const Use &use) {
  if (array.type == GLISSADE_FLOAT32)
    use(elements<float>(array, n));
  else
    use(elements<std::uint16_t>(array, n));
}

// A model of two arrays, the second in a group of its own, and tensors for the C API of the same numbers.
template <class rule>
struct twins {
  using options = family::options_of<rule>;
  static constexpr std::size_t n = 300;
  static constexpr std::uint64_t seed = 7;

  twins(const options &o, const storage_types &t, std::uint64_t seed_of_model = seed)
      : types(t),
        call(o),
        own(o),
        model(without_step(o), storage_of(t), seed_of_model) {
    own.lr /= 4;
    own.step = 0;
    model.add_group(own);
    for (std::size_t k = 0; k < 2; ++k) {
      tensors.push_back(std::make_unique<stored_tensor<rule>>(t, n, 10 * static_cast<std::uint32_t>(k) + 1,
                                                              family::ordinary_float));
      params.push_back(std::make_unique<stored>(t.param, n));
      copies.push_back(std::make_unique<stored>(t.copy, n));
      auto &its = *tensors[k];
      its.storage.offset = 0;
      its.storage.seed = seed + k;
      its.tensor.options = k == 0 ? nullptr : &own;
      list.push_back(its.tensor);
      params[k]->data = its.arrays[0]->data;
      with_elements(params[k]->array, n, [&](auto param) {
        with_elements(its.arrays[1]->array, n, [&](auto grad) { model.add(param, grad, k); });
      });
      const auto &extra = its.arrays[0]->extra;
      if (!extra.empty()) std::memcpy(model.stored_param(k).extra, extra.data(), extra.size());
      if (t.copy != GLISSADE_FLOAT32) model.set_copy(k, elements<std::uint16_t>(copies[k]->array, n));
    }
    call.step = 0;
    REQUIRE(functions::reset_many(&call, 2, list.data()) == GLISSADE_OK);
  }

  void step_both() {
    ++call.step;
    REQUIRE(functions::step_many(&call, 2, list.data()) == GLISSADE_OK);
    model.step();
  }
  void require_same() const {
    for (std::size_t k = 0; k < 2; ++k) {
      const auto &its = *tensors[k];
      const auto same = [](const stored &expected, const glissade_array &got) {
        return std::memcmp(expected.data.data(), got.data, expected.data.size()) == 0 &&
               (expected.extra.empty() ||
                std::memcmp(expected.extra.data(), got.extra, expected.extra.size()) == 0);
      };
      CAPTURE(k, types.param, types.grad, types.state, types.copy);
      REQUIRE(same(*its.arrays[0], model.stored_param(k)));
      if (its.copy) REQUIRE(*copies[k] == *its.copy);
      for (std::size_t i = 0; i < functions::states; ++i)
        if (const auto got = model.stored_state(k, i); got.data) {
          REQUIRE(got.type == its.arrays[i + 2]->array.type);
          REQUIRE(same(*its.arrays[i + 2], got));
        }
    }
  }
  std::string saved() const {
    std::ostringstream stream;
    model.save(stream);
    return stream.str();
  }
  std::string saved_with_params() const {
    std::ostringstream stream;
    model.save_with_params(stream);
    return stream.str();
  }
  void take_params_of(const twins &other) {
    for (std::size_t k = 0; k < 2; ++k)
      params[k]->data = other.params[k]->data;
  }

  using functions = glissade::functions<options>;
  static options without_step(options o) {
    o.step = 0;
    return o;
  }
  const storage_types types;
  options call, own;
  glissade::model<options> model;
  std::vector<std::unique_ptr<stored_tensor<rule>>> tensors;
  std::vector<std::unique_ptr<stored>> params, copies;
  std::vector<typename functions::tensor> list;
};

template <class rule>
std::vector<family::options_of<rule>> modes() {
  auto all = family::one_per_mode<rule>();
  for (auto &o : all)
    o.threads = 1;
  return all;
}

// That cannot be sought in, as a pipe.
struct unseekable_bytes : std::stringbuf {
  explicit unseekable_bytes(const std::string &bytes) : std::stringbuf(bytes, std::ios::in) {}
  pos_type seekoff(off_type, std::ios::seekdir, std::ios::openmode) override { return pos_type(-1); }
  pos_type seekpos(pos_type, std::ios::openmode) override { return pos_type(-1); }
};

template <class Options>
std::string refusal(glissade::model<Options> &m, const std::string &bytes) {
  std::istringstream stream(bytes);
  try {
    m.restore(stream);
  } catch (const glissade::state_error &e) {
    return e.what();
  }
  return "";
}

template <class Work>
void throws(glissade_status expected, const Work &work) {
  glissade_status got = GLISSADE_OK;
  try {
    work();
  } catch (const glissade::error &e) {
    got = e.status();
  }
  CHECK(got == expected);
}

glissade_rmsprop all_arrays() {
  glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
  o.momentum = .5;
  o.centered = 1;
  o.threads = 1;
  return o;
}
using rmsprop_twins = twins<glissade::rules::rmsprop>;

constexpr storage_types of_floats = {GLISSADE_FLOAT32, GLISSADE_FLOAT32, GLISSADE_FLOAT32, GLISSADE_FLOAT32},
                        of_split_q8 = {GLISSADE_SPLIT, GLISSADE_BF16, family::q8, GLISSADE_FLOAT32},
                        of_bf16 = {GLISSADE_BF16_STOCHASTIC, GLISSADE_FP16, GLISSADE_BF16_STOCHASTIC,
                                   GLISSADE_FP16};

} // namespace

TEMPLATE_LIST_TEST_CASE("a model of stored arrays has the bits of the C API", "[model][storage]",
                        family::all) {
  for (const auto &o : modes<TestType>())
    for (const auto &types : all_storages) {
      twins<TestType> both(o, types);
      both.require_same();
      for (int i = 0; i < 3; ++i)
        both.step_both();
      both.require_same();
    }
}

TEMPLATE_LIST_TEST_CASE("stored training goes on from a saved state with the same bits", "[model][storage]",
                        family::all) {
  for (const auto &types : all_storages) {
    const auto all = modes<TestType>();
    const auto &o = all.back();
    twins<TestType> whole(o, types);
    for (int i = 0; i < 2; ++i)
      whole.step_both();
    const std::string saved = whole.saved(), with_params = whole.saved_with_params();
    twins<TestType> after(o, types, 99), by_pipe(o, types, 99), from_params(o, types, 99);
    std::istringstream stream(saved), stream_of_params(with_params);
    unseekable_bytes piped(saved);
    std::istream unseekable(&piped);
    after.model.restore(stream);
    by_pipe.model.restore(unseekable);
    from_params.model.restore(stream_of_params);
    after.take_params_of(whole);
    by_pipe.take_params_of(whole);
    for (auto *one : {&after, &by_pipe, &from_params}) {
      one->model.step();
      one->model.step();
    }
    whole.step_both();
    whole.step_both();
    for (const auto *one : {&after, &by_pipe, &from_params}) {
      CAPTURE(types.param, types.state);
      REQUIRE((one->saved_with_params() == whole.saved_with_params()));
    }
  }
}

TEST_CASE("arrays may stand in any order in a saved state, also of a pipe", "[model][state]") {
  rmsprop_twins m(all_arrays(), of_split_q8), other(all_arrays(), of_split_q8);
  m.model.step();
  std::string bytes = m.saved();
  const std::size_t at = bytes.find("momentum_buffer"), one = 32 + 8 + rmsprop_twins::n + 2;
  const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at - one);
  std::rotate(first, first + static_cast<std::ptrdiff_t>(one), first + static_cast<std::ptrdiff_t>(2 * one));
  bytes = sealed(bytes);
  REQUIRE((bytes != m.saved()));
  unseekable_bytes piped(bytes);
  std::istream unseekable(&piped);
  other.model.restore(unseekable);
  CHECK((other.saved() == m.saved()));
}

TEST_CASE("a saved scale of Q8 that is none changes nothing", "[model][storage][state]") {
  rmsprop_twins m(all_arrays(), of_split_q8), other(all_arrays(), of_split_q8);
  m.model.step();
  const auto before = other.saved();
  for (const auto &[state, largest] : {std::pair("momentum_buffer", 239), std::pair("square_avg", 223)})
    for (const int scale : {largest, largest + 1, 255}) {
      std::string bytes = m.saved();
      bytes[bytes.find(state) + 32 + 8 + rmsprop_twins::n + 1] = static_cast<char>(scale);
      const auto what = refusal(other.model, sealed(bytes));
      CAPTURE(state, scale, what);
      CHECK((what.find("scale") != std::string::npos) == (scale > largest));
      if (scale > largest) CHECK((other.saved() == before));
      REQUIRE(refusal(other.model, before) == "");
    }
}

TEST_CASE("the saved state of stored arrays is what it was", "[model][storage][state]") {
  rmsprop_twins trained(all_arrays(), of_split_q8), restored(all_arrays(), of_split_q8, 99);
  trained.model.step();
  std::ifstream file(TEST_FOLDER "/states/stored.3", std::ios::binary);
  const std::string kept{std::istreambuf_iterator<char>(file), {}};
  CHECK((trained.saved_with_params() == kept));
  REQUIRE(refusal(restored.model, kept) == "");
  CHECK((restored.saved_with_params() == kept && restored.model.seed() == rmsprop_twins::seed));
}

TEST_CASE("write the saved state of stored arrays that is kept", "[.write-states]") {
  rmsprop_twins m(all_arrays(), of_split_q8);
  m.model.step();
  std::ofstream(TEST_FOLDER "/states/stored.3", std::ios::binary) << m.saved_with_params();
}

TEST_CASE("a saved state of other types changes nothing", "[model][storage][state]") {
  constexpr storage_types all[] = {
      of_floats,
      of_split_q8,
      of_bf16,
      {GLISSADE_SPLIT, GLISSADE_BF16, GLISSADE_FLOAT32, GLISSADE_FLOAT32},
      {GLISSADE_FLOAT32, GLISSADE_FLOAT32, family::q8, GLISSADE_FLOAT32},
  };
  for (const auto &from : all)
    for (const auto &to : all) {
      rmsprop_twins one(all_arrays(), from), other(all_arrays(), to);
      one.model.step();
      const auto before = other.saved_with_params();
      const auto what = refusal(other.model, one.saved_with_params());
      CAPTURE(from.param, from.state, to.param, to.state, what);
      CHECK((what == "") == (&from == &to));
      if (&from != &to) {
        CHECK(what.find("other types") != std::string::npos);
        CHECK((other.saved_with_params() == before));
      }
    }
  rmsprop_twins split(all_arrays(), all[3]), plain(all_arrays(), of_floats);
  CHECK(refusal(plain.model, split.saved()).find("other state arrays") !=
        std::string::npos); // the remainders
  CHECK(refusal(split.model, plain.saved()).find("other state arrays") != std::string::npos);
  rmsprop_twins m(all_arrays(), of_split_q8);
  const std::string good = m.saved();
  m.model.step();
  const auto before = m.saved();
  for (std::size_t i = 0; i < good.size(); i += i < 1200 ? 7 : 97) {
    std::string altered = good;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    CHECK(refusal(m.model, altered) != "");
    CHECK(refusal(m.model, good.substr(0, i)) != "");
  }
  CHECK((m.saved() == before));
}

TEST_CASE("a model refuses arrays and types that cannot be", "[model][storage]") {
  const glissade_adam o = GLISSADE_ADAMW_TORCH;
  using model = glissade::model<glissade_adam>;
  std::vector<float> floats(8, 1), more(8, 1);
  halves of_16(8), more_16(8), short_16(7);
  const auto add = [&](const glissade::storage &types, const auto &param, const auto &grad) {
    model m(o, types);
    auto its = param;
    m.add(its, grad);
  };
  for (const int wrong : {-1, 7, int(GLISSADE_BF16), int(GLISSADE_Q8_SIGNED)})
    throws(GLISSADE_BAD_PARAM_TYPE, [&] { add({.param = wrong}, of_16, floats); });
  for (const int wrong : {-1, 7, int(GLISSADE_SPLIT)})
    throws(GLISSADE_BAD_GRAD_TYPE, [&] { add({.grad = wrong}, floats, of_16); });
  for (const int wrong : {-1, 7, int(GLISSADE_BF16), int(GLISSADE_SPLIT), int(GLISSADE_Q8_UNSIGNED)})
    throws(GLISSADE_BAD_STATE_TYPE, [&] { add({.state = wrong}, floats, floats); });
  throws(GLISSADE_BAD_COPY_TYPE, [&] { add({.copy = GLISSADE_SPLIT}, floats, floats); });
  throws(GLISSADE_BAD_PARAM_TYPE, [&] { add({.param = GLISSADE_SPLIT}, floats, floats); });
  throws(GLISSADE_BAD_PARAM_TYPE, [&] { add({}, of_16, floats); });
  throws(GLISSADE_BAD_GRAD_TYPE, [&] { add({.grad = GLISSADE_BF16}, floats, floats); });
  throws(GLISSADE_BAD_GRAD_TYPE, [&] { add({}, floats, of_16); });
  throws(GLISSADE_BAD_N, [&] { add({.grad = GLISSADE_BF16}, floats, short_16); });

  model m(o, {.grad = GLISSADE_BF16, .state = glissade::q8, .copy = GLISSADE_FP16});
  m.add(floats, of_16);
  const auto before = floats;
  throws(GLISSADE_NULL_COPY, [&] { m.step(); });
  throws(GLISSADE_BAD_COPY_TYPE, [&] { m.set_copy(0, more); });
  throws(GLISSADE_BAD_N, [&] { m.set_copy(0, short_16); });
  throws(GLISSADE_BAD_PARAM_TYPE, [&] { m.set_param(0, more_16); });
  throws(GLISSADE_BAD_GRAD_TYPE, [&] { m.set_grad(0, more); });
  CHECK((floats == before && m.steps() == 0));
  m.set_copy(0, of_16);
  CHECK_THROWS_WITH(m.step(), "glissade: arrays 0 and 0 overlap");
  m.set_copy(0, more_16);
  m.add(more, {});
  m.set_copy(1, std::span(more_16).first(8));
  CHECK_THROWS_WITH(m.step(), "glissade: arrays 0 and 1 overlap");
  CHECK((floats == before && m.steps() == 0 && m.state(0, 0).empty() && m.stored_state(0, 0).data));
  halves third(8);
  m.set_copy(1, third);
  m.step();
  CHECK((m.steps() == 1 && more_16[0] != 0 && third[0] == 0));
  model plain(o);
  plain.add(floats, more);
  std::vector<float> apart(8);
  throws(GLISSADE_BAD_COPY_TYPE, [&] { plain.set_copy(0, apart); });
}

TEST_CASE("a group of a model may be stored otherwise", "[model][storage]") {
  glissade::model<glissade_adam> m(GLISSADE_ADAM_TORCH, {.param = GLISSADE_SPLIT, .state = glissade::q8});
  std::vector<float> biases(5), grad(1000, 1);
  halves weights(1000), others(3);
  m.add(weights, grad);
  m.add(biases, std::span(grad).first(5), m.add_group(GLISSADE_ADAM_TORCH, {}));
  m.add(others, std::span(grad).first(3), m.add_group(GLISSADE_ADAM_TORCH));
  CHECK(
      (m.state(1, "exp_avg").size() == 5 && m.state(0, "exp_avg").empty() && m.state(2, "exp_avg").empty()));
  CHECK((m.stored_state(0, "exp_avg").type == GLISSADE_Q8_SIGNED));
  CHECK((m.stored_state(2, "exp_avg_sq").type == GLISSADE_Q8_UNSIGNED));
  CHECK(m.param(0).empty());
  m.step();
  CHECK((biases[0] < 0 && weights[999] >> 15 == 1 && others[2] >> 15 == 1));
}

TEST_CASE("the state takes as many bytes as its types say", "[model][storage]") {
  constexpr std::size_t n = 1000, blocks = (n + 255) / 256;
  const auto bytes = [](const glissade::storage &types, std::size_t elements = 1000) {
    std::vector<float> floats(elements);
    halves of_16(elements);
    glissade::model<glissade_adam> m(GLISSADE_ADAMW_TORCH, types);
    if (types.param == GLISSADE_FLOAT32)
      m.add(floats, {});
    else
      m.add(of_16, {});
    return m.state_bytes();
  };
  CHECK(bytes({}) == 8 * n);
  CHECK(bytes({.state = GLISSADE_BF16_STOCHASTIC}) == 4 * n);
  CHECK(bytes({.state = glissade::q8}) == 2 * n + 2 * blocks);
  CHECK(bytes({.param = GLISSADE_SPLIT, .state = glissade::q8}) == 4 * n + 2 * blocks);
  CHECK(bytes({.param = GLISSADE_BF16_STOCHASTIC, .copy = GLISSADE_FP16}) == 8 * n);
  CHECK(bytes({.state = glissade::q8}, 0) == 0);
}
