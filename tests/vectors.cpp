// The steps that other libraries compute: PyTorch's bit for bit, those of Keras and optax
// within their own rounding.
#include "family.hpp"
#include "glissade/model.hpp"
#include "golden.hpp"

namespace {

template <class rule>
void compare(const golden::example &given, double tolerance, std::size_t &compared) {
  using options = family::options_of<rule>;
  auto o = with<options>(given.options);
  const auto states = description<options>::states(o);
  const int last = given.arrays.rbegin()->first;
  const std::size_t n = given.arrays.at(last).at("param").size();
  std::vector<std::vector<float>> arrays(family::array_count<rule>, std::vector<float>(n));
  std::vector<float *> at;
  for (auto &array : arrays)
    at.push_back(array.data());
  for (std::size_t i = 0; i < n; ++i)
    arrays[0][i] = golden::input(static_cast<std::uint32_t>(i));
  REQUIRE(family::reset<rule>(o, n, at.data()) == GLISSADE_OK);
  for (o.step = 1; o.step <= last; ++o.step) {
    for (std::size_t i = 0; i < n; ++i)
      arrays[1][i] = golden::input(static_cast<std::uint32_t>(o.step * 1000003 + std::int64_t(i)));
    REQUIRE(family::step<rule>(o, n, at.data()) == GLISSADE_OK);
    const auto expected = given.arrays.find(static_cast<int>(o.step));
    if (expected == given.arrays.end()) continue;
    for (const auto &[name, values] : expected->second) {
      std::size_t k = 0;
      while (k < states.size() && states[k].name != name)
        ++k;
      const auto &got = name == "param" ? arrays[0] : arrays.at(k + 2);
      for (std::size_t i = 0; i < n; ++i, ++compared) {
        const bool right = tolerance == 0 ? family::same_bits(got[i], values[i])
                                          : std::abs(double(got[i]) - values[i]) <=
                                                tolerance * std::max(1., std::abs(double(values[i])));
        if (!right)
          FAIL(name << "[" << i << "] after step " << o.step << " is " << got[i] << ", not " << values[i]);
      }
    }
  }
}

// Steps on the rows that the script names of a table of 13 rows of 5.
template <class rule>
void compare_rows(const std::string &file) {
  constexpr std::size_t rows = 13, width = 5, n = rows * width;
  for (const auto &given : golden::read(file)) {
    auto o = with<family::options_of<rule>>(given.options);
    std::vector<std::vector<float>> arrays(family::array_count<rule>, std::vector<float>(n));
    std::vector<float *> at;
    for (auto &array : arrays)
      at.push_back(array.data());
    for (std::size_t i = 0; i < n; ++i)
      arrays[0][i] = golden::input(static_cast<std::uint32_t>(i));
    REQUIRE(family::reset<rule>(o, n, at.data()) == GLISSADE_OK);
    const auto &[last, expected] = *given.arrays.rbegin();
    for (o.step = 1; o.step <= last; ++o.step) {
      std::vector<std::int64_t> named;
      const auto step = static_cast<std::uint32_t>(o.step);
      for (std::uint32_t row = 0; row < rows; ++row)
        if (family::mixed(step * 7919 + row) % 3 == 0) {
          for (std::uint32_t i = 0; i < width; ++i)
            arrays[1][named.size() * width + i] =
                golden::input(step * 1000003 + row * std::uint32_t(width) + i);
          named.push_back(row);
        }
      const glissade_rows which = {sizeof which, width, named.size(), named.data(), 0, 0};
      const auto table = family::tensor_of<rule>(n, at.data());
      REQUIRE(glissade::functions<family::options_of<rule>>::step_rows(&o, 1, &table, &which) == GLISSADE_OK);
    }
    const auto states = description<family::options_of<rule>>::states(o);
    for (const auto &[name, values] : expected) {
      std::size_t k = 0;
      while (k < states.size() && states[k].name != name)
        ++k;
      CAPTURE(file, name);
      REQUIRE(values.size() == n);
      REQUIRE(family::first_difference((name == "param" ? arrays[0] : arrays.at(k + 2)).data(), values.data(),
                                       n) == n);
    }
  }
}

} // namespace

TEMPLATE_LIST_TEST_CASE("the steps of other libraries", "[vectors]", family::all) {
  for (const auto &file : description<family::options_of<TestType>>::files()) {
    const auto cases = golden::read(file.name);
    CAPTURE(file.name);
    REQUIRE(cases.size() >= 8);
    for (const auto &isa : family::isas()) {
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      std::size_t compared = 0;
      for (const auto &given : cases) {
        std::string all;
        for (const auto &[name, value] : given.options)
          all += name + "=" + std::to_string(value) + " ";
        INFO(isa << " " << all);
        compare<TestType>(given, file.tolerance, compared);
      }
      REQUIRE(compared >= cases.size() * 67);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a model goes on from the state of PyTorch", "[vectors][model]", family::all) {
  using options = family::options_of<TestType>;
  using functions = glissade::functions<options>;
  for (const auto &file : description<options>::files()) {
    if (file.name.find(".torch") == std::string::npos) continue;
    for (const auto &given : golden::read(file.name)) {
      const auto &[first, imported] = *given.arrays.begin();
      const auto &[last, expected] = *given.arrays.rbegin();
      auto param = imported.at("param"), grad = param;
      glissade::model<options> model(with<options>(given.options));
      model.add(param, grad);
      for (const auto &[name, values] : imported)
        if (name != "param") std::ranges::copy(values, model.state(0, name).begin());
      model.set_steps(first);
      while (model.steps() < last) {
        for (std::size_t i = 0; i < grad.size(); ++i)
          grad[i] =
              golden::input(static_cast<std::uint32_t>((model.steps() + 1) * 1000003 + std::int64_t(i)));
        model.step();
      }
      for (const auto &[name, values] : expected) {
        const auto got = name == "param" ? model.param(0) : std::as_const(model).state(0, name);
        CAPTURE(file.name, name, functions::name);
        REQUIRE(family::first_difference(got.data(), values.data(), values.size()) == values.size());
      }
    }
  }
}

TEST_CASE("the steps of PyTorch on sparse gradients", "[vectors][rows]") {
  compare_rows<glissade::rules::adam>("adam.torch_sparse");
  compare_rows<glissade::rules::adagrad>("adagrad.torch_sparse");
  compare_rows<glissade::rules::sgd>("sgd.torch_sparse");
}
