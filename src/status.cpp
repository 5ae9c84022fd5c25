// What each status means, in words.
#include "glissade/glissade.h"

const char *glissade_status_message(glissade_status status) {
  switch (status) {
#define GLISSADE_STATUS(name, number, message)                                                               \
  case GLISSADE_##name:                                                                                      \
    return message;
#include "glissade/statuses.inc"
  }
  return "no status of this version of glissade";
}
