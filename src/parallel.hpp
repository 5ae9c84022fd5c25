// Spreads a task over threads: with parallel.cpp the only file that knows that threads exist.
#pragma once
#include "float_mode.hpp"
#include <cstddef>

namespace glissade {

// Fewer elements than this are not worth waking a thread for: it takes about as long as computing them.
inline constexpr std::size_t worth_a_thread = 16384;
inline bool worth_a_team(std::size_t n) { return n >= 2 * worth_a_thread; }

// Where chunk number `chunk` of `chunks` begins when n things are cut: the chunks are equal within one.
inline std::size_t cut(std::size_t n, std::size_t chunk, std::size_t chunks) {
  const std::size_t rest = n % chunks;
  return n / chunks * chunk + (chunk < rest ? chunk : rest);
}

// A reference to something that is called as work(chunk, chunks), which must outlive it.
class task {
public:
  template <class Work>
  task(const Work &work) // implicit, so that a lambda can be given where a task is wanted
      : work_(&work),
        call_([](const void *w, std::size_t chunk, std::size_t chunks) {
          (*static_cast<const Work *>(w))(chunk, chunks);
        }) {}
  void operator()(std::size_t chunk, std::size_t chunks) const { call_(work_, chunk, chunks); }

private:
  const void *work_;
  void (*call_)(const void *work, std::size_t chunk, std::size_t chunks);
};

// What `parallel` does with a task that may be worth a team of threads.
void share(std::size_t n, int threads, const default_float_mode &here, task work);

// Calls work(chunk, chunks) for every chunk of a task on n floats, each on a thread of its own; `threads` as
// in glissade.h. `here` is what has set the floating-point mode of the calling thread; each other one sets its own.
template <class Work>
void parallel(std::size_t n, int threads, const default_float_mode &here, const Work &work) {
  if (threads == 1 || !worth_a_team(n)) return work(0, 1);
  const Work copy =
      work; // threads are shown a copy, so that here the compiler can keep the work in registers
  share(n, threads, here, copy);
}

} // namespace glissade
