// A program outside of glissade that is compiled with -ffast-math, where nothing is infinite: prints what the library
// says of a gradient that is, and the parameter.
#include <cmath>
#include <cstring>
#include <glissade/glissade.h>
#include <iostream>

int main(int argc, char **) {
  const float largest = 3e38f, infinite = largest * static_cast<float>(argc + 9);
  // Of the functions of <cmath> the linker keeps this program's, if the library leaves it the choice.
  const double used = std::sqrt(std::abs(static_cast<double>(argc))) +
                      std::isfinite(static_cast<double>(argc)) + std::isfinite(static_cast<float>(argc));
  float param = static_cast<float>(used) - 2, grad = infinite, square_avg = 0;
  const glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  glissade_rmsprop_tensor tensor = {};
  tensor.struct_size = sizeof tensor;
  tensor.n = 1;
  tensor.param = &param;
  tensor.grad = &grad;
  tensor.square_avg = &square_avg;
  const glissade_status status = glissade_rmsprop_step_many_clipped(&options, 1, &tensor, 1, nullptr);
  std::cout << (status == GLISSADE_NOT_FINITE ? "not finite" : glissade_status_message(status)) << ", "
            << param << '\n';
}
