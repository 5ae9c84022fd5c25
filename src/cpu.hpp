// Which kernels run on this CPU, and which are used.
#pragma once
#include "table.hpp"

namespace glissade {

// The kernels in use, or null where GLISSADE_ISA names what cannot run here. One atomic load
// after the first call.
const table *table_in_use() noexcept;

} // namespace glissade
