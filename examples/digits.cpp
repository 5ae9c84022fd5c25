// Trains a classifier of handwritten digits with glissade's RMSprop, on every instruction set that runs here.
#include "network.hpp"
#include <bit>
#include <cstdio>
#include <glissade/glissade.hpp>

namespace {

constexpr int epochs = 30;
constexpr std::size_t batch_size = 32;

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

// FNV-1a over the bits of the parameters.
std::uint64_t checksum(const std::vector<float> &param) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const float x : param)
    hash = (hash ^ std::bit_cast<std::uint32_t>(x)) * 0x100000001b3;
  return hash;
}

network train(const data &d, bool verbose) {
  network net(random_numbers{2});
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  options.lr = 2e-3;
  glissade::rmsprop optimizer(net.param.size(), options);

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
    if (verbose && (epoch == 1 || epoch % 5 == 0))
      std::printf("  epoch %2d: loss %.4f, %.1f %% of the test digits right\n", epoch,
                  loss / static_cast<double>(batches), 100 * accuracy(net, d.test));
  }
  return net;
}

} // namespace

int main(int argc, char **argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s digits.csv\n", argv[0]);
    return 2;
  }
  const data d(argv[1]);
  if (!glissade_isa()) throw glissade::error(GLISSADE_UNAVAILABLE_ISA);
  std::printf("Training a network of %zu parameters on %zu digits with RMSprop (%s)\n", network::size,
              d.train.size(), glissade_isa());
  network net = train(d, true);
  const double right = accuracy(net, d.test);
  const std::uint64_t bits = checksum(net.param);
  std::printf("%zu unseen digits: %.1f %% right\n\nThe same training on every instruction set of this CPU:\n",
              d.test.size(), 100 * right);
  bool same = true;
  for (std::size_t i = 0; const char *isa = glissade_isa_at(i); ++i) {
    glissade::check(glissade_use_isa(isa));
    const std::uint64_t theirs = checksum(train(d, false).param);
    same = same && theirs == bits;
    std::printf("  %-8s checksum of the parameters %016llx\n", isa, static_cast<unsigned long long>(theirs));
  }
  std::printf("%s\n", same ? "The same bits everywhere." : "The bits differ: this is a fault of glissade.");
  return same && right > .96 ? 0 : 1;
} catch (const std::exception &e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
