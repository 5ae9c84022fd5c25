// Steps on rows of tables, right and wrong: against the scalar kernel on those rows alone, and nothing else is touched.
#pragma once
#include "../textbook_row_wise.hpp"
#include "norm.hpp"
#include "tensors.hpp"

namespace fuzz {

// The memory of the indices of table i.
inline guarded<std::int64_t> &indices_of(std::size_t i) {
  static std::deque<guarded<std::int64_t>> all;
  while (all.size() <= i)
    all.emplace_back(all.empty() ? large : small);
  return all[i];
}

// A table of which some rows in a row lie in memory; the first and the last of all it has need not, since none of them is
// named, and may lie in what must not be touched.
template <class rule>
class table {
public:
  using options = family::options_of<rule>;
  static constexpr std::size_t count = family::array_count<rule>;
  static constexpr bool may_be_row_wise = std::is_same_v<rule, glissade::rules::adagrad>;

  // With memory number i.
  table(std::size_t i, const chosen_options<rule> &chosen, const options *own, input &in)
      : o_(chosen),
        memory_(memory_of(i)),
        indices_(indices_of(i)) {
    const bool wide = i == 0 && in.one_in(8), huge = i == 0 && in.one_in(256);
    width_ = wide ? 300 + in.below(400) : 1 + in.below(66);
    const std::size_t most = huge ? large / width_ : wide ? 4 : small / width_;
    rows_ = huge ? most - in.below(most / 2) : in.below(most + 1);
    before_ = in.below(wide ? 2 : 4); // at most as far as the guard page reaches
    const std::size_t behind = in.below(wide ? 2 : 4);
    row_wise_ = may_be_row_wise && in.one_in(2);

    const std::uint32_t kind = in.byte(), seed = in.byte() * 16;
    const auto apart = static_cast<std::uint32_t>(1 + in.below(4));
    const bool at_end = kind / 4 % 2 == 0, shifted = kind / 8 % 2 == 1;
    for (std::size_t row = 0; row < rows_; ++row)
      if (family::mixed(seed + static_cast<std::uint32_t>(row)) % apart == 0)
        named_.push_back(static_cast<std::int64_t>(before_ + row));
    indices_.place(named_.size(), 0, at_end);
    std::copy(named_.begin(), named_.end(), indices_.at);
    std::array<float *, count> at;
    for (std::size_t k = 0; k < count; ++k) {
      memory_[k].place(size(k), shifted ? in.below(16) : 0, at_end);
      const numbers which = kind % 4 == 0 ? numbers::any : k >= 2 ? numbers::positive : numbers::ordinary;
      std::copy_n(some(which, seed + k * 641), size(k), memory_[k].at);
      at[k] = memory_[k].at - (k == 1 ? 0 : before_ * row_of(k));
    }
    for (std::size_t raw = in.below(4); raw > 0; --raw) {
      const std::size_t k = in.below(count);
      if (size(k) != 0)
        memory_[k].at[in.below(size(k))] = std::bit_cast<float>(static_cast<std::uint32_t>(in.word(4)));
    }
    for (std::size_t k = 0; k < count; ++k)
      before[k].assign(memory_[k].at, memory_[k].at + size(k));
    after = before;
    tensor = family::tensor_of<rule>((before_ + rows_ + behind) * width_, at.data(), own);
    at_ = at;
    given = {sizeof given, width_, named_.size(), indices_.at, row_wise_, 0};
  }
  table(const table &) = delete;

  // Makes an argument wrong, and returns the fault that a call finds then: none where it does not look.
  glissade_status bend(input &in) {
    const std::size_t a = in.below(count + 1);
    std::int64_t *const which = indices_.at;
    switch (in.below(12)) {
    case 0:
      given.struct_size -= 8;
      return GLISSADE_BAD_STRUCT_SIZE;
    case 1:
      given.width = in.one_in(2) ? 0 : tensor.n + 1 + in.word(8) % SIZE_MAX / 2;
      return given.width == 0 || tensor.n != 0 ? GLISSADE_BAD_WIDTH : GLISSADE_OK;
    case 2:
      given.count = tensor.n / width_ + 1 + in.word(8) % SIZE_MAX / 2;
      return GLISSADE_BAD_COUNT;
    case 3: {
      constexpr int wrong[] = {1, 2, -1, 65536};
      given.row_wise = wrong[in.below(4)];
      if (!may_be_row_wise || given.row_wise != 1) return GLISSADE_BAD_ROW_WISE;
      given.row_wise = row_wise_;
      return GLISSADE_OK;
    }
    case 4:
      tensor.storage = &none_;
      return GLISSADE_STORED_ROWS;
    case 5: // as many as there are up to the last address, which no array has
      if (named_.empty()) return GLISSADE_OK;
      given.indices = reinterpret_cast<const std::int64_t *>(0 - 8 * given.count);
      return GLISSADE_BAD_N;
    case 6:
    case 7: {
      if (named_.empty()) return GLISSADE_OK;
      const auto rows = static_cast<std::int64_t>(tensor.n / width_);
      const std::int64_t none[] = {-1, rows, INT64_MIN, INT64_MAX};
      which[in.below(named_.size())] = none[in.below(std::size(none))];
      named_.assign(which, which + named_.size());
      return GLISSADE_BAD_INDEX;
    }
    case 8: {
      if (named_.size() < 2) return GLISSADE_OK;
      const std::size_t i = 1 + in.below(named_.size() - 1);
      which[i] =
          which[i - 1] - static_cast<std::int64_t>(in.below(static_cast<std::size_t>(which[i - 1]) + 1));
      named_.assign(which, which + named_.size());
      return GLISSADE_UNSORTED_INDICES;
    }
    case 9:
      move(a, nullptr);
      return !seen(a)     ? GLISSADE_OK
             : a == 0     ? GLISSADE_NULL_PARAM
             : a == 1     ? GLISSADE_NULL_GRAD
             : a == count ? GLISSADE_NULL_INDICES
                          : description<options>::states(o_.value)[a - 2].if_null;
    case 10:
      move(a, at(a) + 1 + in.below(a == count ? 7 : 3));
      return seen(a) ? GLISSADE_MISALIGNED_ARRAY : GLISSADE_OK;
    default:
      return reach_into(*this, a, in.below(count + 1), in);
    }
  }

  // Lets array a begin in array b of a table, and returns the fault that a call finds then.
  glissade_status reach_into(const table &other, std::size_t a, std::size_t b, input &in) {
    const bool both_read = (a == 1 || a == count) && (b == 1 || b == count);
    if ((this == &other && a == b) || both_read || !seen(a) || !other.seen(b)) return GLISSADE_OK;
    const char *const to = other.at(b) + 4 * in.below(other.bytes(b) / 4);
    move(a, to - reinterpret_cast<std::uintptr_t>(to) % (a == count ? 8 : 4));
    return GLISSADE_OVERLAPPING_ARRAYS;
  }

  void step_by_scalar() {
    if constexpr (may_be_row_wise)
      if (row_wise_) {
        for (std::size_t i = 0; i < named_.size(); ++i)
          row_wise_step(o_.value, width_, after[0].data() + row(i) * width_, before[1].data() + i * width_,
                        after[2][row(i)]);
        return;
      }
    options alone = o_.value;
    alone.threads = 1;
    std::array<std::vector<float>, count> gathered;
    std::array<float *, count> list;
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t i = 0; i < named_.size(); ++i) {
        const auto from = before[k].cbegin() + std::ptrdiff_t((k == 1 ? i : row(i)) * width_);
        gathered[k].insert(gathered[k].end(), from, from + std::ptrdiff_t(width_));
      }
      list[k] = needs(k) ? gathered[k].data() : nullptr;
    }
    expect(family::step<rule>(alone, named_.size() * width_, list.data()) == GLISSADE_OK,
           "the scalar kernel takes the step");
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t i = 0; i < named_.size() && k != 1; ++i)
        std::copy_n(gathered[k].data() + i * width_, width_, after[k].data() + row(i) * width_);
  }

  void expect_contents(const std::array<std::vector<float>, count> &right) const {
    for (std::size_t k = 0; k < count; ++k) {
      expect(family::first_difference(right[k].data(), memory_[k].at, size(k)) == size(k),
             "the bits of the rows are right in array", k);
      expect(memory_[k].margins_unchanged(), "nothing is written outside of array", k);
    }
    expect(std::equal(named_.begin(), named_.end(), indices_.at) && indices_.margins_unchanged(),
           "the indices are only read");
  }

  glissade_rows given;
  typename glissade::functions<options>::tensor tensor;
  std::array<std::vector<float>, count> before, after;

private:
  bool needs(std::size_t k) const { return k < 2 || description<options>::states(o_.value)[k - 2].needed; }
  // Does a call look where array k lies? The indices are number `count`.
  bool seen(std::size_t k) const { return k == count ? !named_.empty() : needs(k) && bytes(k) != 0; }

  std::size_t row_of(std::size_t k) const { return k >= 2 && row_wise_ ? 1 : width_; }
  std::size_t size(std::size_t k) const { return (k == 1 ? named_.size() : rows_) * row_of(k); }
  std::size_t row(std::size_t i) const { return static_cast<std::size_t>(named_[i]) - before_; }

  // As the call is told.
  std::size_t bytes(std::size_t k) const {
    return k == count ? named_.size() * sizeof(std::int64_t)
                      : (k == 1 ? named_.size() : tensor.n / width_) * row_of(k) * sizeof(float);
  }
  const char *at(std::size_t k) const {
    return k == count ? reinterpret_cast<const char *>(given.indices)
                      : reinterpret_cast<const char *>(at_[k]);
  }
  void move(std::size_t k, const char *to) {
    if (k == count) {
      given.indices = reinterpret_cast<const std::int64_t *>(to);
      return;
    }
    at_[k] = reinterpret_cast<float *>(const_cast<char *>(to));
    const auto *const own = tensor.options;
    tensor = family::tensor_of<rule>(tensor.n, at_.data(), own);
  }

  const chosen_options<rule> &o_;
  arrays &memory_;
  guarded<std::int64_t> &indices_;
  std::size_t width_, rows_, before_;
  int row_wise_;
  std::vector<std::int64_t> named_;
  std::array<float *, count> at_;
  const glissade_storage none_ = {};
};

template <class rule>
void fuzz_rows(input &in) {
  using functions = glissade::functions<family::options_of<rule>>;
  auto o = choose_options<rule>(in), other = choose_options<rule>(in);
  auto effective = other; // as its options hold for a table
  if (other.value.step == 0) effective.value.step = o.value.step;
  statuses faults;
  add_faults(o, faults);

  std::deque<table<rule>> list;
  const std::size_t count = in.below(4), wrong = in.one_in(3) ? in.below(4) : count;
  for (std::size_t i = 0; i < count; ++i) {
    const bool own = in.one_in(3);
    auto &t = list.emplace_back(i, own ? effective : o, own ? &other.value : nullptr, in);
    if (own) add_faults(effective, faults);
    if (i > 0 && i - 1 != wrong &&
        in.one_in(16)) { // not with its indices, which are read before that is found
      const std::size_t a = in.below(t.count), b = in.below(t.count + 1);
      if (const auto fault = t.reach_into(list[i - 1], a, b, in)) faults.push_back(fault);
    }
    if (i == wrong)
      if (const auto fault = t.bend(in)) faults.push_back(fault);
  }
  std::vector<typename functions::tensor> tensors;
  std::vector<glissade_rows> rows;
  for (const auto &t : list) {
    tensors.push_back(t.tensor);
    rows.push_back(t.given);
  }
  const std::uint32_t left_out = in.one_in(16) ? in.byte() % 8 : 0;
  if (left_out & 1) faults.push_back(GLISSADE_NULL_OPTIONS);
  if (left_out & 2 && count != 0) faults.push_back(GLISSADE_NULL_TENSORS);
  if (left_out & 4 && count != 0) faults.push_back(GLISSADE_NULL_ROWS);

  use_any(in);
  const auto status =
      functions::step_rows(left_out & 1 ? nullptr : &o.value, count, left_out & 2 ? nullptr : tensors.data(),
                           left_out & 4 ? nullptr : rows.data());
  if (!faults.empty())
    expect_one_of(faults, status);
  else
    expect(status == GLISSADE_OK, "a step on rows is taken", status);
  use("scalar");
  for (auto &t : list) {
    if (status == GLISSADE_OK) t.step_by_scalar();
    t.expect_contents(t.after);
  }
}

} // namespace fuzz
