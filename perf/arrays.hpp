// The arrays of a group, filled with the values that an optimizer meets.
#pragma once
#include "chunks.hpp"
#include "plan.hpp"
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace perf {

class arrays {
public:
  arrays(const subject &s, std::size_t n) : n_(n) {
    for (std::size_t k = 0; k < s.arrays; ++k) {
      const bool used = std::find(s.used.begin(), s.used.end(), k) != s.used.end() || k + 1 == s.arrays;
      memory_.emplace_back(used ? allocate(n) : nullptr);
    }
  }

  // The same values each time; pages fall to the threads that a step with all of them would give them to.
  void fill(bool subnormal) {
    for (std::size_t k = 0; k < memory_.size(); ++k)
      if (float *to = memory_[k].get())
        glissade::over_chunks(n_ + margin, 0, glissade::default_float_mode(),
                              [=](std::size_t begin, std::size_t end) {
                                for (std::size_t i = begin; i < end; ++i)
                                  to[i] = value(k, i, subnormal);
                              });
  }

  std::vector<float *> at(std::size_t offset) const {
    std::vector<float *> list;
    for (const auto &one : memory_)
      list.push_back(one ? one.get() + offset : nullptr);
    return list;
  }

private:
  static constexpr std::size_t margin = 16;

  struct deleter {
    void operator()(float *p) const { std::free(p); }
  };
  static float *allocate(std::size_t n) {
    void *p = std::aligned_alloc(64, (n + margin + 15) / 16 * 64);
    return p ? static_cast<float *>(p) : throw std::bad_alloc();
  }

  // Ordinary: params and gradients of either sign, the states positive. Subnormal: what is left of the states
  // after many steps without a gradient.
  static float value(std::size_t k, std::size_t i, bool subnormal) {
    std::uint32_t random = static_cast<std::uint32_t>(i * 2654435761u + k * 40503u);
    random = (random ^ (random >> 16)) * 0x85ebca6bu;
    const float unit = static_cast<float>(random >> 8) * 0x1p-24f;
    if (k < 2) return subnormal && k == 1 ? 0 : (random & 1 ? 1.f : -1.f) * (.01f + unit);
    return subnormal ? 1e-40f + unit * 1e-39f : .001f + unit;
  }

  std::size_t n_;
  std::vector<std::unique_ptr<float, deleter>> memory_;
};

} // namespace perf
