// Examples that can be followed with a pocket calculator, in text tables: worked/<optimizer>.txt.
#include "family.hpp"
#include "written_options.hpp"
#include <fstream>

namespace {

struct number {
  double value, half_a_digit; // of the last one that is printed
};

std::vector<number> numbers_in(std::istringstream &words) {
  std::vector<number> list;
  for (std::string word; words >> word;) {
    const auto exponent = word.find('e');
    const auto point = word.find('.');
    const auto decimals = point == std::string::npos ? 0 : std::min(exponent, word.size()) - point - 1;
    const double scale = exponent == std::string::npos ? 0 : std::stod(word.substr(exponent + 1));
    // What is printed without a point is meant to be exact.
    list.push_back({std::stod(word), decimals ? .5 * std::pow(10, scale - double(decimals)) : 0});
  }
  return list;
}

// One training: `case` and its options, `param` at the start, then for each step `grad` and
// what it brings about.
template <class rule>
class training {
public:
  std::size_t compared = 0;

  void read(const std::string &line) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word[0] == '#') return;
    INFO(line);
    if (word == "case") {
      options_ = with<options>(options_in(words));
      options_.step = 0;
      arrays_.assign(family::array_count<rule>, {});
      return;
    }
    const auto numbers = numbers_in(words);
    if (word == "param" && arrays_[0].empty()) {
      start(numbers);
    } else if (word == "grad") {
      if (arrays_[0].empty()) start(std::vector<number>(numbers.size(), number{0, 0}));
      step(numbers);
    } else {
      compare(word, numbers);
    }
  }

private:
  using options = family::options_of<rule>;

  std::vector<float *> at() {
    std::vector<float *> list;
    for (auto &array : arrays_)
      list.push_back(array.data());
    return list;
  }

  void start(const std::vector<number> &param) {
    for (auto &array : arrays_)
      array.resize(param.size());
    for (std::size_t i = 0; i < param.size(); ++i)
      arrays_[0][i] = static_cast<float>(param[i].value);
    REQUIRE(family::reset<rule>(options_, param.size(), at().data()) == GLISSADE_OK);
  }

  void step(const std::vector<number> &grad) {
    before_ = arrays_[0];
    for (std::size_t i = 0; i < grad.size(); ++i)
      arrays_[1].at(i) = static_cast<float>(grad[i].value);
    ++options_.step;
    REQUIRE(family::step<rule>(options_, grad.size(), at().data()) == GLISSADE_OK);
  }

  void compare(const std::string &name, const std::vector<number> &expected) {
    const auto states = description<options>::states(options_);
    std::size_t k = 0;
    while (k < states.size() && states[k].name != name)
      ++k;
    REQUIRE((name == "movement" || name == "param" || k < states.size()));
    for (std::size_t i = 0; i < expected.size(); ++i, ++compared) {
      const double got = name == "movement" ? double(arrays_[0].at(i)) - before_[i]
                         : name == "param"  ? arrays_[0].at(i)
                                            : arrays_[k + 2].at(i);
      CAPTURE(i, got);
      REQUIRE(std::abs(got - expected[i].value) <= expected[i].half_a_digit * 1.001);
    }
  }

  options options_;
  std::vector<std::vector<float>> arrays_;
  std::vector<float> before_;
};

} // namespace

TEMPLATE_LIST_TEST_CASE("examples worked by hand", "[worked]", family::all) {
  const std::string name = std::string(TEST_FOLDER) + "/worked/" + family::name_of<TestType> + ".txt";
  INFO(name);
  std::ifstream file(name);
  training<TestType> t;
  for (std::string line; std::getline(file, line);)
    t.read(line);
  REQUIRE(t.compared >= 4);
}
