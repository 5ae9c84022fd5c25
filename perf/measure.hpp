// Times the cells of a group, alternating.
#pragma once
#include "plan.hpp"
#include <functional>
#include <map>
#include <string>

namespace perf {

struct timing {
  std::vector<double> seconds; // per step, one for each round
  std::size_t steps;           // in each of them
  double spread;               // the middle half of the rounds, over their median
  double others = 0;           // CPUs that other programs used meanwhile
};

double spread_of(std::vector<double>);

// How many steps to time in one go, so that it takes so long; seconds_for(steps) tells how long they take.
std::size_t steps_of_a_sample(const std::function<double(std::size_t)> &seconds_for, double enough);

// By position in the group's cells; those that `wanted` leaves out stay empty.
std::vector<timing> measure(const group &, const effort &, const std::function<bool(const cell &)> &wanted);

} // namespace perf
