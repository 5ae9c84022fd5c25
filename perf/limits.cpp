// Finds the limits of an instruction set by its name.
#include "limit.hpp"
#include <cstring>

namespace perf {

namespace isa {
#define GLISSADE_ISA(name, features) extern const limits name;
#include "isas.inc"
} // namespace isa

const limits *find_limits(const char *wanted) {
#define GLISSADE_ISA(name, features)                                                                         \
  if (std::strcmp(wanted, #name) == 0) return &isa::name;
#include "isas.inc"
  return nullptr;
}

} // namespace perf
