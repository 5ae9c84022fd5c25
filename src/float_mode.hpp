// The floating-point mode of the thread, set to what the contract computes in for as long
// as the object lives.
#pragma once
#if defined(__x86_64__)
#  include <immintrin.h>
#endif

namespace glissade {

// Round to nearest even, subnormals kept, no traps: the mode that a thread starts in. The memory clobbers
// keep what is computed from memory, as the options are, on this side of the switch.
class default_float_mode {
public:
  default_float_mode() : callers_(get()) {
    if (changed()) set(standard);
    asm volatile("" ::: "memory");
  }
  ~default_float_mode() {
    asm volatile("" ::: "memory");
    if (changed()) set(callers_);
  }
  default_float_mode(const default_float_mode &) = delete;

private:
  friend class callers_float_mode;
#if defined(__x86_64__)
  using mode = unsigned;
  static constexpr mode standard = 0x1f80,
                        flags = 0x3f; // MXCSR: all exceptions masked; its lowest bits are flags
  static mode get() { return _mm_getcsr(); }
  static void set(mode m) { _mm_setcsr(m); }
#elif defined(__aarch64__)
  using mode = unsigned long;
  static constexpr mode standard = 0, flags = 0; // FPCR
  static mode get() {
    mode m;
    asm volatile("mrs %0, fpcr" : "=r"(m));
    return m;
  }
  static void set(mode m) { asm volatile("msr fpcr, %0" ::"r"(m)); }
#else
  using mode = unsigned;
  static constexpr mode standard = 0, flags = 0;
  static mode get() { return standard; }
  static void set(mode) {}
#endif

  bool changed() const { return (callers_ & ~flags) != standard; }

  const mode callers_;
};

// The mode that `here` has replaced, for as long as the object lives: a new thread inherits it for good.
class callers_float_mode {
public:
  explicit callers_float_mode(const default_float_mode &here) : here_(here) {
    if (here_.changed()) here_.set(here_.callers_);
  }
  ~callers_float_mode() {
    if (here_.changed()) here_.set(here_.standard);
  }
  callers_float_mode(const callers_float_mode &) = delete;

private:
  const default_float_mode &here_;
};

} // namespace glissade
