// Options as the text files of the tests write them: lr=0.01 centered=1.
#pragma once
#include "family.hpp"
#include <algorithm>
#include <map>
#include <sstream>

inline std::map<std::string, double> options_in(std::istringstream &words) {
  std::map<std::string, double> values;
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    values[word.substr(0, equals)] = std::stod(word.substr(equals + 1));
  }
  return values;
}

// The default options but for those values.
template <class Options>
Options with(const std::map<std::string, double> &values) {
  Options options = glissade::functions<Options>::defaults;
  const auto fields = description<Options>::fields();
  for (const auto &[name, value] : values) {
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&key = name](const auto &f) { return f.name == key; });
    if (field == fields.end()) FAIL("no option " << name);
    field->set(options, value);
  }
  return options;
}
