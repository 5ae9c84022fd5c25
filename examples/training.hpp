// The training of the network of digits with any optimizer, its arrays stored in any types.
#pragma once
#include "network.hpp"
#include <functional>
#include <glissade/model.hpp>

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

inline double accuracy(network &net, const std::vector<digit> &digits) {
  std::size_t right = 0;
  for (const digit &d : digits)
    right += net.classify(d) == d.label;
  return static_cast<double>(right) / static_cast<double>(digits.size());
}

struct settings {
  glissade::storage types = {};
  std::uint64_t seed =
      1; // of the first weights, the order of the digits, and the random bits of stored arrays
};

struct trained {
  network net;
  double loss; // of the last epoch
  std::size_t state_bytes;

  double state_bytes_each() const {
    return static_cast<double>(state_bytes) / static_cast<double>(net.param.size());
  }
};

// An optimizer of a network of floats. Gradients of 16 bits are rounded from the network's, parameters of 16 bits are
// what it computes with: of split ones the bf16.
template <class Options>
class stored_training {
public:
  stored_training(network &net, const Options &options, const settings &how)
      : net_(net),
        types_(how.types),
        param_(net.param.size()),
        grad_(net.param.size()),
        optimizer_(options, how.types, how.seed) {
    const auto param = is_float(types_.param) ? glissade::view(net.param) : glissade::view(param_);
    const auto grad = is_float(types_.grad) ? glissade::const_view(net.grad) : glissade::const_view(grad_);
    optimizer_.add(param, grad);
    if (is_float(types_.param)) return;
    const glissade_array begin = optimizer_.stored_param(0);
    glissade::check(glissade_encode(net.param.size(), net.param.data(), &begin, how.seed, 0, 0, 1));
    read_param();
  }
  stored_training(const stored_training &) = delete;

  void step() {
    const glissade_array grad = {types_.grad, grad_.data(), nullptr};
    if (!is_float(types_.grad))
      glissade::check(glissade_encode(net_.grad.size(), net_.grad.data(), &grad, 0, 0, 0, 1));
    optimizer_.step();
    if (!is_float(types_.param)) read_param();
  }
  std::size_t state_bytes() const { return optimizer_.state_bytes(); }

private:
  static bool is_float(int type) { return type == GLISSADE_FLOAT32; }
  void read_param() {
    const glissade_array bf16 = {GLISSADE_BF16, param_.data(), nullptr};
    glissade::check(glissade_decode(net_.param.size(), &bf16, net_.param.data(), 1));
  }

  network &net_;
  const glissade::storage types_;
  std::vector<std::uint16_t> param_, grad_;
  glissade::model<Options> optimizer_;
};

using report = std::function<void(int epoch, double loss, network &)>;

inline constexpr int epochs = 30;
inline constexpr std::size_t batch_size = 32;

// The same start and the same order of the digits for every optimizer.
template <class Options>
trained train(const data &d, const Options &options, const settings &how, const report &after) {
  trained result{network(random_numbers{2 * how.seed}), 0, 0};
  network &net = result.net;
  stored_training<Options> optimizer(net, options, how);
  result.state_bytes = optimizer.state_bytes();

  std::vector<const digit *> order;
  for (const digit &one : d.train)
    order.push_back(&one);
  random_numbers random{2 * how.seed + 1};
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    double loss = 0;
    std::size_t batches = 0;
    shuffle(order, random);
    for (std::size_t begin = 0; begin < order.size(); begin += batch_size, ++batches) {
      loss += net.differentiate(std::span(order).subspan(begin, std::min(batch_size, order.size() - begin)));
      optimizer.step();
    }
    result.loss = loss / static_cast<double>(batches);
    if (after) after(epoch, result.loss, net);
  }
  return result;
}
