// What RMSprop costs on this CPU, in a few lines and seconds.
#pragma once

namespace perf {

void glance();

} // namespace perf
