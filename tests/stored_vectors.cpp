// Steps on stored arrays as torch computes them in float32, each between decoding and encoding; golden/README.md has the
// format of the file.
#include "stored.hpp"
#include "written_options.hpp"
#include <fstream>

using family::stored;

namespace {

struct stored_case {
  std::string optimizer;
  family::storage_types types;
  std::map<std::string, double> options;
  std::map<std::string, std::string> arrays; // the bytes in hexadecimal, by name
};

std::vector<stored_case> read() {
  std::ifstream file(std::string(TEST_FOLDER) + "/golden/storage.txt");
  std::vector<stored_case> cases;
  for (std::string line, word; std::getline(file, line);) {
    std::istringstream words(line);
    words >> word;
    if (word[0] == '#') continue;
    if (word == "case") {
      auto &added = cases.emplace_back();
      words >> added.optimizer >> added.types.param >> added.types.grad >> added.types.state >>
          added.types.copy;
      added.options = options_in(words);
    } else {
      words >> cases.back().arrays[word];
    }
  }
  return cases;
}

std::string hexadecimal(const stored &array) {
  std::string text;
  for (const auto *part : {&array.data, &array.extra})
    for (const unsigned char byte : *part) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
  return text;
}

std::vector<float> inputs(std::size_t n, std::uint32_t first) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = family::ordinary_float(family::mixed(first + static_cast<std::uint32_t>(i)));
  return x;
}

template <class rule>
void compare(const stored_case &given) {
  constexpr std::size_t n = 300;
  auto o = with<family::options_of<rule>>(given.options);
  family::stored_tensor<rule> t(given.types, n, 2026);
  const auto set = [&](std::size_t k, const std::vector<float> &x) {
    REQUIRE(glissade_encode(n, x.data(), &t.arrays[k]->array, 2026, 0, 512, 1) == GLISSADE_OK);
  };
  set(0, inputs(n, 0));
  REQUIRE(glissade::functions<family::options_of<rule>>::reset_many(&o, 1, &t.tensor) == GLISSADE_OK);
  for (o.step = 1; o.step <= 25; ++o.step) {
    set(1, inputs(n, static_cast<std::uint32_t>(o.step * 1000003)));
    REQUIRE(glissade::functions<family::options_of<rule>>::step_many(&o, 1, &t.tensor) == GLISSADE_OK);
  }
  for (const auto &[name, expected] : given.arrays) {
    std::size_t k = 0;
    if (name != "param" && name != "copy")
      for (k = 2; glissade::functions<family::options_of<rule>>::state_names[k - 2] != name;)
        ++k;
    INFO(name);
    CHECK(hexadecimal(name == "copy" ? *t.copy : *t.arrays[k]) == expected);
  }
}

} // namespace

TEST_CASE("the steps of torch on stored arrays", "[vectors][storage]") {
  const auto cases = read();
  REQUIRE(cases.size() >= 28);
  for (const auto &isa : family::isas()) {
    REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
    for (const auto &given : cases) {
      INFO(isa << " " << given.optimizer << " " << given.types.param << given.types.grad << given.types.state
               << given.types.copy);
      bool found = false;
#define GLISSADE_OPTIMIZER(name, preset)                                                                     \
  if (given.optimizer == #name) {                                                                            \
    compare<glissade::rules::name>(given);                                                                   \
    found = true;                                                                                            \
  }
#include "glissade/optimizers.inc"
      CHECK(found);
    }
  }
}
