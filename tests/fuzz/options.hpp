// Options of any optimizer, valid or not, and what a call must say of them.
#pragma once
#include "../family.hpp"
#include "input.hpp"
#include <algorithm>
#include <cfloat>
#include <limits>
#include <vector>

namespace fuzz {

using statuses = std::vector<glissade_status>;

template <class rule>
struct chosen_options {
  family::options_of<rule> value = glissade::functions<family::options_of<rule>>::defaults;
  statuses faults;   // those of its fields; a call may name any
  bool needs_step;   // its number, that is
  bool usual = true; // as the formula in double can follow closely
};

// In the range that a field's ends say, for a number that is not between an end and 0.
template <class Options>
bool is_valid(const field<Options> &f, double x) {
  if (f.is_real() && !(std::abs(x) <= FLT_MAX)) return false;
  if (f.fault == GLISSADE_BAD_GRAD_SCALE) return static_cast<float>(x) != 0;
  return std::all_of(f.wrong.begin(), f.wrong.end(),
                     [&](double end) { return end < .5 ? x > end : x < end; });
}

template <class Options>
double usual_number(const field<Options> &f, double standard, input &in) {
  const std::uint32_t b = in.byte();
  if (b % 4 == 0) return standard;
  if (!is_valid(f, 1)) return .5 + b / 515.; // less than 1
  return standard == 0 ? .03125 * (1 + b / 12) : standard * (1.002 - b / 256.);
}

inline double wild_number(input &in) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double special[] = {0,       -0.,  0x1p-149, FLT_MIN, 1e-300,    1,        1 - 0x1p-53, .5,
                                FLT_MAX, 1e20, 3.5e38,   -1,      -infinity, -FLT_MAX, infinity,    NAN};
  const std::uint32_t b = in.byte();
  if (b < 224) return special[b % std::size(special)];
  const auto x = std::bit_cast<double>(in.word(8));
  return x < 0 && x > -1e-299 ? -1e-299 : x;
}

template <class Options>
double number(const field<Options> &f, const Options &standard, bool wild, input &in) {
  if (f.is_real()) return wild ? wild_number(in) : usual_number(f, standard.*std::get<0>(f.at), in);
  if (f.fault == GLISSADE_BAD_STEP) {
    constexpr double special[] = {1, 2, 1e6, 0x1p31, 0x1p53, 0, -1, -0x1p62};
    return wild ? special[in.below(std::size(special))] : 1 + in.byte() % 50;
  }
  if (f.fault == GLISSADE_BAD_THREADS) {
    constexpr double counts[] = {1, 0, 2, 3, 1, 1, 7, 1000};
    return wild && in.one_in(8) ? -1 - double(in.byte()) : counts[in.below(std::size(counts))];
  }
  return wild && in.one_in(16) ? double(in.byte()) - 127 : in.byte() % 2;
}

template <class rule>
chosen_options<rule> choose_options(input &in) {
  using options = family::options_of<rule>;
  static const auto fields = description<options>::fields();
  chosen_options<rule> chosen;
  const std::uint32_t kind = in.byte();
  if (kind == 255) {
    chosen.value.struct_size += in.byte() + 1;
    chosen.faults.push_back(GLISSADE_BAD_STRUCT_SIZE);
  }
  const options standard = chosen.value;
  for (const auto &f : fields) {
    const bool wild = kind % 4 == 3 && in.one_in(2);
    const double x = number(f, standard, wild, in);
    f.set(chosen.value, x);
    chosen.usual = chosen.usual && !wild;
    if (f.fault != GLISSADE_BAD_STEP && !is_valid(f, x)) chosen.faults.push_back(f.fault);
  }
  chosen.needs_step = description<options>::needs_step(chosen.value);
  return chosen;
}

// The faults that a step finds in them.
template <class rule>
void add_faults(const chosen_options<rule> &o, statuses &all) {
  all.insert(all.end(), o.faults.begin(), o.faults.end());
  if (o.needs_step && o.value.step < 1) all.push_back(GLISSADE_BAD_STEP);
}

inline void expect_one_of(const statuses &faults, glissade_status got) {
  if (std::find(faults.begin(), faults.end(), got) != faults.end()) return;
  for (const auto fault : faults)
    std::fprintf(stderr, "a fault: %s\n", glissade_status_message(fault));
  expect(false, glissade_status_message(got), static_cast<std::size_t>(got));
}

} // namespace fuzz
