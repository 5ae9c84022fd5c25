// Reads what Linux says of the machine.
#include "machine.hpp"
#include "glissade/glissade.h"
#include "subjects.hpp"
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

// How many CPUs a list like 0-3,8 names.
std::size_t count_of(const std::string &list) {
  std::size_t count = 0;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto dash = part.find('-');
    count += dash == std::string::npos ? 1 : std::stoul(part.substr(dash + 1)) - std::stoul(part) + 1;
  }
  return count;
}

} // namespace

std::vector<cache> data_caches() {
  std::vector<cache> found;
  for (int index = 0;; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + '/';
    const std::string size = first_line(folder + "size"), level = first_line(folder + "level");
    if (size.empty() || level.empty()) break;
    if (first_line(folder + "type") == "Instruction") continue;
    const std::size_t unit = size.back() == 'M' ? 1 << 20 : 1 << 10;
    // Only an L3 is divided: the threads of a core run one piece of work here.
    const int number = std::stoi(level);
    const std::size_t cores =
        number < 3 ? 1 : std::max<std::size_t>(1, count_of(first_line(folder + "shared_cpu_list")));
    found.push_back({number, std::stoul(size) * unit, cores});
  }
  if (found.empty()) return {{1, 32 << 10, 1}, {2, 1 << 20, 1}, {3, 32 << 20, 4}};
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
  const auto known = [](std::string text) { return text.empty() ? "unknown" : text; };
  std::string caches, isas;
  for (const cache &c : data_caches())
    caches += 'L' + std::to_string(c.level) + ' ' + std::to_string(c.bytes >> 10) + " KiB of " +
              std::to_string(c.cores) + ' ';
  for (std::size_t i = 0; const char *name = glissade_isa_at(i); ++i)
    isas += std::string(name) + ' ';
  const std::string cpu = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
  return {
    {"cpu", known(value_of("/proc/cpuinfo", "model name"))}, {"data_caches", caches}, {"isas", isas},
        {"beyond_caches", std::to_string(beyond_caches(data_caches()))},
        {"threads", std::to_string(all_threads())}, {"glissade_version", glissade_version()},
#if defined(__clang__)
        {"compiler", "clang " __clang_version__},
#else
        {"compiler", "gcc " __VERSION__},
#endif
        {"flags", GLISSADE_PERF_FLAGS}, {"governor", known(first_line(cpu))},
        {"load", known(first_line("/proc/loadavg"))},
        {"huge_pages", known(first_line("/sys/kernel/mm/transparent_hugepage/enabled"))},
  };
}

} // namespace perf
