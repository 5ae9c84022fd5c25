// A program outside of glissade, in C++: prints one parameter after one step.
#include <cstdio>
#include <glissade/model.hpp>
#include <vector>

int main() {
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  options.lr = 0.0625;
  options.alpha = 0.75;
  options.eps = 0;
  std::vector<float> param{1}, grad{2};
  glissade::model<glissade_rmsprop> model(options);
  model.add(param, grad);
  model.step();
  std::printf("%g\n", param[0]);
}
