// The checks of every call, in the order in which faults are reported.
#include "check.hpp"
#include "rows.hpp"
#include "staged.hpp"

namespace glissade {
namespace {

// Where the arrays lie that a tensor of floats uses, from `first` on: param and grad before its states, the indices of a
// table last.
struct places {
  std::size_t count = 0, indices = 0; // their number, if there are any
  std::uintptr_t at[most_arrays + 1];
  std::size_t bytes[most_arrays + 1];

  bool only_reads(std::size_t i) const { return i == 1 || (i != 0 && i == indices); }
  bool overlaps(std::size_t i, const places &other, std::size_t j) const {
    return !are_apart(at[i], bytes[i], other.at[j], other.bytes[j]);
  }
};

// Does one write what the other uses?
bool disturb(const places &t, const places &other) {
  for (std::size_t i = 0; i < t.count; ++i)
    for (std::size_t j = 0; j < other.count; ++j)
      if (t.overlaps(i, other, j) && !(t.only_reads(i) && other.only_reads(j))) return true;
  return false;
}

} // namespace

void known_options::copy(const erased_rule &rule, const void *given) {
  const std::size_t size = list::size_at(given);
  __builtin_memset(copy_, 0, sizeof copy_);
  __builtin_memcpy(copy_, given, size < rule.options_size ? size : rule.options_size);
}

const void *known_options::of(const erased_rule &rule, const void *given) {
  if (list::size_at(given) >= rule.options_size) return given;
  copy(rule, given);
  return copy_;
}

const void *known_options::of(const erased_rule &rule, const void *own, const void *of_call) {
  if (!own) return of_call;
  if (step_of(rule, own) != 0) return of(rule, own);
  copy(rule, own);
  const std::int64_t step = step_of(rule, of_call);
  __builtin_memcpy(copy_ + rule.step_at, &step, sizeof step);
  return copy_;
}

glissade_status check_size(const void *begin, std::size_t first, std::size_t known) {
  constexpr std::size_t word = sizeof(std::uint64_t), far_too_large = 4096;
  const std::size_t size = list::size_at(begin);
  if (size == known) return GLISSADE_OK;
  if (size < first || size % word != 0 || size >= far_too_large) return GLISSADE_BAD_STRUCT_SIZE;
  for (std::size_t i = known; i < size; ++i)
    if (static_cast<const unsigned char *>(begin)[i] != 0) return GLISSADE_BAD_STRUCT_SIZE;
  return GLISSADE_OK;
}

glissade_status check_element(const void *begin, std::size_t size_of_all, std::size_t first,
                              std::size_t known) {
  if (list::size_at(begin) != size_of_all) return GLISSADE_BAD_STRUCT_SIZE;
  return check_size(begin, first, known);
}

glissade_status check_options(const erased_rule &rule, const void *options) {
  if (!options) return GLISSADE_NULL_OPTIONS;
  if (const auto fault = check_size(options, rule.first_options_size, rule.options_size)) return fault;
  known_options known;
  return rule.check(known.of(rule, options));
}

glissade_status check_step_number(const erased_rule &rule, const void *options) {
  return rule.reads_step(options) && step_of(rule, options) < 1 ? GLISSADE_BAD_STEP : GLISSADE_OK;
}

glissade_status check_array(const float *array, std::size_t n, glissade_status if_null) {
  const auto address = reinterpret_cast<std::uintptr_t>(array);
  if (may_be_floats(address, n * sizeof(float))) return GLISSADE_OK;
  if (!array) return if_null;
  return address % sizeof(float) != 0 ? GLISSADE_MISALIGNED_ARRAY : GLISSADE_BAD_N;
}

glissade_status check_indices_array(const std::int64_t *indices, std::size_t count) {
  if (!indices) return GLISSADE_NULL_INDICES;
  const auto address = reinterpret_cast<std::uintptr_t>(indices);
  if (address % sizeof(std::int64_t) != 0) return GLISSADE_MISALIGNED_ARRAY;
  return address > UINTPTR_MAX - count * sizeof(std::int64_t) ? GLISSADE_BAD_N : GLISSADE_OK;
}

namespace {

// The arrays that the mode uses, from number `first` on; says in `here` where they lie, if they are floats. Of a table,
// `rows` says how many elements each has.
glissade_status check_arrays(const erased_rule &rule, unsigned mode, const tensor &t, std::size_t first,
                             std::int64_t step, const glissade_rows *rows, places &here) {
  if (!fits_in_memory(t.n)) return GLISSADE_BAD_N;
  if (t.storage) return check_storage(rule, mode, t, first, step);
  if (t.n == 0) return GLISSADE_OK;
  for (std::size_t i = first; i < rule.count; ++i) {
    if (!rule.uses(mode, i)) continue;
    const std::size_t n = rows ? elements(*rows, i, t.n) : t.n;
    here.at[here.count] = reinterpret_cast<std::uintptr_t>(n ? t.arrays[i] : nullptr);
    here.bytes[here.count] = n * sizeof(float);
    if (n != 0)
      if (const auto fault = check_array(t.arrays[i], n, rule.arrays[i].if_null)) return fault;
    for (std::size_t j = 0; j < here.count; ++j)
      if (here.overlaps(here.count, here, j)) return GLISSADE_OVERLAPPING_ARRAYS;
    ++here.count;
  }
  if (!rows || rows->count == 0) return GLISSADE_OK;
  here.indices = here.count;
  here.at[here.count] = reinterpret_cast<std::uintptr_t>(rows->indices);
  here.bytes[here.count] = rows->count * sizeof *rows->indices;
  for (std::size_t j = 0; j < here.count; ++j)
    if (here.overlaps(here.count, here, j) && !here.only_reads(j)) return GLISSADE_OVERLAPPING_ARRAYS;
  ++here.count;
  return check_indices(*rows, t.n / rows->width);
}

} // namespace

glissade_status check_count(const void *list, std::size_t count, std::size_t size) {
  if (!list && count) return GLISSADE_NULL_TENSORS;
  return count > PTRDIFF_MAX / size ? GLISSADE_BAD_N : GLISSADE_OK;
}

glissade_status check_call(const void *options, const list &all, std::size_t first, list_call &call,
                           const list_of_rows *rows) {
  const erased_rule &rule = all.rule();
  call.at = all.count();
  call.lines = 0;
  if (const auto fault = check_options(rule, options)) return fault;
  call.options = call.known.of(rule, options);
  if (first == 0)
    if (const auto fault = check_step_number(rule, call.options)) return fault;
  if (const auto fault = check_count(all.at(0), all.count(), rule.tensor_size)) return fault;
  if (rows && !rows->given() && all.count()) return GLISSADE_NULL_ROWS;

  const void *own_options = nullptr;
  unsigned mode = rule.mode_of(call.options), mode_before = mode;
  std::int64_t step = step_of(rule, call.options);
  tensor before = {};
  places all_places[2]; // of this tensor and of the one before, in turn
  bool placed = false;  // the one before is in them
  for (call.at = 0; call.at < all.count(); ++call.at) {
    if (all.struct_size() != rule.tensor_size || list::size_at(all.at(call.at)) != rule.tensor_size)
      if (const auto fault =
              check_element(all.at(call.at), all.struct_size(), rule.first_tensor_size, rule.tensor_size))
        return fault;
    const tensor t = all(call.at);
    if (t.options != own_options) {
      known_options own;
      if (t.options)
        if (const auto fault = check_options(rule, t.options)) return fault;
      const void *those = own.of(rule, t.options, call.options);
      if (first == 0)
        if (const auto fault = check_step_number(rule, those)) return fault;
      own_options = t.options;
      mode = rule.mode_of(those);
      step = step_of(rule, those);
    }
    // Most are floats and right. (A caller of another version has structs of another size.)
    if (!rows && first == 0 && all.struct_size() == rule.tensor_size)
      if (const std::size_t right = rule.right_ones(mode, call.at ? &mode_before : nullptr, all.at(call.at),
                                                    all.count() - call.at, call.lines)) {
        call.at += right - 1;
        before = all(call.at);
        mode_before = mode;
        placed = false;
        continue;
      }
    places &here = all_places[call.at % 2], &places_before = all_places[1 - call.at % 2];
    if (!placed && !rows) { // it was right
      places_before.count = 0;
      check_arrays(rule, mode_before, before, first, step, nullptr, places_before);
    }
    here.count = here.indices = 0;
    glissade_rows of_table;
    if (rows)
      if (const auto fault = rows->check(call.at, rule, t, of_table)) return fault;
    if (const auto fault = check_arrays(rule, mode, t, first, step, rows ? &of_table : nullptr, here))
      return fault;
    if (call.at > 0 && first == 0) {
      const bool stored = t.storage || before.storage;
      if (stored ? disturb_stored(rule, mode, t, mode_before, before) : disturb(here, places_before))
        return GLISSADE_OVERLAPPING_ARRAYS;
    }
    placed = true;
    before = t;
    mode_before = mode;
    call.lines += lines_of(t.n); // no sum of these overflows before it is refused
    if (!fits_in_memory(call.lines * line)) return GLISSADE_BAD_N;
  }
  return GLISSADE_OK;
}

} // namespace glissade
