// Arrays of every storage for the tests: one array, and the tensor of an optimizer.
#pragma once
#include "family.hpp"
#include <memory>

namespace family {

using bytes = std::vector<unsigned char>;

// The memory of an array of n elements.
struct stored {
  stored(int type, std::size_t n) {
    std::size_t data_bytes, extra_bytes;
    REQUIRE(glissade_state_bytes(type, n, &data_bytes, &extra_bytes) == GLISSADE_OK);
    data.resize(data_bytes);
    extra.resize(extra_bytes);
    array = {type, data.data(), extra.empty() ? nullptr : extra.data()};
  }
  stored(const stored &) = delete;
  // The sign of a NaN is left open: by arithmetic, which moves with the alignment of floats, and so by its signed code.
  bool operator==(const stored &other) const {
    if (array.type == GLISSADE_FLOAT32) {
      const std::size_t count = data.size() / sizeof(float);
      const auto floats = [](const stored &one) { return reinterpret_cast<const float *>(one.data.data()); };
      return data.size() == other.data.size() &&
             first_difference(floats(*this), floats(other), count) == count;
    }
    const auto same = [this](unsigned char a, unsigned char b) {
      return a == b || (array.type == GLISSADE_Q8_SIGNED && (a & b & 127) == 127);
    };
    return std::equal(data.begin(), data.end(), other.data.begin(), other.data.end(), same) &&
           extra == other.extra;
  }

  bytes data, extra;
  glissade_array array;
};

inline std::vector<float> some_floats(std::size_t n, std::uint32_t seed,
                                      float (*make)(std::uint32_t) = any_float) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = make(mixed(static_cast<std::uint32_t>(i) + 1000003 * seed));
  return x;
}

// The random bits of array k of a tensor for element i, by the formulas of glissade.h.
inline std::uint32_t random_bits_of(const glissade_storage &s, std::int64_t step, std::size_t k,
                                    std::size_t i) {
  const auto mix = [](std::uint64_t x) {
    x += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
  };
  const std::uint32_t a = k == 0 ? 0 : static_cast<std::uint32_t>(k - 1);
  const std::uint64_t key =
      mix(mix(s.seed ^ mix(static_cast<std::uint64_t>(step))) ^ (s.offset / 256 + i / 256));
  return static_cast<std::uint32_t>(key) + static_cast<std::uint32_t>(i % 256) * (2 * a + 1) * 0x9E3779B9u;
}

// The first element of array k that is not what a step encodes x to, by the formulas of glissade.h, with the scales that
// the array has; or how many there are. The types of a gradient are not among them.
inline std::size_t first_wrong(const glissade_array &array, const std::vector<float> &x, std::size_t k,
                               const glissade_storage &s, std::int64_t step) {
  const auto half = [](const void *from, std::size_t i) {
    std::uint16_t word;
    std::memcpy(&word, static_cast<const unsigned char *>(from) + 2 * i, sizeof word);
    return word;
  };
  const auto is_right = [&](std::size_t i) {
    const auto bits = std::bit_cast<std::uint32_t>(x[i]);
    const bool nan = x[i] != x[i];
    const std::uint32_t r = random_bits_of(s, step, k, i);
    switch (array.type) {
    case GLISSADE_FLOAT32:
      return same_bits(static_cast<const float *>(array.data)[i], x[i]);
    case GLISSADE_SPLIT: {
      const std::uint32_t kept = nan ? 0x7FC00000 : bits;
      return half(array.data, i) == (kept + 0x8000) >> 16 && half(array.extra, i) == (kept & 0xFFFF);
    }
    case GLISSADE_BF16_STOCHASTIC:
      return half(array.data, i) == (nan                ? 0x7FC0
                                     : std::isinf(x[i]) ? bits >> 16
                                                        : (bits + (r & 0xFFFF)) >> 16);
    default: {
      const bool is_signed = array.type == GLISSADE_Q8_SIGNED;
      const unsigned stored = static_cast<const unsigned char *>(array.data)[i],
                     not_finite = is_signed ? 127 : 255;
      const std::int64_t scale = static_cast<const unsigned char *>(array.extra)[i / 256],
                         size = bits & 0x7FFFFFFF, random = is_signed ? r & 0xFFFFF : r >> 12,
                         least = !is_signed && x[i] != 0;
      const auto code = std::clamp<std::int64_t>(((size + random) >> 20) - 8 * scale, least, not_finite - 1);
      const unsigned expected = std::isfinite(x[i]) ? static_cast<unsigned>(code) : not_finite;
      return (stored & not_finite) == expected && (!is_signed || nan || stored >> 7 == bits >> 31);
    }
    }
  };
  std::size_t i = 0;
  while (i < x.size() && is_right(i))
    ++i;
  return i;
}

// How the arrays of a tensor are stored. `q8` is with the sign that each state has.
struct storage_types {
  int param, grad, state, copy;
};
inline constexpr int q8 = -8;
inline constexpr storage_types all_storages[] = {
    {GLISSADE_FLOAT32, GLISSADE_BF16, GLISSADE_FLOAT32, GLISSADE_FLOAT32},
    {GLISSADE_FLOAT32, GLISSADE_FP16, GLISSADE_FLOAT32, GLISSADE_FP16},
    {GLISSADE_SPLIT, GLISSADE_BF16, GLISSADE_FLOAT32, GLISSADE_BF16},
    {GLISSADE_FLOAT32, GLISSADE_FLOAT32, q8, GLISSADE_BF16},
    {GLISSADE_BF16_STOCHASTIC, GLISSADE_BF16, GLISSADE_BF16_STOCHASTIC, GLISSADE_FLOAT32},
    {GLISSADE_SPLIT, GLISSADE_FP16, q8, GLISSADE_FP16},
};

// A stored tensor whose arrays begin as those floats, and the same in floats.
template <class rule>
class stored_tensor {
public:
  static constexpr std::size_t count = array_count<rule>;

  stored_tensor(const storage_types &types, std::size_t length, std::uint32_t number,
                float (*make)(std::uint32_t) = any_float)
      : n(length) {
    storage = {};
    storage.struct_size = sizeof storage;
    storage.seed = number;
    storage.offset = 512;
    for (std::size_t k = 0; k < count; ++k) {
      auto x = some_floats(n, number + static_cast<std::uint32_t>(k), make);
      const bool not_negative = k >= 2 && rule::states[k - 2].not_negative;
      if (not_negative)
        for (float &each : x)
          each = std::abs(each);
      int type = k == 0 ? types.param : k == 1 ? types.grad : types.state;
      if (type == q8) type = not_negative ? GLISSADE_Q8_UNSIGNED : GLISSADE_Q8_SIGNED;
      arrays.push_back(std::make_unique<stored>(type, n));
      const auto &array = arrays.back()->array;
      REQUIRE(glissade_encode(n, x.data(), &array, 1, 1, 0, 1) == GLISSADE_OK);
      if (type == GLISSADE_FLOAT32)
        floats[k] = static_cast<float *>(array.data);
      else
        place(k) = array;
    }
    if (types.copy != GLISSADE_FLOAT32) {
      copy = std::make_unique<stored>(types.copy, n);
      storage.copy = copy->array;
    }
    tensor = tensor_of<rule>(n, floats);
    tensor.storage = &storage;
  }
  stored_tensor(const stored_tensor &) = delete;

  glissade_array &place(std::size_t k) {
    return k == 0 ? storage.param : k == 1 ? storage.grad : storage.states[k - 2];
  }
  std::vector<float> decoded(std::size_t k) const {
    std::vector<float> x(n);
    REQUIRE(glissade_decode(n, &arrays[k]->array, x.data(), 1) == GLISSADE_OK);
    return x;
  }
  bool operator==(const stored_tensor &other) const {
    for (std::size_t k = 0; k < count; ++k)
      if (!(*arrays[k] == *other.arrays[k])) return false;
    return !copy || *copy == *other.copy;
  }

  const std::size_t n;
  std::vector<std::unique_ptr<stored>> arrays; // param, grad, the states
  std::unique_ptr<stored> copy;
  float *floats[count] = {}; // those that are not stored
  glissade_storage storage;
  typename glissade::functions<options_of<rule>>::tensor tensor;
};

} // namespace family
