// Prints as CSV what examples/picture.py draws: the surface, its minimum and the paths of the optimizers.
#include "paths.hpp"
#include <cstdio>

namespace {

void print(const char *what, int step, paths::point p) {
  std::printf("%s,%d,%.9g,%.9g,%.9g\n", what, step, p.x, p.y, paths::height(p));
}

} // namespace

int main() try {
  std::puts("what,step,x,y,height");
  print("minimum", 0, paths::minimum());
  for (int row = 0; row <= 120; ++row)
    for (int column = 0; column <= 120; ++column)
      print("surface", 0, {-5 + 6. * column / 120, -2.1 + 6.6 * row / 120});
  for (const auto &path : paths::all(100))
    for (int step = 0; const auto &point : path.points)
      print(path.name.c_str(), step++, point);
} catch (const std::exception &e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
