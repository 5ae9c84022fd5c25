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
  bool operator==(const stored &other) const { return data == other.data && extra == other.extra; }

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
