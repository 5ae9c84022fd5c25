// glissade_status_message.
#include "status.hpp"

const char *glissade_status_message(glissade_status status) { return glissade::message_of(status); }
