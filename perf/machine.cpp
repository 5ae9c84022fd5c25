// Reads what Linux and Google Benchmark say of the machine.
#include "machine.hpp"
#include "glissade/glissade.h"
#include "subjects.hpp"
#include <algorithm>
#include <benchmark/benchmark.h>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace perf {
namespace {

std::string first_line(const std::string &path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  return line;
}

// The value of the first line "key : value" of a file.
std::string value_of(const std::string &path, const std::string &key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key))
      if (const auto colon = line.find(':'); colon != std::string::npos) {
        const auto begin = line.find_first_not_of(" \t", colon + 1);
        return begin == std::string::npos ? "" : line.substr(begin);
      }
  return "";
}

} // namespace

std::vector<cache> data_caches() {
  std::vector<cache> found;
  for (const auto &c : benchmark::CPUInfo::Get().caches)
    if (c.type != "Instruction")
      // Only an L3 is divided: the threads of a core run one piece of work here.
      found.push_back({static_cast<std::size_t>(c.size),
                       c.level < 3 ? 1 : std::max<std::size_t>(1, static_cast<std::size_t>(c.num_sharing))});
  if (found.empty()) return {{32 << 10, 1}, {1 << 20, 1}, {32 << 20, 4}};
  return found;
}

std::size_t beyond_caches(const std::vector<cache> &caches) { return 2 * caches.back().bytes; }

std::size_t free_memory() {
  const std::string kib = value_of("/proc/meminfo", "MemAvailable");
  return kib.empty() ? std::size_t{1} << 30 : std::stoul(kib) << 10;
}

double cpu_seconds_of_others() {
  // user nice system idle iowait irq softirq steal
  std::istringstream words(first_line("/proc/stat"));
  std::string name;
  double ticks = 0, one = 0;
  words >> name;
  for (int i = 0; i < 8 && words >> one; ++i)
    if (i != 3 && i != 4) ticks += one;
  if (name != "cpu") return 0;
  rusage mine;
  getrusage(RUSAGE_SELF, &mine);
  const auto seconds = [](const timeval &t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return ticks / double(sysconf(_SC_CLK_TCK)) - seconds(mine.ru_utime) - seconds(mine.ru_stime);
}

std::vector<std::pair<std::string, std::string>> description() {
  const std::string cpu = value_of("/proc/cpuinfo", "model name");
  std::string isas;
  for (std::size_t i = 0; const char *name = glissade_isa_at(i); ++i)
    isas += std::string(name) + ' ';
  return {{"cpu", cpu.empty() ? "unknown CPU" : cpu},
          {"isas", isas},
          {"beyond_caches", std::to_string(beyond_caches(data_caches()))},
          {"threads", std::to_string(all_threads())},
          {"glissade_version", glissade_version()},
          {"compiler", GLISSADE_PERF_COMPILER}};
}

} // namespace perf
