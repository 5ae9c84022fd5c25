// The step at which every tensor has a rate of its own, as in LARS and LAMB.
#pragma once
#include "list.hpp"

namespace glissade {

glissade_status step_trust(const void *options, const list &, const glissade_trust *, double *ratios);

} // namespace glissade
