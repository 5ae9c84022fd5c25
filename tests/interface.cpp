// What compiled programs rely on, compared with interface.txt: the numbers of statuses and types, the names of presets,
// the fields of the structs and where they lie.
#include "catch.hpp"
#include "glissade/glissade.h"
#include <cstddef>
#include <fstream>
#include <set>
#include <string>

namespace {

using lines = std::set<std::string>;

std::string line(const std::string &what, const std::string &name, std::size_t number) {
  return what + " " + name + " " + std::to_string(number);
}

template <class Options>
void add_options(lines &all, const std::string &optimizer) {
#define GLISSADE_OPTION(name, NAME, values)                                                                  \
  if constexpr (requires(Options o) { o.name; }) all.insert(line(optimizer, #name, offsetof(Options, name)));
#include "glissade/options.inc"
}

lines interface() {
  lines all;
#define GLISSADE_STATUS(name, number, message) all.insert(line("status", #name, GLISSADE_##name));
#include "glissade/statuses.inc"
#define GLISSADE_STORAGE(name, codec, number, bytes, each, block, stochastic, roles)                         \
  all.insert(line("type", #name, GLISSADE_##name));
#include "glissade/storages.inc"
#define GLISSADE_PRESET(optimizer, name, macro) all.insert("preset " #optimizer " " name " " #macro);
#include "glissade/presets.inc"

  const auto fields = [&](const std::string &whose, auto... named) {
    (all.insert(line(whose, named.first, named.second)), ...);
  };
#define FIELD(field) std::pair(#field, offsetof(type, field))
#define STATE(array) fields(of_tensor, FIELD(array));
#define GLISSADE_OPTIMIZER(name, preset)                                                                     \
  {                                                                                                          \
    add_options<glissade_##name>(all, #name);                                                                \
    using type = glissade_##name##_tensor;                                                                   \
    const std::string of_tensor = #name "_tensor";                                                           \
    fields(of_tensor, FIELD(n), FIELD(param), FIELD(grad), FIELD(options), FIELD(storage));                  \
    GLISSADE_STATES_##name(STATE)                                                                            \
  }
#include "glissade/optimizers.inc"
  {
    using type = glissade_grad;
    fields("grad", FIELD(n), FIELD(grad));
  }
  {
    using type = glissade_norm;
    fields("norm", FIELD(norm), FIELD(max_abs), FIELD(sum_of_squares), FIELD(finite));
  }
  {
    using type = glissade_array;
    fields("array", std::pair("type", offsetof(glissade_array, type)), FIELD(data), FIELD(extra));
    all.insert("array size " + std::to_string(sizeof(type)));
  }
  {
    using type = glissade_rows;
    fields("rows", FIELD(width), FIELD(count), FIELD(indices), FIELD(row_wise));
  }
  {
    using type = glissade_trust;
    fields("trust", FIELD(coefficient), FIELD(eps), FIELD(max_ratio), FIELD(of_gradient));
  }
  {
    using type = glissade_storage;
    fields("storage", FIELD(param), FIELD(grad), FIELD(states), FIELD(copy), FIELD(seed), FIELD(offset));
  }
  return all;
}

std::string without(const lines &some, const lines &others) {
  std::string list;
  for (const auto &one : some)
    if (!others.contains(one)) list += "\n" + one;
  return list;
}

} // namespace

TEST_CASE("what compiled programs rely on stays as it was", "[growth]") {
  lines kept;
  std::ifstream file(TEST_FOLDER "/interface.txt");
  for (std::string line; std::getline(file, line);)
    if (line[0] != '#') kept.insert(line);
  const lines now = interface();
  CHECK("changed:" + without(kept, now) == "changed:");
  CHECK("new, for interface.txt:" + without(now, kept) == "new, for interface.txt:");
}
