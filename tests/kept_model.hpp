// A small model of which states/ keeps a saved state per optimizer and version of the format.
#pragma once
#include "glissade/model.hpp"
#include <sstream>
#include <string>

template <class Options>
struct kept_model {
  std::vector<float> a{1, -2, 3}, b{.5f, .25f}, grad_a{.5f, -1, 2}, grad_b{-.125f, 3};
  glissade::model<Options> model{options()};

  kept_model() {
    Options second = options();
    second.lr = .125;
    second.weight_decay = .5;
    model.add(a, grad_a);
    model.add(b, grad_b, model.add_group(second));
  }
  // With every state array.
  static Options options() {
    Options o = glissade::functions<Options>::defaults;
    if constexpr (requires { o.momentum; }) o.momentum = .5;
    if constexpr (requires { o.centered; }) o.centered = 1;
    if constexpr (requires { o.amsgrad; }) o.amsgrad = 1;
    return o;
  }
  std::string saved() const {
    std::ostringstream stream;
    model.save(stream);
    return stream.str();
  }
};
