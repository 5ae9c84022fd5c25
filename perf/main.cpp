// glissade_perf: registers every measurement with Google Benchmark.
#include "check.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <regex>
#include <span>

namespace {

using namespace perf;

// Does --benchmark_filter choose this name?
bool is_chosen(const std::string &name) {
  std::string filter = benchmark::GetBenchmarkFilter();
  if (filter.empty() || filter == "all") return true;
  const bool excluded = filter.front() == '-';
  return std::regex_search(name, std::regex(filter.substr(excluded), std::regex::extended)) != excluded;
}

// As Google Benchmark reports it.
std::string full_name(const group &g, const cell &c) { return g.name(c) + "/manual_time"; }

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
    const double seconds = mine.seconds.at(round), held = 4. * double(group_.what->used.size());
    const double bytes = 2 * held - 4; // all are read, all but the gradient written
    state.counters["ns_per_element"] = 1e9 * seconds / double(c.n);
    state.counters["bytes_per_second"] = bytes * double(c.n) / seconds;
    state.counters["share_of_limit"] = (*results_)[limit].seconds[round] / seconds;
    state.counters["bytes_held"] = held;
    state.counters["spread"] = mine.spread;
    state.counters["steps"] = double(mine.steps);
    state.counters["others"] = mine.others;
    ++round;
    for (auto _ : state)
      state.SetIterationTime(seconds);
  }

private:
  void run() {
    progress_.next(group_);
    const auto wanted = [&](const cell &c) {
      return std::any_of(group_.cells.begin(), group_.cells.end(), [&](const cell &other) {
        const bool same = c == other || (c.who == &group_.what->limit && c.n == other.n &&
                                         c.threads == other.threads && c.offset == other.offset);
        return same && is_chosen(full_name(group_, other));
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

const std::string repetitions = "--benchmark_repetitions=", params = "--params=";

// Of "--flag=number", which may be written as 124e6; 0 where that is none.
std::size_t number_in(const std::string &word) {
  const double number = std::atof(word.c_str() + word.find('=') + 1);
  return number >= 1 && number < 1e15 ? static_cast<std::size_t>(number) : 0;
}

int refuse(const std::string &word, const char *what) {
  std::fprintf(stderr, "%s: %s\n", word.c_str(), what);
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  mode m = mode::quick;
  int rounds = 0;
  std::size_t model_size = 0;
  std::vector<std::string> words{argv[0]};
  for (const std::string word : std::span(argv, std::size_t(argc)).subspan(1))
    if (word == "--tiny") {
      m = mode::tiny;
    } else if (word == "--full") {
      m = mode::full;
    } else if (word.starts_with(repetitions)) {
      rounds = static_cast<int>(number_in(word));
      if (rounds < 1) return refuse(word, "at least 1");
    } else if (word.starts_with(params)) {
      model_size = number_in(word);
      if (!model_size) return refuse(word, "a number of parameters, at least 1");
    } else if (word.starts_with("--benchmark_min_time") || word.starts_with("--benchmark_min_warmup_time")) {
      return refuse(word, "not for this program, which times and warms up by itself");
    } else {
      words.push_back(word);
    }
  effort e = effort_of(m);
  if (rounds) e.rounds = rounds;
  // One iteration is one round.
  words.insert(words.end(), {"--benchmark_min_time=1e-9", repetitions + std::to_string(e.rounds)});
  std::vector<char *> pointers;
  for (auto &word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 1;

  const auto subjects = all_subjects();
  const auto plan = plan_of(m, subjects, model_size);
  benchmark::AddCustomContext("mode", m == mode::tiny ? "tiny" : m == mode::quick ? "quick" : "full");
  if (model_size) benchmark::AddCustomContext("params", std::to_string(model_size));
  for (const auto &[key, value] : description())
    benchmark::AddCustomContext(key, value);

  const auto count_chosen = std::count_if(plan.begin(), plan.end(), [](const group &g) {
    return std::any_of(g.cells.begin(), g.cells.end(),
                       [&](const cell &c) { return is_chosen(full_name(g, c)); });
  });
  progress p(static_cast<std::size_t>(count_chosen));
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
  benchmark::Shutdown();
}
