// What the library has instead of functions of std::, which in an unoptimised build are weak symbols: the linker might
// keep a program's copy of them, compiled with other flags.
#pragma once

namespace glissade {

template <class T>
constexpr T smaller(T a, T b) {
  return b < a ? b : a;
}
template <class T>
constexpr T larger(T a, T b) {
  return a < b ? b : a;
}

// Relaxed: what is shared are single values.
template <class T>
class atomic {
public:
  constexpr atomic(T value) : value_(value) {}
  T load() const { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }
  void store(T value) { __atomic_store_n(&value_, value, __ATOMIC_RELAXED); }
  // Stores `wanted` where `expected` stands; else that becomes what stands there.
  bool replace(T &expected, T wanted) {
    return __atomic_compare_exchange_n(&value_, &expected, wanted, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  }

private:
  T value_;
};

} // namespace glissade
