// A saved state that was altered, with a checksum that is right again.
#pragma once
#include "glissade/model.hpp"
#include <cstring>
#include <string>

inline std::string sealed(std::string bytes) {
  glissade::checksum sum;
  sum.add(bytes.data(), bytes.size() - 8);
  const std::uint64_t value = glissade::little(sum.value());
  std::memcpy(bytes.data() + bytes.size() - 8, &value, 8);
  return bytes;
}
