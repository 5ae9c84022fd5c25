// Which measurements a run makes: the sizes follow from the caches, the rest from the mode.
#pragma once
#include "machine.hpp"
#include "subjects.hpp"
#include <set>
#include <vector>

namespace perf {

enum class mode { tiny, quick, full };

// One measurement: a contender at a size, a number of threads and a place of the arrays.
struct cell {
  const contender *who;
  std::size_t n;
  int threads;
  std::size_t offset; // floats past a multiple of 64 bytes

  bool operator==(const cell &) const = default;
};

// Measurements that are compared with one another, so they alternate and share their arrays. The limit of
// each n, threads and offset is among them.
struct group {
  const subject *what;
  std::size_t n; // the largest of its cells
  bool subnormal;
  std::vector<cell> cells;

  std::string name(const cell &) const;
};

struct effort {
  int rounds;
  double sample_seconds;
};
effort effort_of(mode);

// The sizes whose arrays fill half of each cache, three that every machine measures, that of the
// reader's model, if it is not 0, and, unless that is as large, one whose arrays take twice the last cache, or as much of
// so many bytes of memory as they can.
std::set<std::size_t> sizes_of(mode, const subject &, const std::vector<cache> &, std::size_t memory,
                               std::size_t params);

// Of `all` threads.
std::set<int> threads_of(mode, int all);

std::vector<group> plan_of(mode, const std::vector<subject> &, std::size_t params = 0);

} // namespace perf
