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
};

// By position in the group's cells; those that `wanted` leaves out stay empty.
std::vector<timing> measure(const group &, const effort &, const std::function<bool(const cell &)> &wanted);

} // namespace perf
