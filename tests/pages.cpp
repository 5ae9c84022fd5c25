// The README and docs/optimizers.md, compared with the header and the list of optimizers.
#include "family.hpp"
#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

namespace {

std::string text_of(const std::string &name) {
  std::ifstream file(TEST_FOLDER "/../" + name);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  REQUIRE(!text.empty());
  return text;
}

const std::string header_name = "include/glissade/glissade.h", page_name = "docs/optimizers.md";

std::vector<std::string> lines_of(const std::string &text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

// A preset's macro and the struct that it sets.
std::vector<std::pair<std::string, std::string>> presets() {
  const std::string header = text_of(header_name);
  const std::regex one(R"(#define (GLISSADE_\w+)[\s\\]*GLISSADE_VALUE\((\w+)\))");
  std::vector<std::pair<std::string, std::string>> list;
  for (std::sregex_iterator match(header.begin(), header.end(), one), end; match != end; ++match)
    list.emplace_back((*match)[1], (*match)[2]);
  return list;
}

void require_word(const std::string &text, const std::string &word) {
  INFO(word);
  REQUIRE(std::regex_search(text, std::regex("\\b" + word + "\\b")));
}

// What the page says of one optimizer: from the heading before the name of its function to the next heading.
std::string section_of(const std::string &name) {
  const std::string page = text_of(page_name);
  const auto at = page.find("`glissade_" + name + "_step`");
  INFO(name);
  REQUIRE(at != std::string::npos);
  const auto begin = page.rfind("\n## ", at);
  REQUIRE(begin != std::string::npos);
  return page.substr(begin, page.find("\n## ", at) - begin);
}

} // namespace

TEST_CASE("the pages name every preset", "[pages]") {
  const auto all = presets();
  const std::string readme = text_of("README.md"), tested = text_of("tests/presets.txt");
  for (const auto &[macro, options] : all) {
    require_word(readme, macro);
    require_word(tested, macro);
    require_word(section_of(options.substr(std::string("glissade_").size())), macro);
  }
  // The list knows each optimizer's first preset: none of them escaped.
#define GLISSADE_OPTIMIZER(name, preset)                                                                     \
  REQUIRE(std::count_if(all.begin(), all.end(),                                                              \
                        [](const auto &p) { return p.second == "glissade_" #name; }) >= 1);
#include "glissade/optimizers.inc"
}

TEMPLATE_LIST_TEST_CASE("the pages name every optimizer and what it keeps", "[pages]", family::all) {
  const std::string name = family::name_of<TestType>, section = section_of(name);
  REQUIRE(text_of("README.md").find("`glissade_" + name + "_") != std::string::npos);
  require_word(section, "glissade_" + name + "_reset");
  using options = family::options_of<TestType>;
  int bytes = 12;
  for (const auto &state : description<options>::states(glissade::functions<options>::defaults)) {
    require_word(section.substr(section.find("\nState: ")), state.name);
    bytes += 8 * state.needed;
  }
  INFO(bytes);
  REQUIRE(section.find("\nBytes moved per element: " + std::to_string(bytes)) != std::string::npos);
}

// The names that only readers and other languages see: a C compiler compares types.
TEMPLATE_LIST_TEST_CASE("the functions and the structs have the arrays of the list, in its order", "[pages]",
                        family::all) {
  using functions = glissade::functions<family::options_of<TestType>>;
  const std::string header = text_of(header_name), name = functions::name;
  std::string step, reset, tensor;
  for (const char *state : functions::state_names) {
    step += std::string(",\\s+float \\*") + state;
    tensor += (tensor.empty() ? "float \\*" : ", \\*") + std::string(state);
  }
  for (const std::string &text :
       {"glissade_" + name + "_step\\(const glissade_" + name +
            " \\*options,\\s+size_t n,\\s+float \\*param,\\s+const float \\*grad" + step + "\\);",
        "glissade_" + name + "_reset\\(const glissade_" + name + " \\*options,\\s+size_t n" + step + "\\);",
        "typedef struct glissade_" + name + "_tensor \\{[^}]*float \\*param;\\s+const float \\*grad;\\s+" +
            tensor + ";\\s+const glissade_" + name + " \\*options;\\s+\\} glissade_" + name + "_tensor;",
        "GLISSADE_FUNCTIONS\\(" + name + "\\);"}) {
    INFO(text);
    CHECK(std::regex_search(header, std::regex(text)));
  }
  const auto described = description<family::options_of<TestType>>::states(functions::defaults);
  REQUIRE(described.size() == functions::states);
  for (std::size_t i = 0; i < functions::states; ++i)
    CHECK(described[i].name == std::string(functions::state_names[i]));
}

TEST_CASE("the pages name nothing that does not exist", "[pages]") {
  const std::string header = text_of(header_name), page = text_of(page_name);
  const std::regex word(R"((GLISSADE_[A-Z0-9_]+|glissade_\w+))");
  for (std::sregex_iterator match(page.begin(), page.end(), word), end; match != end; ++match)
    require_word(header, match->str());
}

TEST_CASE("the formulas of the page are those of the header", "[pages]") {
  std::vector<std::string> expected, got;
  for (const auto &line : lines_of(text_of(header_name)))
    if (line.rfind(" *   ", 0) == 0) expected.push_back(line.substr(5));
  bool code = false;
  for (const auto &line : lines_of(text_of(page_name)))
    if (line == "```")
      code = !code;
    else if (code)
      got.push_back(line);
  REQUIRE(expected.size() > 30);
  REQUIRE(got == expected);
}
