// The files of steps that other libraries computed.
#pragma once
#include "written_options.hpp"
#include <fstream>

namespace golden {

// golden/README.md says how the files are written.
struct example {
  std::map<std::string, double> options;
  std::map<int, std::map<std::string, std::vector<float>>> arrays; // by step and name
};

inline std::vector<example> read(const std::string &name) {
  std::ifstream file(std::string(TEST_FOLDER) + "/golden/" + name + ".txt");
  std::vector<example> cases;
  int step = 0;
  for (std::string line, word; std::getline(file, line);) {
    std::istringstream words(line);
    words >> word;
    if (word[0] == '#') continue;
    if (word == "case") {
      cases.emplace_back();
      cases.back().options = options_in(words);
    } else if (word == "step") {
      words >> step;
    } else {
      auto &array = cases.back().arrays[step][word];
      while (words >> word)
        array.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(std::stoul(word, nullptr, 16))));
    }
  }
  return cases;
}

inline float input(std::uint32_t index) { return family::ordinary_float(family::mixed(index)); }

} // namespace golden
