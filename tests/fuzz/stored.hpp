// Lists of stored tensors, valid or not: against the scalar kernel, and against decoding, the step of floats and encoding.
#pragma once
#include "../stored.hpp"
#include "norm.hpp"

namespace fuzz {

inline constexpr std::size_t most_stored = 600;

template <class rule>
class stored_tensor {
public:
  using functions = glissade::functions<family::options_of<rule>>;
  static constexpr std::size_t count = family::array_count<rule>, copy = count;

  // With memory number i.
  stored_tensor(std::size_t i, const chosen_options<rule> &chosen, input &in)
      : n(in.below(most_stored + 1)),
        o_(chosen),
        memory_(memory_of(i)) {
    storage = {};
    storage.struct_size = sizeof storage;
    storage.seed = in.word(2);
    storage.offset = 256 * in.below(4);
    const std::uint32_t kind = in.byte(), seed = in.byte() * 16;
    const bool at_end = kind % 2 == 0;
    use("scalar");
    for (std::size_t k = 0; k <= copy; ++k) {
      const int type = choose_type(k, in);
      if (k == copy && type == GLISSADE_FLOAT32) break;
      expect(glissade_state_bytes(type, n, &bytes_[2 * k], &bytes_[2 * k + 1]) == GLISSADE_OK, "sizes");
      for (const std::size_t p : {2 * k, 2 * k + 1})
        memory_[p].place(bytes_[p], kind / 2 % 2 ? 4 * in.below(8) : 0, at_end);
      const glissade_array array = {type, memory_[2 * k].at,
                                    bytes_[2 * k + 1] ? memory_[2 * k + 1].at : nullptr};
      const numbers which = kind % 8 == 7 ? numbers::any : k >= 2 ? numbers::positive : numbers::ordinary;
      expect(glissade_encode(n, some(which, seed + k * 641), &array, 1, 1, 0, 1) == GLISSADE_OK, "encoded");
      if (type == GLISSADE_FLOAT32)
        floats_[k] = static_cast<float *>(array.data);
      else
        place(k) = array;
    }
    for (std::size_t raw = n == 0 ? 0 : in.below(4); raw > 0; --raw) { // no scale, since some are none
      const std::size_t p = 2 * in.below(count);
      memory_[p].at[in.below(bytes_[p])] = static_cast<unsigned char>(in.byte());
    }
    before_ = contents();
    tensor = family::tensor_of<rule>(n, floats_);
    if (stored() || in.one_in(2)) tensor.storage = &storage;
  }
  stored_tensor(const stored_tensor &) = delete;

  bool uses(std::size_t k) const {
    return k < 2 || k == copy || description<family::options_of<rule>>::states(o_.value)[k - 2].needed;
  }
  bool needs_step() const {
    for (std::size_t k = 0; k < count; ++k)
      if (uses(k) && type(k) >= GLISSADE_BF16_STOCHASTIC) return true;
    return false;
  }
  // As the norm takes it: stored, with what it decodes to beside it.
  glissade_grad grad(const std::vector<float> &decoded) const {
    return {sizeof(glissade_grad), n, decoded.data(), array(1)};
  }

  // Makes an argument wrong, and returns the fault that a call finds then: none where it does not look.
  glissade_status bend(bool states_only, input &in) {
    if (!tensor.storage) return GLISSADE_OK;
    const std::size_t a = in.below(count + 1), b = in.below(2 * count + 2), p = 2 * a + in.below(2);
    const auto seen = [&](std::size_t k) { return uses(k) && (!states_only || (k >= 2 && k != copy)); };
    const bool looks = seen(a) && n != 0 && bytes_[p] != 0;
    switch (in.below(6)) {
    case 0: {
      const int wrong = static_cast<int>(in.below(8));
      if (wrong == GLISSADE_FLOAT32 || may_be(a, wrong)) return GLISSADE_OK;
      place(a) = {wrong == 7 ? -1 : wrong, memory_[2 * a].at, memory_[2 * a].at};
      return !seen(a)    ? GLISSADE_OK
             : a == 0    ? GLISSADE_BAD_PARAM_TYPE
             : a == 1    ? GLISSADE_BAD_GRAD_TYPE
             : a == copy ? GLISSADE_BAD_COPY_TYPE
                         : GLISSADE_BAD_STATE_TYPE;
    }
    case 1:
      storage.offset += 1 + in.below(255);
      return GLISSADE_BAD_OFFSET;
    case 2:
      storage.struct_size -= 8;
      return GLISSADE_BAD_STRUCT_SIZE;
    case 3:
      tensor.n = SIZE_MAX / 8 + 1 + in.word(8) % (SIZE_MAX / 8 * 7);
      return GLISSADE_BAD_N;
    case 4:
      if (!looks) return GLISSADE_OK;
      if (in.one_in(2) && unit_of(p) > 1) {
        move(p, memory_[p].at + 1 + in.below(unit_of(p) - 1));
        return GLISSADE_MISALIGNED_ARRAY;
      }
      move(p, nullptr);
      return p % 2       ? type(a) == GLISSADE_SPLIT ? GLISSADE_NULL_REMAINDER : GLISSADE_NULL_SCALES
             : a == 0    ? GLISSADE_NULL_PARAM
             : a == 1    ? GLISSADE_NULL_GRAD
             : a == copy ? GLISSADE_NULL_COPY
                         : description<family::options_of<rule>>::states(o_.value)[a - 2].if_null;
    default:
      if (!looks || b == p || !seen(b / 2) || bytes_[b] == 0) return GLISSADE_OK;
      unsigned char *const onto = memory_[b].at + in.below(bytes_[b]);
      move(p, onto - reinterpret_cast<std::uintptr_t>(onto) % unit_of(p));
      return GLISSADE_OVERLAPPING_ARRAYS;
    }
  }

  using bytes = family::bytes;
  std::vector<bytes> contents() const {
    std::vector<bytes> all;
    for (std::size_t p = 0; p < std::size(bytes_); ++p)
      all.emplace_back(memory_[p].at, memory_[p].at + bytes_[p]);
    return all;
  }
  void restore() {
    for (std::size_t p = 0; p < std::size(bytes_); ++p)
      std::copy(before_[p].begin(), before_[p].end(), memory_[p].at);
  }
  void expect_nothing_changed() const { expect_contents(before_); }

  // NaNs may differ in what the contract leaves open, their sign and payload.
  void expect_contents(const std::vector<bytes> &right) const {
    const auto now = contents();
    for (std::size_t p = 0; p < now.size(); ++p) {
      const int stored_as = p % 2 ? GLISSADE_BF16 : type(p / 2);
      bool same = now[p] == right[p];
      if (!same && stored_as == GLISSADE_FLOAT32)
        same = family::first_difference(reinterpret_cast<const float *>(now[p].data()),
                                        reinterpret_cast<const float *>(right[p].data()), n) == n;
      if (!same && stored_as == GLISSADE_Q8_SIGNED)
        same = std::equal(now[p].begin(), now[p].end(), right[p].begin(),
                          [](int x, int y) { return x == y || ((x & 127) == 127 && (y & 127) == 127); });
      expect(same, "the bits are right of piece", p);
      if (bytes_[p]) expect(memory_[p].margins_unchanged(), "nothing is written outside of piece", p);
    }
  }

  // Floats that were decoded before the step.
  std::vector<std::vector<float>> decoded() const {
    std::vector<std::vector<float>> all;
    for (std::size_t k = 0; k < count; ++k)
      all.push_back(floats_of(k));
    return all;
  }
  // Takes the step on them, with the gradient scaled so, and compares what is stored now.
  void expect_encoded(const std::vector<std::vector<float>> &floats, double grad_scale) const {
    auto scaled = o_.value;
    scaled.grad_scale = grad_scale;
    expect_encoded(floats, scaled);
  }
  void expect_encoded(std::vector<std::vector<float>> floats, family::options_of<rule> alone) const {
    alone.threads = 1;
    if (static_cast<float>(alone.grad_scale) == 0) return; // no factor for a call
    float *at[count];
    for (std::size_t k = 0; k < count; ++k)
      at[k] = uses(k) ? floats[k].data() : nullptr;
    use("scalar");
    expect(family::step<rule>(alone, n, at) == GLISSADE_OK, "the scalar kernel takes the step");
    for (std::size_t k = 0; k < count; ++k)
      if (k != 1 && uses(k))
        expect(family::first_wrong(array(k), floats[k], k, storage, o_.value.step) == n,
               "what is stored is encoded from the step of floats", k);
    if (type(copy) == GLISSADE_FLOAT32) return;
    bytes right(2 * n);
    const glissade_array of_param = {type(copy), right.data(), nullptr};
    expect(glissade_encode(n, floats[0].data(), &of_param, 0, 0, 0, 1) == GLISSADE_OK, "encoded");
    expect(right == contents()[2 * copy], "the copy is that of the new param");
  }
  void expect_reset() const {
    const auto states = description<family::options_of<rule>>::states(o_.value);
    for (std::size_t k = 2; k < count; ++k)
      if (uses(k))
        expect(family::first_wrong(array(k), std::vector<float>(n, static_cast<float>(states[k - 2].initial)),
                                   k, storage, 0) == n,
               "a state is reset", k);
  }

  const std::size_t n;
  glissade_storage storage;
  typename functions::tensor tensor;

private:
  using pieces =
      std::deque<guarded<unsigned char>>; // never moved: data and extra of each array, then of the copy

  static pieces &memory_of(std::size_t i) {
    static std::deque<pieces> all;
    while (all.size() <= i) {
      auto &added = all.emplace_back();
      for (std::size_t p = 0; p < 2 * (most_arrays + 1); ++p)
        added.emplace_back(most_stored * sizeof(float) + 32);
    }
    return all[i];
  }

  static bool may_be(std::size_t k, int type) {
    switch (type) {
    case GLISSADE_FLOAT32:
      return true;
    case GLISSADE_BF16:
    case GLISSADE_FP16:
      return k == 1 || k == copy;
    case GLISSADE_SPLIT:
      return k == 0;
    case GLISSADE_BF16_STOCHASTIC:
      return k != 1 && k != copy;
    default:
      return k >= 2 && k != copy && (type == GLISSADE_Q8_UNSIGNED) == rule::states[k - 2].not_negative &&
             type <= GLISSADE_Q8_UNSIGNED;
    }
  }
  static int choose_type(std::size_t k, input &in) {
    const int type = static_cast<int>(in.below(GLISSADE_Q8_UNSIGNED + 1));
    return may_be(k, type) ? type : GLISSADE_FLOAT32;
  }

  glissade_array &place(std::size_t k) {
    return k == 0 ? storage.param : k == 1 ? storage.grad : k == copy ? storage.copy : storage.states[k - 2];
  }
  int type(std::size_t k) const { return const_cast<stored_tensor *>(this)->place(k).type; }
  bool stored() const {
    for (std::size_t k = 0; k <= copy; ++k)
      if (type(k) != GLISSADE_FLOAT32) return true;
    return false;
  }
  glissade_array array(std::size_t k) const {
    return {type(k), memory_[2 * k].at, bytes_[2 * k + 1] ? memory_[2 * k + 1].at : nullptr};
  }
  // At a multiple of so many bytes a piece has to lie.
  std::size_t unit_of(std::size_t p) const {
    return type(p / 2) == GLISSADE_FLOAT32 ? 4 : type(p / 2) >= GLISSADE_Q8_SIGNED ? 1 : 2;
  }
  void move(std::size_t p, unsigned char *to) {
    glissade_array &array = place(p / 2);
    if (p % 2)
      array.extra = to;
    else if (array.type != GLISSADE_FLOAT32)
      array.data = to;
    else
      floats_[p / 2] = reinterpret_cast<float *>(to);
    const auto *const of = tensor.storage;
    tensor = family::tensor_of<rule>(tensor.n, floats_);
    tensor.storage = of;
  }
  std::vector<float> floats_of(std::size_t k) const {
    std::vector<float> x(n);
    const glissade_array from = array(k);
    use("scalar");
    expect(glissade_decode(n, &from, x.data(), 1) == GLISSADE_OK, "decoded");
    return x;
  }

  const chosen_options<rule> &o_;
  pieces &memory_;
  float *floats_[count] = {};
  std::size_t bytes_[2 * (count + 1)] = {};
  std::vector<bytes> before_;
};

template <class rule>
void fuzz_stored(input &in) {
  using functions = glissade::functions<family::options_of<rule>>;
  enum { reset, clipped, shared, whole };
  const auto o = choose_options<rule>(in);
  const std::size_t call = in.below(4), count = in.below(4), shares = 1 + in.below(4);
  std::deque<stored_tensor<rule>> list;
  std::vector<glissade_grad> grads;
  std::vector<std::vector<std::vector<float>>> floats;
  statuses faults = o.faults;
  if (call != reset) add_faults(o, faults);
  for (std::size_t i = 0; i < count; ++i) {
    auto &t = list.emplace_back(i, o, in);
    if (call != reset && t.needs_step() && o.value.step < 1) faults.push_back(GLISSADE_BAD_STEP);
    floats.push_back(t.decoded());
    grads.push_back(t.grad(floats[i][1]));
  }
  double clip = 1, max_norm = 1;
  glissade_status right = GLISSADE_OK;
  if (call == clipped) {
    const glissade_norm all = fuzz_norm(grads, in);
    const double scaled = all.norm * std::abs(o.value.grad_scale),
                 limits[] = {scaled / 2, scaled * 2, 0, std::numeric_limits<double>::infinity()};
    if (all.finite) max_norm = limits[in.below(std::size(limits))];
    clip = std::min(1., max_norm / (scaled + 1e-6));
    right = all.finite ? GLISSADE_OK : GLISSADE_NOT_FINITE;
  }
  if (count != 0 && in.one_in(4))
    if (const auto fault = list[in.below(count)].bend(call == reset, in)) faults.push_back(fault);
  std::vector<typename functions::tensor> given;
  for (auto &t : list)
    given.push_back(t.tensor);

  const auto run = [&] {
    if (call == reset) return functions::reset_many(&o.value, count, given.data());
    if (call == clipped)
      return functions::step_many_clipped(&o.value, count, given.data(), max_norm, nullptr);
    if (call == whole) return functions::step_many(&o.value, count, given.data());
    for (std::size_t share = shares; share-- > 0;)
      if (const auto fault = functions::step_share(&o.value, count, given.data(), share, shares))
        return fault;
    return GLISSADE_OK;
  };
  use_any(in);
  const auto status = run();
  if (!faults.empty())
    expect_one_of(faults, status);
  else
    expect(status == right, "stored tensors are taken", status);
  for (std::size_t i = 0; i < count; ++i) {
    if (status != GLISSADE_OK)
      list[i].expect_nothing_changed();
    else if (call == reset)
      list[i].expect_reset();
    else
      list[i].expect_encoded(floats[i], o.value.grad_scale * clip);
  }
  if (status != GLISSADE_OK) return;
  std::vector<std::vector<family::bytes>> after;
  for (auto &t : list) {
    after.push_back(t.contents());
    t.restore();
  }
  use("scalar");
  expect(run() == GLISSADE_OK, "the scalar kernel does the same");
  for (std::size_t i = 0; i < count; ++i)
    list[i].expect_contents(after[i]);
}

} // namespace fuzz
