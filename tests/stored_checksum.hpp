// Checksums that are the same on every byte order, and that of stored arrays.
#pragma once
#include "options.hpp"
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <deque>

namespace family {

// FNV-1a with a word in place of the byte: the same on every byte order.
class words_sum {
public:
  void add(std::uint32_t word) { value_ = (value_ ^ word) * 0x100000001b3u; }
  // Elements that are whole numbers, each as a word of its own.
  template <class Element>
  void add_each(const void *elements, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; i += sizeof(Element)) {
      Element x;
      std::memcpy(&x, static_cast<const char *>(elements) + i, sizeof x);
      add(x);
    }
  }
  void add(const void *words, std::size_t bytes) { add_each<std::uint32_t>(words, bytes); }
  std::uint64_t value() const { return value_; }

private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

// An array of any type.
struct summed {
  summed(int type, const std::vector<float> &x) : array{type, data.data(), extra.data()} {
    failed = glissade_encode(x.size(), x.data(), &array, 1, 1, 0, 1) != GLISSADE_OK;
  }
  summed(const summed &) = delete;

  // Its elements, scales or remainders, and what they decode to; of a NaN no more than that it is one.
  void add_to(words_sum &sum) {
    std::size_t data_bytes = 0, extra_bytes = 0;
    std::array<float, elements> floats = {};
    failed = failed || glissade_state_bytes(array.type, elements, &data_bytes, &extra_bytes) != GLISSADE_OK ||
             glissade_decode(elements, &array, floats.data(), 0) != GLISSADE_OK;
    if (array.type >= GLISSADE_Q8_SIGNED) {
      sum.add_each<std::uint8_t>(data.data(), data_bytes);
      sum.add_each<std::uint8_t>(extra.data(), extra_bytes);
    } else if (array.type != GLISSADE_FLOAT32) {
      sum.add_each<std::uint16_t>(data.data(), data_bytes);
      sum.add_each<std::uint16_t>(extra.data(), extra_bytes);
    }
    for (const float x : floats)
      sum.add(std::isnan(x) ? 0x7fc00000 : std::bit_cast<std::uint32_t>(x));
  }

  static constexpr std::size_t elements = 1000;
  std::array<float, elements> data = {}, extra = {}; // more than the room that any type needs
  glissade_array array;
  bool failed;
};

inline std::vector<float> floats_to_store(float (*make)(std::uint32_t), std::uint32_t seed) {
  std::vector<float> x(summed::elements);
  for (std::uint32_t i = 0; i < x.size(); ++i)
    x[i] = make(mixed(seed * 1000003 + i));
  return x;
}

// Adds what becomes of a stored tensor in three steps.
template <class rule>
bool add_stored_steps(words_sum &sum) {
  using functions = glissade::functions<options_of<rule>>;
  auto o = one_per_mode<rule>().back();
  for (const bool bytes : {false, true}) {
    std::deque<summed> arrays;
    for (std::size_t k = 0; k < array_count<rule>; ++k) {
      const bool unsigned_state = k >= 2 && rule::states[k - 2].not_negative;
      auto x = floats_to_store(ordinary_float, static_cast<std::uint32_t>(k));
      for (float &each : x)
        each = unsigned_state ? std::abs(each) : each;
      const int type = k == 0   ? (bytes ? GLISSADE_SPLIT : GLISSADE_BF16_STOCHASTIC)
                       : k == 1 ? (bytes ? GLISSADE_BF16 : GLISSADE_FP16)
                       : !bytes ? GLISSADE_BF16_STOCHASTIC
                                : (unsigned_state ? GLISSADE_Q8_UNSIGNED : GLISSADE_Q8_SIGNED);
      arrays.emplace_back(type, x);
    }
    summed copy(bytes ? GLISSADE_FP16 : GLISSADE_BF16, floats_to_store(ordinary_float, 0));
    glissade_storage storage = {};
    storage.struct_size = sizeof storage;
    storage.param = arrays[0].array;
    storage.grad = arrays[1].array;
    for (std::size_t k = 2; k < arrays.size(); ++k)
      storage.states[k - 2] = arrays[k].array;
    storage.copy = copy.array;
    storage.seed = 7;
    storage.offset = 256;
    float *const none[array_count<rule>] = {};
    auto tensor = tensor_of<rule>(summed::elements, none);
    tensor.storage = &storage;
    for (o.step = 1; o.step <= 3; ++o.step)
      if (functions::step_many(&o, 1, &tensor) != GLISSADE_OK) return false;
    for (summed &array : arrays) {
      array.add_to(sum);
      if (array.failed) return false;
    }
    copy.add_to(sum);
    if (copy.failed) return false;
  }
  return true;
}

// Of every type and of every optimizer on stored arrays; 0 if a call fails.
template <class... rule>
std::uint64_t checksum_of_storage(std::tuple<rule...> *) {
  words_sum sum;
  for (const int type : {
#define GLISSADE_STORAGE(name, ...) GLISSADE_##name,
#include "glissade/storages.inc"
       }) {
    summed array(type, floats_to_store(any_float, static_cast<std::uint32_t>(type)));
    array.add_to(sum);
    if (array.failed) return 0;
  }
  return (add_stored_steps<rule>(sum) && ...) ? sum.value() : 0;
}

} // namespace family
