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
#define PRESET(type, name) check(#name, glissade_##type name)
  PRESET(rmsprop, GLISSADE_RMSPROP_TORCH);
  PRESET(rmsprop, GLISSADE_RMSPROP_HINTON);
  PRESET(rmsprop, GLISSADE_RMSPROP_TF1);
  PRESET(rmsprop, GLISSADE_RMSPROP_KERAS3);
  PRESET(rmsprop, GLISSADE_RMSPROP_OPTAX);
  PRESET(rmsprop, GLISSADE_RMSPROP_TIMM);
  PRESET(adagrad, GLISSADE_ADAGRAD_TORCH);
  PRESET(adadelta, GLISSADE_ADADELTA_TORCH);
  PRESET(sgd, GLISSADE_SGD_TORCH);
  PRESET(sgd, GLISSADE_SGD_MOVING_AVERAGE);
  PRESET(adam, GLISSADE_ADAM_TORCH);
  PRESET(adam, GLISSADE_ADAMW_TORCH);
  PRESET(lion, GLISSADE_LION_PAPER);
  PRESET(adamax, GLISSADE_ADAMAX_TORCH);
  PRESET(nadam, GLISSADE_NADAM_TORCH);
  PRESET(radam, GLISSADE_RADAM_TORCH);
  CHECK(compared == expected.size());
}
