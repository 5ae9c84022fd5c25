// Drives every function of the C API with what a fuzzer makes up, and compares with the scalar
// kernel bit for bit.
#include "coalesce.hpp"
#include "rows.hpp"
#include "trust.hpp"

namespace {

using namespace fuzz;

template <class rule>
using tensors = std::deque<tensor<rule>>; // never moved

// Two calls, on [0, cut) and on the rest, each on an instruction set of its own.
template <class rule, class Call>
glissade_status in_two_parts(const tensor<rule> &t, input &in, const Call &call) {
  const std::size_t cut = in.below(t.n + 1);
  auto second = t.at;
  for (float *&array : second)
    array += cut;
  use_any(in);
  const auto first = call(cut, t.at.data());
  use_any(in);
  return first ? first : call(t.n - cut, second.data());
}

template <class rule, class Call>
glissade_status in_one_or_two(const tensor<rule> &t, bool whole, input &in, const Call &call) {
  if (!whole && in.one_in(2)) return in_two_parts(t, in, call);
  use_any(in);
  return call(t.given_n, t.at.data());
}

template <class rule>
void fuzz_step(input &in) {
  const auto o = choose_options<rule>(in);
  tensor<rule> t(0, o, in);
  statuses faults;
  add_faults(o, faults);
  const bool bent = in.one_in(8);
  if (bent)
    if (const auto fault = t.bend(0, in)) faults.push_back(fault);
  const auto status = in_one_or_two(
      t, bent, in, [&](std::size_t n, float *const *at) { return family::step<rule>(o.value, n, at); });
  if (!faults.empty()) {
    expect_one_of(faults, status);
    return t.expect_contents(t.before);
  }
  expect(status == GLISSADE_OK, "a step succeeds", status);
  use("scalar");
  t.step_by_scalar(o.value.grad_scale);
  t.expect_contents(t.after);
  t.expect_formula();
}

template <class rule>
void fuzz_reset(input &in) {
  const auto o = choose_options<rule>(in);
  tensor<rule> t(0, o, in);
  statuses faults = o.faults;
  const bool bent = in.one_in(8);
  if (bent)
    if (const auto fault = t.bend(2, in)) faults.push_back(fault);
  const auto status = in_one_or_two(
      t, bent, in, [&](std::size_t n, float *const *at) { return family::reset<rule>(o.value, n, at); });
  if (!faults.empty()) {
    expect_one_of(faults, status);
    return t.expect_contents(t.before);
  }
  expect(status == GLISSADE_OK, "a reset succeeds", status);
  const auto states = description<typename rule::options>::states(o.value);
  for (std::size_t k = 0; k < states.size(); ++k)
    if (states[k].needed) t.after[k + 2].assign(t.n, static_cast<float>(states[k].initial));
  t.expect_contents(t.after);
}

// A list of tensors, some with the second options, in one call; clipped or not.
template <class rule>
void fuzz_list(bool clipped, input &in) {
  using functions = glissade::functions<family::options_of<rule>>;
  auto o = choose_options<rule>(in), other = choose_options<rule>(in);
  const bool one_scale = !in.one_in(16);
  if (one_scale) {
    other.value.grad_scale = o.value.grad_scale;
    std::erase(other.faults, GLISSADE_BAD_GRAD_SCALE);
    other.usual = other.usual && o.usual;
  }
  auto effective = other; // as its options hold for a tensor
  if (other.value.step == 0) effective.value.step = o.value.step;
  statuses faults;
  add_faults(o, faults);

  tensors<rule> list;
  const std::size_t count = in.below(8), wrong = in.one_in(8) ? in.below(8) : count;
  std::vector<typename functions::tensor> given(count);
  std::vector<glissade_grad> grads;
  for (std::size_t i = 0; i < count; ++i) {
    const bool own = in.one_in(3);
    auto &t = list.emplace_back(i, own ? effective : o, in);
    if (own) add_faults(effective, faults);
    if (own && clipped && !(other.value.grad_scale == o.value.grad_scale))
      faults.push_back(GLISSADE_UNEQUAL_GRAD_SCALE);
    if (i > 0 && i - 1 != wrong && in.one_in(8))
      if (const auto fault = t.reach_into(list[i - 1], in)) faults.push_back(fault);
    grads.push_back(family::gradient(t.n, t.grad()));
    if (i == wrong)
      if (const auto fault = t.bend(0, in)) faults.push_back(fault);
    given[i] = family::tensor_of<rule>(t.given_n, t.at.data(), own ? &other.value : nullptr);
  }

  double clip = 1, norm = -1;
  glissade_status status, right = GLISSADE_OK;
  if (clipped) {
    const glissade_norm all = fuzz_norm(grads, in);
    const double scaled = all.norm * std::abs(o.value.grad_scale);
    const double limits[] = {scaled / 2, scaled * 2,     0, std::numeric_limits<double>::infinity(), -1,
                             NAN,        wild_number(in)};
    const double max_norm = limits[in.below(std::size(limits))];
    if (!(max_norm >= 0) && all.finite) faults.push_back(GLISSADE_BAD_MAX_NORM);
    clip = std::min(1., max_norm / (scaled + 1e-6));
    right = all.finite ? GLISSADE_OK : !(max_norm >= 0) ? GLISSADE_BAD_MAX_NORM : GLISSADE_NOT_FINITE;
    use_any(in);
    status = functions::step_many_clipped(&o.value, count, given.data(), max_norm, &norm);
    const bool read = status == GLISSADE_OK || status == GLISSADE_NOT_FINITE;
    expect(read ? norm == scaled || scaled != scaled : norm == -1,
           "the norm is told where the gradients were read");
  } else {
    use_any(in);
    const auto checked = functions::check(&o.value, count, given.data(), nullptr);
    status = functions::step_many(&o.value, count, given.data());
    expect(checked == status, "a check finds what a step does", checked);
  }

  if (!faults.empty())
    expect_one_of(faults, status);
  else
    expect(status == right, "a list is stepped", status);
  use("scalar");
  for (auto &t : list) {
    if (status == GLISSADE_OK) t.step_by_scalar(t.o->value.grad_scale * clip);
    if (status == GLISSADE_OK && clip == 1) t.expect_formula();
    t.expect_contents(t.after);
  }
}

// The functions that take no arrays, and calls without them.
template <class rule>
void fuzz_rest(input &in) {
  using functions = glissade::functions<family::options_of<rule>>;
  char name[9] = {};
  for (std::size_t i = in.below(sizeof name); i > 0; --i)
    name[i - 1] = static_cast<char>(in.byte());
  use_any(in);
  const std::string before = glissade_isa();
  const bool known = std::find(isas().begin(), isas().end(), name) != isas().end();
  expect((glissade_use_isa(name) == GLISSADE_OK) == known, "a listed instruction set can be used, no other");
  expect(glissade_isa() == (known ? name : before), "the instruction set in use is told");
  const std::size_t index = in.below(8);
  const char *at = glissade_isa_at(index);
  expect(index < isas().size() ? at == isas()[index] : at == nullptr, "the instruction sets are listed");
  expect(*glissade_status_message(static_cast<glissade_status>(in.byte() % 64)) != 0,
         "a status has a message");

  const auto o = choose_options<rule>(in);
  const std::size_t count = in.below(3);
  statuses faults = count ? statuses{GLISSADE_NULL_TENSORS} : statuses{};
  add_faults(o, faults);
  if (faults.empty()) faults.push_back(GLISSADE_OK);
  expect_one_of(faults, functions::step_many(&o.value, count, nullptr));
  expect_one_of(faults, functions::step_many_clipped(&o.value, count, nullptr, 1, nullptr));
  expect_one_of({GLISSADE_NULL_TENSORS, GLISSADE_NULL_OPTIONS},
                functions::step_many(nullptr, count, nullptr));
  expect_one_of({GLISSADE_NULL_TENSORS, GLISSADE_NULL_OPTIONS},
                functions::step_many_clipped(nullptr, count, nullptr, 1, nullptr));
  const tensor<rule> t(0, o, in);
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    expect(functions::step(nullptr, t.n, t.at[0], t.at[1], t.at[2 + i]...) == GLISSADE_NULL_OPTIONS &&
               functions::reset(nullptr, t.n, t.at[2 + i]...) == GLISSADE_NULL_OPTIONS,
           "no options are refused");
  }
  (std::make_index_sequence<tensor<rule>::count - 2>());
  t.expect_contents(t.before);
  expect(glissade_use_isa(nullptr) == GLISSADE_OK && glissade_isa() == isas().front(),
         "the best instruction set is chosen anew");
  fuzz_bad_norm(t.at[1], t.n, in);
}

template <class rule>
void fuzz_one(input &in) {
  switch (in.below(11)) {
  case 0:
  case 1:
    return fuzz_step<rule>(in);
  case 2:
    return fuzz_list<rule>(false, in);
  case 3:
    return fuzz_list<rule>(true, in);
  case 4:
    return fuzz_reset<rule>(in);
  case 5:
    return fuzz_rest<rule>(in);
  case 8:
    return fuzz_rows<rule>(in);
  case 9:
    return in.one_in(3) ? fuzz_trust_stored<rule>(in) : fuzz_trust<rule>(in);
  case 10:
    return fuzz_coalesce(in);
  default: // 6 and 7
    return fuzz_stored<rule>(in);
  }
}

template <class... Rules>
void fuzz_any(std::tuple<Rules...> *, input &in) {
  constexpr void (*each[])(input &) = {fuzz_one<Rules>...};
  each[in.below(std::size(each))](in);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  input in(bytes, size);
  fuzz_any(static_cast<family::all *>(nullptr), in);
  return 0;
}
