// glissade_perf: registers every measurement with Google Benchmark.
#include "check.hpp"
#include "glance.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <regex>

namespace {

using namespace perf;

// Does --benchmark_filter choose this name?
bool is_chosen(const std::string &name) {
  std::string filter = benchmark::GetBenchmarkFilter();
  if (filter.empty() || filter == "all") return true;
  const bool excluded = filter.front() == '-';
  return std::regex_search(name, std::regex(filter.substr(excluded), std::regex::extended)) != excluded;
}

class progress {
public:
  explicit progress(std::size_t steps) : steps_(steps) {}
  void next(const group &g) {
    const double past = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    std::fprintf(stderr, "\r\033[K[%zu/%zu] %.0f s  %s n:%zu%s", ++step_, steps_, past, g.what->name.c_str(),
                 g.n, g.subnormal ? " subnormal" : "");
  }

private:
  std::size_t steps_, step_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Measures a group when Google Benchmark asks for its first cell, and hands out the rounds one by one as the
// repetitions of each. So its cells alternate, which Google Benchmark by itself cannot do within a group.
class measured_group {
public:
  measured_group(const group &g, const effort &e, progress &p) : group_(g), effort_(e), progress_(p) {}

  void report(benchmark::State &state, std::size_t index, std::size_t &round) {
    if (!results_) run();
    const cell &c = group_.cells[index];
    const timing &mine = (*results_)[index];
    const auto limit =
        static_cast<std::size_t>(std::find(group_.cells.begin(), group_.cells.end(),
                                           cell{&group_.what->limit, c.n, c.threads, c.offset}) -
                                 group_.cells.begin());
    round %= mine.seconds.size();
    const double seconds = mine.seconds[round], held = 4. * double(group_.what->used.size());
    const double bytes = 2 * held - 4; // all are read, all but the gradient written
    state.counters["ns_per_element"] = 1e9 * seconds / double(c.n);
    state.counters["bytes_per_second"] = bytes * double(c.n) / seconds;
    state.counters["share_of_limit"] = (*results_)[limit].seconds[round] / seconds;
    state.counters["bytes_held"] = held;
    state.counters["spread"] = mine.spread;
    state.counters["steps"] = double(mine.steps);
    ++round;
    for (auto _ : state)
      state.SetIterationTime(seconds);
  }

  const std::optional<std::vector<timing>> &results() const { return results_; }

private:
  void run() {
    progress_.next(group_);
    const auto wanted = [&](const cell &c) {
      return std::any_of(group_.cells.begin(), group_.cells.end(), [&](const cell &other) {
        const bool same = c == other || (c.who == &group_.what->limit && c.n == other.n &&
                                         c.threads == other.threads && c.offset == other.offset);
        return same && is_chosen(group_.name(other) + "/manual_time");
      });
    };
    for (const cell &c : group_.cells)
      if (wanted(c))
        if (const std::string fault = difference(group_, c); !fault.empty()) {
          std::fprintf(stderr, "\n%s is wrong: %s\n", group_.name(c).c_str(), fault.c_str());
          std::exit(1);
        }
    results_ = measure(group_, effort_, wanted);
  }

  const group &group_;
  effort effort_;
  progress &progress_;
  std::optional<std::vector<timing>> results_;
};

constexpr double busy = .1;

// Half of all measurements spread wider than this: others use the machine too.
void warn_if_busy(const std::vector<measured_group> &groups) {
  std::vector<double> spreads;
  for (const auto &one : groups)
    if (one.results())
      for (const timing &t : *one.results())
        if (!t.seconds.empty()) spreads.push_back(t.spread);
  if (spreads.empty()) return;
  std::nth_element(spreads.begin(), spreads.begin() + long(spreads.size() / 2), spreads.end());
  if (const double middle = spreads[spreads.size() / 2]; middle > busy)
    std::fprintf(stderr,
                 "\nWARNING: the machine was busy: half of the measurements spread by more than %.0f %%.\n",
                 100 * middle);
}

} // namespace

int main(int argc, char **argv) {
  if (argc == 2 && std::strcmp(argv[1], "--glance") == 0) {
    glance();
    return 0;
  }
  mode m = mode::quick;
  std::vector<std::string> words{argv[0]};
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], "--tiny") == 0)
      m = mode::tiny;
    else if (std::strcmp(argv[i], "--full") == 0)
      m = mode::full;
    else
      words.push_back(argv[i]);
  const effort e = effort_of(m);
  // One iteration is one round; these come first, so that flags of the user replace them.
  words.insert(words.begin() + 1,
               {"--benchmark_min_time=1e-9", "--benchmark_repetitions=" + std::to_string(e.rounds)});
  std::vector<char *> pointers;
  for (auto &word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 1;

  const auto subjects = all_subjects();
  const auto plan = plan_of(m, subjects);
  benchmark::AddCustomContext("mode", m == mode::tiny ? "tiny" : m == mode::quick ? "quick" : "full");
  benchmark::AddCustomContext("busy_above", std::to_string(busy));
  for (const auto &[key, value] : description())
    benchmark::AddCustomContext(key, value);

  progress p(plan.size());
  std::vector<measured_group> groups;
  for (const group &g : plan)
    groups.emplace_back(g, e, p);
  for (std::size_t i = 0; i < plan.size(); ++i)
    for (std::size_t k = 0; k < plan[i].cells.size(); ++k)
      benchmark::RegisterBenchmark(plan[i].name(plan[i].cells[k]).c_str(),
                                   [&groups, i, k, round = std::size_t{0}](benchmark::State &state) mutable {
                                     groups[i].report(state, k, round);
                                   })
          ->UseManualTime();
  benchmark::RunSpecifiedBenchmarks();
  std::fputc('\n', stderr);
  warn_if_busy(groups);
  benchmark::Shutdown();
}
