// The paths of optimizers of the library down a long, narrow valley in the plane, also on mini-batches.
#pragma once
#include <cmath>
#include <glissade/glissade.hpp>
#include <string>
#include <vector>

namespace paths {

struct point {
  double x, y;
};

inline double distance(point a, point b) { return std::hypot(a.x - b.x, a.y - b.y); }

// f(x, y) = 0.1 x^2 + 2 y^2 + sin x cos y: twenty times steeper across the valley than along it.
inline double height(point p) { return .1 * p.x * p.x + 2 * p.y * p.y + std::sin(p.x) * std::cos(p.y); }
inline point gradient(point p) {
  return {.2 * p.x + std::cos(p.x) * std::cos(p.y), 4 * p.y - std::sin(p.x) * std::sin(p.y)};
}

inline constexpr point start{-4, 4};

// The lowest point, without any optimizer: Newton's method from nearby, in double.
inline point minimum() {
  point p{-1, .1};
  for (int i = 0; i < 10; ++i) {
    const point g = gradient(p);
    const double bend = std::sin(p.x) * std::cos(p.y);
    const double xx = .2 - bend, xy = -std::cos(p.x) * std::sin(p.y), yy = 4 - bend;
    const double determinant = xx * yy - xy * xy;
    p = {p.x - (yy * g.x - xy * g.y) / determinant, p.y - (xx * g.y - xy * g.x) / determinant};
  }
  return p;
}

// What one mini-batch after the other adds to each coordinate of the gradient: nothing on average, but nine of ten agree.
inline double deviation(int step) { return step % 10 ? .8 : -7.2; }

struct path {
  std::string name;
  std::vector<point> points; // the start, then where each step leads
};

template <class Options>
path descend(const std::string &name, Options options, double lr, int steps, bool mini_batches = false) {
  options.lr = lr;
  glissade::optimizer<Options> optimizer(2, options);
  float param[] = {float(start.x), float(start.y)};
  path p{name, {start}};
  for (int i = 1; i <= steps; ++i) {
    const point g = gradient({param[0], param[1]});
    const double more = mini_batches ? deviation(i) : 0;
    const float grad[] = {float(g.x + more), float(g.y + more)};
    optimizer.step(param, grad);
    p.points.push_back({param[0], param[1]});
  }
  return p;
}

// All with lr 0.1 (Rprop's first step), 0.9 as the decay of their averages (of Adam's first one), and eps 1e-8
// outside of the root.
inline std::vector<path> all(int steps) {
  constexpr double lr = .1, gamma = .9, eps = 1e-8;
  glissade_adagrad adagrad = GLISSADE_ADAGRAD_TORCH;
  adagrad.eps = eps;
  glissade_rmsprop rmsprop = GLISSADE_RMSPROP_TORCH;
  rmsprop.alpha = gamma;
  rmsprop.eps = eps;
  glissade_sgd momentum = GLISSADE_SGD_MOVING_AVERAGE;
  momentum.momentum = momentum.dampening = gamma;
  glissade_adam adam = GLISSADE_ADAM_TORCH;
  adam.beta1 = gamma;
  adam.eps = eps;
  const glissade_rprop rprop = GLISSADE_RPROP_TORCH;
  return {descend("AdaGrad", adagrad, lr, steps),
          descend("RMSprop", rmsprop, lr, steps),
          descend("Momentum", momentum, lr, steps),
          descend("Adam", adam, lr, steps),
          descend("Rprop", rprop, lr, steps),
          descend("Rprop on mini-batches", rprop, lr, steps, true),
          descend("RMSprop on mini-batches", rmsprop, lr, steps, true),
          descend("Adam on mini-batches", adam, lr, steps, true)};
}

} // namespace paths
