// The checks of every call, in the order in which faults are reported.
#include "check.hpp"

namespace glissade {
namespace {

std::int64_t step_of(const erased_rule &rule, const void *options) {
  std::int64_t step;
  __builtin_memcpy(&step, static_cast<const unsigned char *>(options) + rule.step_at, sizeof step);
  return step;
}

glissade_status check_step_number(const erased_rule &rule, const void *options) {
  return rule.reads_step(options) && step_of(rule, options) < 1 ? GLISSADE_BAD_STEP : GLISSADE_OK;
}

bool overlap(const float *a, std::size_t n, const float *b, std::size_t m) {
  const auto from = reinterpret_cast<std::uintptr_t>(a), other = reinterpret_cast<std::uintptr_t>(b);
  return from < other + m * sizeof(float) && other < from + n * sizeof(float);
}

// Does one write what the other uses? Both may read the same gradient.
bool disturb(const erased_rule &rule, unsigned mode, const tensor &t, unsigned other_mode,
             const tensor &other) {
  if (t.n == 0 || other.n == 0) return false;
  for (std::size_t i = 0; i < rule.count; ++i)
    for (std::size_t j = 0; j < rule.count; ++j)
      if (!(i == 1 && j == 1) && rule.uses(mode, i) && rule.uses(other_mode, j) &&
          overlap(t.arrays[i], t.n, other.arrays[j], other.n))
        return true;
  return false;
}

} // namespace

const void *known_options::of(const erased_rule &rule, const void *own, const void *of_call) {
  const void *given = own ? own : of_call;
  const std::size_t size = list::size_at(given);
  const bool needs_step = own && step_of(rule, own) == 0;
  if (size >= rule.options_size && !needs_step) return given;
  const std::size_t known = size < rule.options_size ? size : rule.options_size;
  __builtin_memset(copy_, 0, sizeof copy_);
  __builtin_memcpy(copy_, given, known);
  if (needs_step) {
    const std::int64_t step = step_of(rule, of_call);
    __builtin_memcpy(copy_ + rule.step_at, &step, sizeof step);
  }
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
  return rule.check(known.of(rule, nullptr, options));
}

glissade_status check_array(const float *array, std::size_t n, glissade_status if_null) {
  if (!array) return if_null;
  const auto address = reinterpret_cast<std::uintptr_t>(array);
  if (address % sizeof(float) != 0) return GLISSADE_MISALIGNED_ARRAY;
  return address > UINTPTR_MAX - n * sizeof(float) ? GLISSADE_BAD_N : GLISSADE_OK;
}

glissade_status check_arrays(const erased_rule &rule, unsigned mode, const tensor &t, std::size_t first) {
  if (!fits_in_memory(t.n)) return GLISSADE_BAD_N;
  if (t.n == 0) return GLISSADE_OK;
  for (std::size_t i = first; i < rule.count; ++i) {
    if (!rule.uses(mode, i)) continue;
    if (const auto fault = check_array(t.arrays[i], t.n, rule.arrays[i].if_null)) return fault;
    for (std::size_t j = first; j < i; ++j)
      if (rule.uses(mode, j) && overlap(t.arrays[i], t.n, t.arrays[j], t.n))
        return GLISSADE_OVERLAPPING_ARRAYS;
  }
  return GLISSADE_OK;
}

glissade_status check_count(const void *list, std::size_t count, std::size_t size) {
  if (!list && count) return GLISSADE_NULL_TENSORS;
  return count > PTRDIFF_MAX / size ? GLISSADE_BAD_N : GLISSADE_OK;
}

glissade_status check_step(const erased_rule &rule, const void *options, std::size_t count,
                           const void *tensors, std::size_t &at, std::size_t &lines) {
  at = count;
  lines = 0;
  if (const auto fault = check_options(rule, options)) return fault;
  known_options of_call;
  options = of_call.of(rule, nullptr, options);
  if (const auto fault = check_step_number(rule, options)) return fault;
  if (const auto fault = check_count(tensors, count, rule.tensor_size)) return fault;

  const list all(rule, count, tensors);
  const void *known = nullptr;
  unsigned mode = rule.mode_of(options), mode_before = mode;
  tensor before = {};
  for (at = 0; at < count; ++at) {
    if (const auto fault =
            check_element(all.at(at), all.struct_size(), rule.first_tensor_size, rule.tensor_size))
      return fault;
    if (count > PTRDIFF_MAX / all.struct_size()) return GLISSADE_BAD_N;
    const tensor t = all(at);
    if (t.options != known) {
      known_options own;
      if (t.options)
        if (const auto fault = check_options(rule, t.options)) return fault;
      const void *those = own.of(rule, t.options, options);
      if (const auto fault = check_step_number(rule, those)) return fault;
      known = t.options;
      mode = rule.mode_of(those);
    }
    if (const auto fault = check_arrays(rule, mode, t, 0)) return fault;
    if (at > 0 && disturb(rule, mode, t, mode_before, before)) return GLISSADE_OVERLAPPING_ARRAYS;
    before = t;
    mode_before = mode;
    lines += lines_of(t.n); // no sum of these overflows before it is refused
    if (!fits_in_memory(lines * line)) return GLISSADE_BAD_N;
  }
  return GLISSADE_OK;
}

} // namespace glissade
