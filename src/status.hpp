// What each status means, in words.
#pragma once
#include "glissade/glissade.h"

namespace glissade {

constexpr const char *message_of(glissade_status status) {
  switch (status) {
#define GLISSADE_STATUS(name, number, message)                                                               \
  case GLISSADE_##name:                                                                                      \
    return message;
#include "glissade/statuses.inc"
  }
  return "no status of this version of glissade";
}

} // namespace glissade
