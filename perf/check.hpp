// Is what a contender computes what the library computes?
#pragma once
#include "plan.hpp"
#include <string>

namespace perf {

// Empty if so; else what differs. A limit must leave everything as it is.
std::string difference(const group &, const cell &);

} // namespace perf
