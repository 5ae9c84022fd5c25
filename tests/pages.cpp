// The pages and the files of the tests, compared with the header and the list of optimizers.
#include "family.hpp"
#include <algorithm>
#include <filesystem>
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

// With what it includes of each optimizer.
std::string text_of_header() {
  std::string text = text_of(header_name);
#define GLISSADE_OPTIMIZER(name, preset)                                                                     \
  CHECK(text.find("\n#include \"optimizers/" #name ".h\"\n") != std::string::npos);                          \
  text += text_of("include/glissade/optimizers/" #name ".h");
#include "glissade/optimizers.inc"
  return text;
}

// A preset's macro and the struct that it sets.
std::vector<std::pair<std::string, std::string>> presets() {
  const std::string header = text_of_header();
  const std::regex one(R"(#define (GLISSADE_\w+)[\s\\]*GLISSADE_VALUE\((\w+)\))");
  std::vector<std::pair<std::string, std::string>> list;
  for (std::sregex_iterator match(header.begin(), header.end(), one), end; match != end; ++match)
    list.emplace_back((*match)[1], (*match)[2]);
  return list;
}

bool has_word(const std::string &text, const std::string &word) {
  return std::regex_search(text, std::regex("\\b" + word + "\\b"));
}

// What the page says of one optimizer: from the heading before the name of its function to the next heading.
std::string section_of(const std::string &name) {
  const std::string page = text_of(page_name);
  const auto at = page.find("`glissade_" + name + "_step`");
  if (at == std::string::npos) return "";
  const auto begin = page.rfind("\n## ", at);
  return page.substr(begin, page.find("\n## ", at) - begin);
}

// What lacks, all of it in one message.
class gaps {
public:
  void unless(bool there, const std::string &file, const std::string &what) {
    if (!there) list_ += "\n  " + file + ": " + what;
  }
  void unless_word(const std::string &file, const std::string &word) {
    unless(has_word(text_of(file), word), file, word);
  }
  void require_none() const {
    INFO("missing:" << list_);
    REQUIRE(list_.empty());
  }

private:
  std::string list_;
};

// The files of the fuzzer's corpus begin with the number of their optimizer in the list.
std::size_t corpus_files(const std::string &name, std::size_t number) {
  std::size_t count = 0;
  for (const auto &entry : std::filesystem::directory_iterator(TEST_FOLDER "/fuzz/corpus/optimizers"))
    count += entry.path().filename().string().starts_with(name + "-") &&
             std::size_t(std::ifstream(entry.path(), std::ios::binary).get()) == number;
  return count;
}

std::size_t number_of(const std::string &name) {
  const std::string names[] = {
#define GLISSADE_OPTIMIZER(name, preset) #name,
#include "glissade/optimizers.inc"
  };
  return std::size_t(std::find(std::begin(names), std::end(names), name) - names);
}

} // namespace

TEMPLATE_LIST_TEST_CASE("the pages and the tests have all that belongs to an optimizer", "[pages]",
                        family::all) {
  using options = family::options_of<TestType>;
  const std::string name = family::name_of<TestType>, section = section_of(name);
  gaps missing;

  missing.unless(text_of("README.md").find("`glissade_" + name + "_") != std::string::npos, "README.md",
                 "`glissade_" + name + "_…`");
  missing.unless(!section.empty(), page_name, "a section with `glissade_" + name + "_step`");
  missing.unless(has_word(section, "glissade_" + name + "_reset"), page_name, "glissade_" + name + "_reset");
  const auto state = section.find("\nState: ");
  const std::string states = state == std::string::npos ? "" : section.substr(state);
  int bytes = 12;
  for (const auto &one : description<options>::states(glissade::functions<options>::defaults)) {
    missing.unless(has_word(states, one.name), page_name, "State: " + std::string(one.name));
    bytes += 8 * one.needed;
  }
  const std::string moved = "Bytes moved per element: " + std::to_string(bytes);
  missing.unless(section.find("\n" + moved) != std::string::npos, page_name, moved);
  missing.unless(text_of("docs/numerics.md").find("\n| " + name + " |") != std::string::npos,
                 "docs/numerics.md", "the row that glissade_errors prints");

  std::size_t presets_of_it = 0;
  for (const auto &[macro, whose] : presets())
    if (whose == "glissade_" + name) {
      ++presets_of_it;
      for (const char *file : {"README.md", "tests/presets.txt", "include/glissade/presets.inc"})
        missing.unless_word(file, macro);
      missing.unless(has_word(section, macro), page_name, macro);
    }
  missing.unless(presets_of_it > 0, header_name, "a preset");

  missing.unless(text_of("tests/selftest.inc").find("{\"" + name + "\", ") != std::string::npos,
                 "tests/selftest.inc", "the line that glissade_selftest --checksums prints");
  missing.unless(std::ifstream(TEST_FOLDER "/worked/" + name + ".txt").good(), "tests/worked", name + ".txt");
  missing.unless(std::ifstream(TEST_FOLDER "/states/" + name + ".2").good(), "tests/states",
                 name + ".2, which glissade_tests '[.write-states]' writes");
  missing.unless(corpus_files(name, number_of(name)) > 0, "tests/fuzz/corpus/optimizers",
                 name + "-step, which begins with the byte " + std::to_string(number_of(name)));
  missing.require_none();
}

// The names that only readers and other languages see: a C compiler compares types.
TEMPLATE_LIST_TEST_CASE("the functions and the structs have the arrays of the list, in its order", "[pages]",
                        family::all) {
  using functions = glissade::functions<family::options_of<TestType>>;
  const std::string header = text_of_header(), name = functions::name;
  std::string step, reset, tensor;
  const auto upper = [](std::string text) {
    for (char &c : text)
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  };
  for (std::size_t i = 0; i < functions::states; ++i) {
    const char *const state = functions::state_names[i];
    const std::string place = "GLISSADE_" + upper(name) + '_' + upper(state);
    INFO(place);
    CHECK(std::regex_search(header, std::regex(place + " = " + std::to_string(i) + "\\b")));
    step += std::string(",\\s+float \\*") + state;
    tensor += (tensor.empty() ? "float \\*" : ", \\*") + std::string(state);
  }
  for (const std::string &text :
       {"glissade_" + name + "_step\\(const glissade_" + name +
            " \\*options,\\s+size_t n,\\s+float \\*param,\\s+const float \\*grad" + step + "\\);",
        "glissade_" + name + "_reset\\(const glissade_" + name + " \\*options,\\s+size_t n" + step + "\\);",
        "typedef struct glissade_" + name + "_tensor \\{[^}]*float \\*param;\\s+const float \\*grad;\\s+" +
            tensor + ";\\s+const glissade_" + name +
            " \\*options;\\s+const glissade_storage \\*storage;\\s+\\} glissade_" + name + "_tensor;",
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
  const std::string header = text_of_header(), page = text_of(page_name);
  const std::regex word(R"((GLISSADE_[A-Z0-9_]+|glissade_\w+))");
  gaps missing;
  for (std::sregex_iterator match(page.begin(), page.end(), word), end; match != end; ++match)
    missing.unless(has_word(header, match->str()), header_name, match->str());
  missing.require_none();
}

TEST_CASE("the programs on the pages are the examples that are run", "[pages]") {
  constexpr std::pair<const char *, const char *> programs[] = {{"README.md", "examples/rmsprop.c"},
                                                                {"docs/storage.md", "examples/storage.c"},
                                                                {"docs/rows.md", "examples/rows.c"}};
  for (const auto &[page_of_it, file] : programs) {
    const std::string page = text_of(page_of_it), example = text_of(file);
    const auto begin = page.find("```c\n") + 5;
    REQUIRE(page.substr(begin, page.find("```", begin) - begin) == example.substr(example.find("#include")));
  }
}

TEST_CASE("each promise of the header has a test", "[pages]") {
  const std::string header = text_of(header_name), page = text_of("docs/promises.md");
  std::string comment = header.substr(0, header.find("*/"));
  comment = comment.substr(comment.find("Arrays. "));
  comment = std::regex_replace(comment, std::regex("\\s+(\\*\\s+)*"), " ");
  comment =
      std::regex_replace(comment, std::regex("(^| )(Arrays|Errors|Sizes|Numbers|Threads|Forks)\\. "), " ");
  std::string missing;
  std::size_t sentences = 0;
  const std::regex sentence("(\\S.*?\\.)( (?=[A-Z`0])| ?$)");
  for (std::sregex_iterator match(comment.begin(), comment.end(), sentence), end; match != end;
       ++match, ++sentences)
    if (page.find("\n| " + (*match)[1].str() + " | ") == std::string::npos)
      missing += "\nno row: " + (*match)[1].str();

  std::string tests = text_of("tests/CMakeLists.txt");
  for (const char *name :
       {"bits", "calls", "concurrency", "environment", "errors", "growth", "isa", "many", "memory", "openmp",
        "reference", "special_values", "statuses", "stored_step", "vectors", "words"})
    tests += text_of("tests/" + std::string(name) + ".cpp");
  std::size_t rows = 0;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| ", 0) != 0 || line.rfind("| the header", 0) == 0) continue;
    ++rows;
    const std::string last = line.substr(line.rfind(" | ", line.size() - 3) + 3);
    const std::regex quoted("`([^`]+)`");
    std::size_t named = 0;
    for (std::sregex_iterator match(last.begin(), last.end(), quoted), end; match != end; ++match, ++named)
      if (tests.find("\"" + (*match)[1].str() + "\"") == std::string::npos)
        missing += "\nno test: " + (*match)[1].str();
    if (named == 0) missing += "\nno test in: " + line;
  }
  INFO(missing);
  CHECK(missing.empty());
  CHECK(rows == sentences);
  CHECK(sentences > 25);
}
