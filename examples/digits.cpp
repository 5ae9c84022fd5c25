// Trains a classifier of handwritten digits with optimizers of glissade: digits DIGITS.csv [NAME|all|storage] [OPTION...].
#include "training.hpp"
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

// Of the test digits; less for Rprop, which is not made for mini-batches (docs/rmsprop.md).
constexpr double enough(std::string_view optimizer) { return optimizer == "rprop" ? .8 : .96; }

std::uint64_t checksum(const std::vector<float> &param) {
  glissade::checksum sum;
  sum.add(param.data(), param.size() * sizeof(float));
  return sum.value();
}

struct contender {
  std::string_view name;
  double lr;
  std::function<trained(const data &, const settings &, const report &)> train;
};

// What suits this task; an optimizer that is not named here has the lr of its preset.
constexpr std::pair<std::string_view, double> learning_rates[] = {
    {"rmsprop", 2e-3},   {"adagrad", 3e-2}, {"sgd", .3},     {"adam", 3e-3},     {"adamw", 3e-3},
    {"lion", 6e-4},      {"adamax", 5e-3},  {"nadam", 3e-3}, {"radam", 5e-3},    {"asgd", .5},
    {"adabelief", 3e-3}, {"adopt", 3e-3},   {"adan", 5e-3},  {"ademamix", 3e-3}, {"schedule_free", 1e-2},
};

template <class Options>
contender with(std::string_view name, Options options) {
  for (const auto &[whose, lr] : learning_rates)
    if (whose == name) options.lr = lr;
  return {name, options.lr, [options](const data &d, const settings &how, const report &after) {
            return train(d, options, how, after);
          }};
}

std::vector<contender> contenders() {
  return {
#define GLISSADE_OPTIMIZER(name, preset) with<glissade_##name>(#name, preset),
#include <glissade/optimizers.inc>
      with<glissade_adam>("adamw", GLISSADE_ADAMW_TORCH)};
}

bool show(const data &d, const contender &one, const settings &how) {
  std::printf("Training a network of %zu parameters on %zu digits with %s, lr %g (%s)\n",
              network(random_numbers{}).param.size(), d.train.size(), one.name.data(), one.lr,
              glissade_isa());
  trained last = one.train(d, how, [&](int epoch, double loss, network &now) {
    if (epoch == 1 || epoch % 5 == 0)
      std::printf("  epoch %2d: loss %.4f, %.1f %% of the test digits right\n", epoch, loss,
                  100 * accuracy(now, d.test));
  });
  const double right = accuracy(last.net, d.test);
  const std::uint64_t bits = checksum(last.net.param);
  std::printf("State of the optimizer: %zu bytes, %.3g for each parameter\n", last.state_bytes,
              last.state_bytes_each());
  std::printf("%zu unseen digits: %.1f %% right\n\nThe same training on every instruction set of this CPU:\n",
              d.test.size(), 100 * right);
  bool same = true;
  for (std::size_t i = 0; const char *isa = glissade_isa_at(i); ++i) {
    glissade::check(glissade_use_isa(isa));
    const std::uint64_t theirs = checksum(one.train(d, how, nullptr).net.param);
    same = same && theirs == bits;
    std::printf("  %-8s checksum of the parameters %016llx\n", isa, static_cast<unsigned long long>(theirs));
  }
  std::printf("%s\n", same ? "The same bits everywhere." : "The bits differ: this is a fault of glissade.");
  return same && right > enough(one.name);
}

bool compare(const data &d, const std::vector<contender> &all, const settings &how) {
  constexpr int shown[] = {1, 2, 5, 10, 20, epochs};
  std::printf("Accuracy on %zu unseen digits, in %%, by epochs of training on %zu others:\n\n"
              "%-14s%8s",
              d.test.size(), d.train.size(), "optimizer", "lr");
  for (const int epoch : shown)
    std::printf("%8d", epoch);
  bool all_learned = true;
  for (const contender &one : all) {
    std::printf("\n%-14s%8g", one.name.data(), one.lr);
    trained last = one.train(d, how, [&](int epoch, double, network &now) {
      if (std::count(std::begin(shown), std::end(shown), epoch))
        std::printf("%8.1f", 100 * accuracy(now, d.test));
    });
    all_learned = all_learned && accuracy(last.net, d.test) > enough(one.name);
  }
  std::puts("");
  return all_learned;
}

// The table of docs/storage.md. False if a storage makes the largest weight more than 1.2 times that of float32.
bool compare_storages(const data &d, const std::vector<contender> &all, std::uint64_t seeds) {
  constexpr std::pair<const char *, int> storages[] = {
      {"float32", GLISSADE_FLOAT32}, {"bf16", GLISSADE_BF16_STOCHASTIC}, {"Q8", glissade::q8}};
  std::puts(
      "| optimizer | state | its bytes for each parameter | accuracy, % | train loss | largest weight |\n"
      "|---|---|---:|---:|---:|---:|");
  bool bounded = true;
  for (const std::string_view name : {"rmsprop", "adam", "adagrad"}) {
    const auto one = std::find_if(all.begin(), all.end(), [&](const auto &c) { return c.name == name; });
    double of_float32 = 0;
    for (const auto &[type_name, type] : storages) {
      double right = 0, squares = 0, loss = 0, largest = 0, bytes = 0;
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        trained last = one->train(d, {{.state = type}, seed}, nullptr);
        const double percent = 100 * accuracy(last.net, d.test);
        right += percent / static_cast<double>(seeds);
        squares += percent * percent / static_cast<double>(seeds);
        loss += last.loss / static_cast<double>(seeds);
        bytes = last.state_bytes_each();
        for (const float x : last.net.param)
          largest = std::max(largest, std::isfinite(x) ? std::abs(double(x)) : INFINITY);
      }
      std::printf("| %s | %s | %.2f | %.2f ± %.2f | %.4f | %.2f |\n", name.data(), type_name, bytes, right,
                  std::sqrt(std::max(0., squares - right * right)), loss, largest);
      if (type == GLISSADE_FLOAT32) of_float32 = largest;
      bounded = bounded && largest <= 1.2 * of_float32 && right > 100 * enough(name);
    }
  }
  return bounded;
}

struct choice {
  std::string_view option, value;
  int glissade::storage::*array;
  int type;
};
constexpr choice choices[] = {
    {"--state", "q8", &glissade::storage::state, glissade::q8},
    {"--state", "bf16", &glissade::storage::state, GLISSADE_BF16_STOCHASTIC},
    {"--grad", "bf16", &glissade::storage::grad, GLISSADE_BF16},
    {"--grad", "fp16", &glissade::storage::grad, GLISSADE_FP16},
    {"--param", "split", &glissade::storage::param, GLISSADE_SPLIT},
    {"--param", "bf16", &glissade::storage::param, GLISSADE_BF16_STOCHASTIC},
};

struct arguments {
  std::string_view wanted = "rmsprop";
  std::uint64_t seeds = 20;
  settings how = {};
  bool right = true;

  explicit arguments(std::span<char *> given) {
    std::size_t i = 0;
    if (!given.empty() && given[0][0] != '-') wanted = given[i++];
    for (; right && i < given.size(); i += 2)
      right = i + 1 < given.size() && set(given[i], given[i + 1]);
  }

private:
  bool set(std::string_view option, const char *value) {
    if (wanted == "storage") {
      seeds = std::strtoull(value, nullptr, 10);
      return option == "--seeds" && seeds > 0;
    }
    for (const choice &c : choices)
      if (c.option == option && c.value == value) {
        how.types.*c.array = c.type;
        return true;
      }
    return false;
  }
};

} // namespace

int main(int argc, char **argv) try {
  const auto all = contenders();
  const arguments given(std::span(argv, static_cast<std::size_t>(argc)).subspan(argc < 2 ? 1 : 2));
  const std::string_view wanted = given.wanted;
  const auto one = std::find_if(all.begin(), all.end(), [&](const auto &c) { return c.name == wanted; });
  if (argc < 2 || !given.right || (one == all.end() && wanted != "all" && wanted != "storage")) {
    std::fprintf(stderr,
                 "usage: %s digits.csv [NAME] [--state q8|bf16] [--grad bf16|fp16] [--param split|bf16]\n"
                 "       %s digits.csv storage [--seeds N]\nNAME: all",
                 argv[0], argv[0]);
    for (const contender &c : all)
      std::fprintf(stderr, ", %s", c.name.data());
    std::fputs("\n", stderr);
    return 2;
  }
  if (!glissade_isa()) throw glissade::error(GLISSADE_UNAVAILABLE_ISA);
  const data d(argv[1]);
  if (wanted == "storage") return compare_storages(d, all, given.seeds) ? 0 : 1;
  return (wanted == "all" ? compare(d, all, given.how) : show(d, *one, given.how)) ? 0 : 1;
} catch (const std::exception &e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
