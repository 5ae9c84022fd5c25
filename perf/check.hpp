// Is what a contender computes what the library computes?
#pragma once
#include "plan.hpp"
#include <string>

namespace perf {

// Empty if so; else what differs. The limit must leave everything as it is.
std::string difference(const group &, const cell &);

} // namespace perf
