// Whether the calling thread can have a team of OpenMP threads: the runtime does not ask, but waits for ever
// in the child of a fork, and ends the program where a thread cannot be created.
#pragma once

namespace glissade {

// Whether this thread, in the child of a fork, may have lost the threads of its team.
bool lost_its_team() noexcept;

// The largest team of at most `wanted` threads for a thread that has one of `present`, itself included.
int possible_team(int wanted, int present) noexcept;

} // namespace glissade
