// Encodes or decodes what comes in on what goes out, for formats.py: glissade_convert isas, encode TYPE SEED STEP OFFSET,
// or decode TYPE N. Encoded are the data and then the extra.
#include "glissade/glissade.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <vector>

namespace {

std::vector<unsigned char> all_of_stdin() {
  std::vector<unsigned char> bytes, part(1 << 20);
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), stdin))
    bytes.insert(bytes.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
  return bytes;
}

int finish(glissade_status status, const void *bytes, std::size_t n) {
  if (status != GLISSADE_OK) return std::fprintf(stderr, "%s\n", glissade_status_message(status)), 1;
  return std::fwrite(bytes, 1, n, stdout) == n ? 0 : 1;
}

} // namespace

int main(int count, char **given) {
  if (count == 2 && std::strcmp(given[1], "isas") == 0) {
    for (std::size_t i = 0; const char *name = glissade_isa_at(i); ++i)
      std::puts(name);
    return 0;
  }
  if (count < 4) return 1;
  const bool encodes = std::strcmp(given[1], "encode") == 0;
  const int type = std::atoi(given[2]);
  auto in = all_of_stdin();
  const std::size_t n = encodes ? in.size() / sizeof(float) : std::strtoull(given[3], nullptr, 10);
  std::size_t data, extra;
  if (const auto fault = glissade_state_bytes(type, n, &data, &extra)) return finish(fault, nullptr, 0);
  if (encodes) {
    if (count != 6) return 1;
    std::vector<unsigned char> out(data + extra);
    const glissade_array to = {type, out.data(), out.data() + data};
    const auto status = glissade_encode(
        n, reinterpret_cast<const float *>(in.data()), &to, std::strtoull(given[3], nullptr, 10),
        std::strtoll(given[4], nullptr, 10), std::strtoull(given[5], nullptr, 10), 0);
    return finish(status, out.data(), out.size());
  }
  if (in.size() != data + extra) return 1;
  std::vector<float> out(n);
  const glissade_array from = {type, in.data(), in.data() + data};
  return finish(glissade_decode(n, &from, out.data(), 0), out.data(), n * sizeof(float));
}
