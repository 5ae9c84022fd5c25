// Prints how far param is from the same training in double after 1, 100 and 10,000 steps, as
// a table for docs/numerics.md.
#include "optimizers/all.hpp"
#include "options.hpp"
#include <algorithm>
#include <array>
#include <cstdio>

namespace {

constexpr std::size_t n = 1000;
constexpr std::int64_t milestones[] = {1, 100, 10000};

// In [-1, 1), times a size of the element's own, 1 to 2^-11.
float gradient(std::size_t element, std::int64_t step) {
  const auto random = family::mixed(static_cast<std::uint32_t>(static_cast<std::size_t>(step) * n + element));
  return std::ldexp(static_cast<float>(static_cast<std::int32_t>(random)),
                    -31 - static_cast<int>(element % 12));
}

double in_ulp(float got, double exact) {
  const int exponent = std::max(std::ilogb(exact), -126);
  return std::abs(got - exact) / std::ldexp(1, exponent - 23);
}

template <class rule>
void print() {
  using options = family::options_of<rule>;
  constexpr std::size_t count = family::array_count<rule>;
  options o = glissade::functions<options>::defaults;
  std::array<std::vector<float>, count> memory;
  std::array<float *, count> at;
  std::vector<std::array<bounded, count>> exact(n);
  const auto states = description<options>::states(o);
  for (std::size_t k = 0; k < count; ++k) {
    memory[k].resize(n);
    at[k] = memory[k].data();
  }
  for (std::size_t i = 0; i < n; ++i) {
    exact[i][0] = memory[0][i] = family::ordinary_float(family::mixed(static_cast<std::uint32_t>(i)));
    for (std::size_t k = 2; k < count; ++k)
      exact[i][k] = states[k - 2].initial;
  }
  if (family::reset<rule>(o, n, at.data()) != GLISSADE_OK) return;
  std::printf("| %s |", family::name_of<rule>);
  for (o.step = 1; o.step <= std::end(milestones)[-1]; ++o.step) {
    for (std::size_t i = 0; i < n; ++i)
      memory[1][i] = gradient(i, o.step);
    if (family::step<rule>(o, n, at.data()) != GLISSADE_OK) return;
    for (std::size_t i = 0; i < n; ++i) {
      exact[i][1] = memory[1][i];
      description<options>::step(o, exact[i][0], exact[i][1], std::span(exact[i]).subspan(2));
    }
    if (std::find(std::begin(milestones), std::end(milestones), o.step) == std::end(milestones)) continue;
    std::vector<double> errors;
    for (std::size_t i = 0; i < n; ++i)
      errors.push_back(in_ulp(memory[0][i], exact[i][0].x));
    std::sort(errors.begin(), errors.end());
    std::printf(" %.2g | %.2g | %.2g |", errors[n / 2], errors[n * 99 / 100], errors[n - 1]);
  }
  std::printf("\n");
}

template <class... rule>
void print_all(std::tuple<rule...> *) {
  (print<rule>(), ...);
}

} // namespace

int main() {
  std::printf("| optimizer |");
  for (const auto steps : milestones)
    std::printf(" %d: median | 99 %% | max |", static_cast<int>(steps));
  std::printf("\n|---|");
  for (std::size_t i = 0; i < 3 * std::size(milestones); ++i)
    std::printf("---|");
  std::printf("\n");
  print_all(static_cast<family::all *>(nullptr));
}
