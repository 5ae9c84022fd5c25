// Blocks of stored arrays are decoded for the kernel, which knows floats only, and what it wrote is encoded.
#include "staged.hpp"
#include "check.hpp"

namespace glissade {
namespace {

unsigned role_of(const array_use &array, std::size_t k) {
  return k == 0 ? PARAM : k == 1 ? GRAD : array.not_negative ? NOT_NEGATIVE : SIGNED;
}

glissade_status bad_type(std::size_t k) {
  return k == 0 ? GLISSADE_BAD_PARAM_TYPE : k == 1 ? GLISSADE_BAD_GRAD_TYPE : GLISSADE_BAD_STATE_TYPE;
}

// Where the arrays of a tensor lie: its own, then the copy; nothing for those that are not used.
struct memory_of_tensor {
  memory at[most_arrays + 1] = {};

  memory_of_tensor(const erased_rule &rule, unsigned mode, const tensor &t) {
    for (std::size_t k = 0; k < rule.count; ++k)
      if (rule.uses(mode, k)) at[k] = memory(t.array(k), t.n);
    if (t.has_copy()) at[most_arrays] = memory(t.storage->copy, t.n);
  }
};

random_source random_of(const tensor &t, std::int64_t step) {
  return random_source(t.storage->seed, step, t.storage->offset);
}

// The number of an array among those that take random bits: 0 for param, then the states.
std::uint32_t number_of(std::size_t k) { return k == 0 ? 0 : static_cast<std::uint32_t>(k - 1); }

} // namespace

glissade_status check_storage(const erased_rule &rule, unsigned mode, const tensor &t, std::size_t first,
                              std::int64_t step) {
  const glissade_storage &s = *t.storage;
  if (const auto fault = check_size(&s, sizeof s, sizeof s)) return fault;
  memory found[most_arrays + 1];
  std::size_t count = 0;
  const auto add = [&](const glissade_array &array, glissade_status if_null) {
    if (const auto fault = check_stored(array, t.n, if_null)) return fault;
    found[count] = memory(array, t.n);
    for (std::size_t i = 0; i < count; ++i)
      if (found[count].overlaps(found[i])) return GLISSADE_OVERLAPPING_ARRAYS;
    ++count;
    return GLISSADE_OK;
  };
  for (std::size_t k = first; k < rule.count; ++k) {
    if (!rule.uses(mode, k)) continue;
    const glissade_array array = t.array(k);
    if (!may_be(array.type, role_of(rule.arrays[k], k))) return bad_type(k);
    if (storages[array.type].stochastic && step < 1 && first == 0) return GLISSADE_BAD_STEP;
    if (t.n == 0) continue;
    if (const auto fault = add(array, rule.arrays[k].if_null)) return fault;
  }
  for (std::size_t k = rule.count - 2; k < sizeof s.states / sizeof *s.states; ++k)
    if (s.states[k].type != GLISSADE_FLOAT32) return GLISSADE_BAD_STATE_TYPE;
  if (first == 0 && t.has_copy()) {
    if (!may_be(s.copy.type, GRAD)) return GLISSADE_BAD_COPY_TYPE;
    if (t.n != 0)
      if (const auto fault = add(s.copy, GLISSADE_NULL_COPY)) return fault;
  }
  return s.offset % block_size != 0 ? GLISSADE_BAD_OFFSET : GLISSADE_OK;
}

bool disturb_stored(const erased_rule &rule, unsigned mode, const tensor &t, unsigned other_mode,
                    const tensor &other) {
  const memory_of_tensor all(rule, mode, t), others(rule, other_mode, other);
  for (std::size_t i = 0; i <= most_arrays; ++i)
    for (std::size_t j = 0; j <= most_arrays; ++j)
      if (!(i == 1 && j == 1) && all.at[i].overlaps(others.at[j])) return true;
  return false;
}

// So many elements are decoded at a time: enough to make little of what a call of the kernel costs, few enough for the
// first cache.
constexpr std::size_t stage = 2 * block_size;

void step_staged(const table &kernels, const erased_rule &rule, const prepared &p, std::int64_t step,
                 const tensor &t, std::size_t begin, std::size_t end) {
  const kernel kernel_of_rule = (kernels.*rule.kernels).elements;
  const random_source random = random_of(t, step);
  alignas(64) float buffers[most_arrays][stage];
  for (std::size_t i = begin; i < end; i += stage) {
    const std::size_t n = end - i < stage ? end - i : stage;
    // Floats are used in place. The kernel prefetches param and grad as they are stored, the encoders the rest.
    float *arrays[most_arrays] = {}, *next[most_arrays] = {};
    for (std::size_t k = 0; k < rule.count; ++k) {
      if (!rule.uses(p.mode, k)) continue;
      const glissade_array from = from_element(t.array(k), i);
      const bool by_encoder = k > 1 && from.type != GLISSADE_FLOAT32;
      next[k] = by_encoder ? buffers[k] : static_cast<float *>(from_element(from, n).data);
      if (from.type == GLISSADE_FLOAT32)
        arrays[k] = static_cast<float *>(from.data);
      else
        decode(kernels, from, n, arrays[k] = buffers[k]);
    }
    kernel_of_rule(p.coefficients, p.mode, arrays, 0, n, next);
    for (std::size_t k = 0; k < rule.count; ++k)
      if (k != 1 && arrays[k] == buffers[k])
        encode(kernels, arrays[k], random.of(i, number_of(k)), from_element(t.array(k), i), n);
    if (t.has_copy()) encode(kernels, arrays[0], random.of(i, 0), from_element(t.storage->copy, i), n);
  }
}

void reset_staged(const table &kernels, const erased_rule &rule, const void *options, const tensor &t,
                  std::size_t begin, std::size_t end) {
  const unsigned mode = rule.mode_of(options);
  const random_source random = random_of(t, 0);
  for (std::size_t k = 2; k < rule.count; ++k) {
    if (!rule.uses(mode, k)) continue;
    float floats[block_size];
    for (float &x : floats)
      x = rule.initial(options, k);
    for (std::size_t i = begin; i < end; i += block_size) {
      const std::size_t n = end - i < block_size ? end - i : block_size;
      encode(kernels, floats, random.of(i, number_of(k)), from_element(t.array(k), i), n);
    }
  }
}

} // namespace glissade
