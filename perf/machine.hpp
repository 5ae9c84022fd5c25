// What this machine is: what a figure means nothing without.
#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace perf {

struct cache {
  std::size_t bytes;
  std::size_t cores; // that share it
};

// The data caches from the inside out, or a common CPU's where they are not known.
std::vector<cache> data_caches();

// Arrays of so many bytes are not held by caches.
std::size_t beyond_caches(const std::vector<cache> &);

std::size_t free_memory();

// What other programs, and other guests of the machine, have used of its CPUs so far; 0 where Linux does not say.
double cpu_seconds_of_others();

// Names and values for the context of the results.
std::vector<std::pair<std::string, std::string>> description();

} // namespace perf
