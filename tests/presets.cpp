// Every preset of the header against presets.txt, field by field.
#include "family.hpp"
#include "written_options.hpp"
#include <fstream>

namespace {

std::map<std::string, std::map<std::string, double>> written() {
  std::map<std::string, std::map<std::string, double>> presets;
  std::ifstream file(TEST_FOLDER "/presets.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    if (words >> name && name[0] != '#') presets[name] = options_in(words);
  }
  return presets;
}

template <class Options>
void compare(const Options &preset, std::map<std::string, double> expected) {
  CHECK(preset.struct_size == sizeof preset);
  for (const auto &field : description<Options>::fields()) {
    INFO(field.name);
    CHECK(field.get(preset) == expected[field.name]);
    expected.erase(field.name);
  }
  CHECK(expected.empty());
}

} // namespace

TEST_CASE("every preset is as its framework has it", "[presets]") {
  const auto expected = written();
  std::size_t compared = 0;
  const auto check = [&](const char *name, const auto &preset) {
    INFO(name);
    const auto one = expected.find(name);
    REQUIRE(one != expected.end());
    compare(preset, one->second);
    ++compared;
  };
#define GLISSADE_PRESET(optimizer, name, macro)                                                              \
  {                                                                                                          \
    check(#macro, macro);                                                                                    \
    glissade_##optimizer named = {};                                                                         \
    CHECK(glissade_##optimizer##_preset(&named, sizeof named, name) == GLISSADE_OK);                         \
    check(#macro, named);                                                                                    \
  }
#include "glissade/presets.inc"
  CHECK(compared == 2 * expected.size());
}
