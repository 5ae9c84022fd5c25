// A classifier of digits with one hidden layer, all of its parameters in one flat array.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

struct digit {
  std::array<float, 64> pixels; // 0 to 1
  int label;
};

// Random numbers that are the same with every standard library (the 64-bit generator of Vigna, splitmix64).
struct random_numbers {
  std::uint64_t state;
  std::uint64_t operator()() {
    std::uint64_t x = state += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>((*this)() % n); }
  float from_minus_1_to_1() { return static_cast<float>((*this)() >> 40) * 0x1p-23f - 1; }
};

template <class T>
void shuffle(std::vector<T> &list, random_numbers &random) {
  for (std::size_t i = list.size(); i > 1; --i)
    std::swap(list[i - 1], list[random.below(i)]);
}

inline std::vector<digit> read_digits(const std::string &name) {
  std::ifstream file(name);
  std::vector<digit> digits;
  for (digit d; file >> std::ws && !file.eof();) {
    char comma = ',';
    for (float &pixel : d.pixels) {
      file >> pixel >> comma;
      pixel /= 16;
    }
    file >> d.label;
    if (!file || comma != ',' || d.label < 0 || d.label > 9)
      throw std::runtime_error(name + " is not a table of digits");
    digits.push_back(d);
  }
  if (digits.empty()) throw std::runtime_error("cannot read " + name);
  return digits;
}

class network {
  static constexpr std::size_t in = 64, out = 10;

public:
  explicit network(random_numbers random, std::size_t neurons = 64)
      : param(neurons * (in + 1) + out * (neurons + 1)),
        grad(param.size()),
        neurons_(neurons),
        hidden_(neurons),
        back_(neurons) {
    for (float &x : param)
      x = random.from_minus_1_to_1() / 8; // 1 / sqrt(64)
  }

  std::vector<float> param, grad;

  int classify(const digit &d) {
    forward(d);
    return static_cast<int>(std::max_element(output_.begin(), output_.end()) - output_.begin());
  }

  // Writes to `grad` the gradient of the mean cross entropy over the batch, and returns that mean.
  double differentiate(std::span<const digit *const> batch) {
    std::fill(grad.begin(), grad.end(), 0.f);
    double loss = 0;
    for (const digit *d : batch) {
      forward(*d);
      loss -= std::log(std::max(probability_[static_cast<std::size_t>(d->label)], 1e-30));
      backward(*d, 1 / static_cast<float>(batch.size()));
    }
    return loss / static_cast<double>(batch.size());
  }

private:
  // Each neuron's weights are followed by its bias, the first layer by the second.
  std::size_t second() const { return neurons_ * (in + 1); }

  void forward(const digit &d) {
    for (std::size_t j = 0; j < neurons_; ++j) {
      const float *w = &param[j * (in + 1)];
      float sum = w[in];
      for (std::size_t i = 0; i < in; ++i)
        sum += w[i] * d.pixels[i];
      hidden_[j] = std::max(sum, 0.f);
    }
    double total = 0;
    for (std::size_t k = 0; k < out; ++k) {
      const float *w = &param[second() + k * (neurons_ + 1)];
      output_[k] = w[neurons_];
      for (std::size_t j = 0; j < neurons_; ++j)
        output_[k] += w[j] * hidden_[j];
    }
    const float largest = *std::max_element(output_.begin(), output_.end());
    for (std::size_t k = 0; k < out; ++k)
      total += probability_[k] = std::exp(double(output_[k]) - largest);
    for (double &p : probability_)
      p /= total;
  }

  void backward(const digit &d, float weight) {
    std::fill(back_.begin(), back_.end(), 0.f);
    for (std::size_t k = 0; k < out; ++k) {
      const float *w = &param[second() + k * (neurons_ + 1)];
      float *g = &grad[second() + k * (neurons_ + 1)];
      const float error = weight * static_cast<float>(probability_[k] - (static_cast<int>(k) == d.label));
      for (std::size_t j = 0; j < neurons_; ++j) {
        g[j] += error * hidden_[j];
        back_[j] += error * w[j];
      }
      g[neurons_] += error;
    }
    for (std::size_t j = 0; j < neurons_; ++j) {
      if (hidden_[j] <= 0) continue;
      float *g = &grad[j * (in + 1)];
      for (std::size_t i = 0; i < in; ++i)
        g[i] += back_[j] * d.pixels[i];
      g[in] += back_[j];
    }
  }

  std::size_t neurons_;
  std::vector<float> hidden_, back_;
  std::array<float, out> output_;
  std::array<double, out> probability_;
};
