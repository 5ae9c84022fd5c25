// What the last step of a thread on one tensor was prepared for: most calls of a loop have the options of the one before.
#pragma once
#include "erased.hpp"

namespace glissade {

// Of options that were found right: what a kernel is told of them, if this thread's last step had these; else null. It
// holds until the thread remembers others. Their struct has the size of this version.
const prepared *remembered(const erased_rule &, const void *options) noexcept;
void remember(const erased_rule &, const void *options, const prepared &) noexcept;

} // namespace glissade
