// Trains a classifier of handwritten digits with an optimizer of glissade: digits DIGITS.csv [NAME|all].
#include "network.hpp"
#include <cstdio>
#include <functional>
#include <glissade/model.hpp>
#include <string_view>

namespace {

constexpr int epochs = 30;
constexpr std::size_t batch_size = 32;
constexpr double enough = .96; // of the test digits, for every optimizer

struct data {
  std::vector<digit> train, test;

  explicit data(const std::string &file) {
    train = read_digits(file);
    random_numbers random{1};
    shuffle(train, random);
    const auto fifth = train.end() - static_cast<std::ptrdiff_t>(train.size() / 5);
    test.assign(fifth, train.end());
    train.erase(fifth, train.end());
  }
};

double accuracy(network &net, const std::vector<digit> &digits) {
  std::size_t right = 0;
  for (const digit &d : digits)
    right += net.classify(d) == d.label;
  return static_cast<double>(right) / static_cast<double>(digits.size());
}

std::uint64_t checksum(const std::vector<float> &param) {
  glissade::checksum sum;
  sum.add(param.data(), param.size() * sizeof(float));
  return sum.value();
}

using report = std::function<void(int epoch, double loss, network &)>;

// The same start and the same order of the digits for every optimizer.
template <class Options>
network train(const data &d, const Options &options, const report &after) {
  network net(random_numbers{2});
  glissade::optimizer<Options> optimizer(net.param.size(), options);

  std::vector<const digit *> order;
  for (const digit &one : d.train)
    order.push_back(&one);
  random_numbers random{3};
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    double loss = 0;
    std::size_t batches = 0;
    shuffle(order, random);
    for (std::size_t begin = 0; begin < order.size(); begin += batch_size, ++batches) {
      loss += net.differentiate(std::span(order).subspan(begin, std::min(batch_size, order.size() - begin)));
      optimizer.step(net.param, net.grad);
    }
    if (after) after(epoch, loss / static_cast<double>(batches), net);
  }
  return net;
}

struct contender {
  std::string_view name;
  double lr;
  std::function<network(const data &, const report &)> train;
};

// What suits this task; an optimizer that is not named here has the lr of its preset.
constexpr std::pair<std::string_view, double> learning_rates[] = {
    {"rmsprop", 2e-3}, {"adagrad", 3e-2}, {"sgd", .3},     {"adam", 3e-3},  {"adamw", 3e-3},
    {"lion", 6e-4},    {"adamax", 5e-3},  {"nadam", 3e-3}, {"radam", 5e-3},
};

template <class Options>
contender with(std::string_view name, Options options) {
  for (const auto &[whose, lr] : learning_rates)
    if (whose == name) options.lr = lr;
  return {name, options.lr,
          [options](const data &d, const report &after) { return train(d, options, after); }};
}

std::vector<contender> contenders() {
  return {
#define GLISSADE_OPTIMIZER(name, preset) with<glissade_##name>(#name, preset),
#include <glissade/optimizers.inc>
      with<glissade_adam>("adamw", GLISSADE_ADAMW_TORCH)};
}

bool show(const data &d, const contender &one) {
  std::printf("Training a network of %zu parameters on %zu digits with %s, lr %g (%s)\n",
              network(random_numbers{}).param.size(), d.train.size(), one.name.data(), one.lr,
              glissade_isa());
  network net = one.train(d, [&](int epoch, double loss, network &now) {
    if (epoch == 1 || epoch % 5 == 0)
      std::printf("  epoch %2d: loss %.4f, %.1f %% of the test digits right\n", epoch, loss,
                  100 * accuracy(now, d.test));
  });
  const double right = accuracy(net, d.test);
  const std::uint64_t bits = checksum(net.param);
  std::printf("%zu unseen digits: %.1f %% right\n\nThe same training on every instruction set of this CPU:\n",
              d.test.size(), 100 * right);
  bool same = true;
  for (std::size_t i = 0; const char *isa = glissade_isa_at(i); ++i) {
    glissade::check(glissade_use_isa(isa));
    const std::uint64_t theirs = checksum(one.train(d, nullptr).param);
    same = same && theirs == bits;
    std::printf("  %-8s checksum of the parameters %016llx\n", isa, static_cast<unsigned long long>(theirs));
  }
  std::printf("%s\n", same ? "The same bits everywhere." : "The bits differ: this is a fault of glissade.");
  return same && right > enough;
}

bool compare(const data &d, const std::vector<contender> &all) {
  constexpr int shown[] = {1, 2, 5, 10, 20, epochs};
  std::printf("Accuracy on %zu unseen digits, in %%, by epochs of training on %zu others:\n\n"
              "%-10s%8s",
              d.test.size(), d.train.size(), "optimizer", "lr");
  for (const int epoch : shown)
    std::printf("%8d", epoch);
  bool all_learned = true;
  for (const contender &one : all) {
    std::printf("\n%-10s%8g", one.name.data(), one.lr);
    network net = one.train(d, [&](int epoch, double, network &now) {
      if (std::count(std::begin(shown), std::end(shown), epoch))
        std::printf("%8.1f", 100 * accuracy(now, d.test));
    });
    all_learned = all_learned && accuracy(net, d.test) > enough;
  }
  std::puts("");
  return all_learned;
}

} // namespace

int main(int argc, char **argv) try {
  const auto all = contenders();
  const std::string_view wanted = argc == 3 ? argv[2] : "rmsprop";
  const auto one = std::find_if(all.begin(), all.end(), [&](const auto &c) { return c.name == wanted; });
  if (argc < 2 || argc > 3 || (one == all.end() && wanted != "all")) {
    std::fprintf(stderr, "usage: %s digits.csv [NAME]\nNAME: all", argv[0]);
    for (const contender &c : all)
      std::fprintf(stderr, ", %s", c.name.data());
    std::fputs("\n", stderr);
    return 2;
  }
  if (!glissade_isa()) throw glissade::error(GLISSADE_UNAVAILABLE_ISA);
  const data d(argv[1]);
  return (wanted == "all" ? compare(d, all) : show(d, *one)) ? 0 : 1;
} catch (const std::exception &e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
