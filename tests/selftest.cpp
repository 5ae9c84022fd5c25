// glissade_selftest: says whether the library keeps its promise on this CPU. Exit status 0 if so.
//
// Every optimizer with every option takes steps on every instruction set that runs here, and the bits are
// compared with those of "scalar"; a checksum of some results, of the norm of a list and of clipping by it, and of stored
// arrays too, is compared with the one that was committed, so with other machines.
#include "stored_checksum.hpp"
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace {

struct checksum {
  std::string_view of; // an optimizer, the norm, or storage
  std::uint64_t value;
};
// Remade by glissade_selftest --checksums.
constexpr checksum committed[] = {
#include "selftest.inc"
};

template <class rule>
struct arrays {
  std::array<std::vector<float>, family::array_count<rule>> memory;

  arrays(std::size_t n, float (*make)(std::uint32_t), std::uint32_t seed) {
    for (std::size_t k = 0; k < memory.size(); ++k)
      for (std::uint32_t i = 0; i < n; ++i) {
        const float x = make(family::mixed(seed * 7919 + static_cast<std::uint32_t>(k) * 1000003 + i));
        memory[k].push_back(k >= 2 && seed % 4 != 0 ? std::abs(x) : x); // most states are averages of squares
      }
  }
  bool step(const family::options_of<rule> &o) {
    std::array<float *, family::array_count<rule>> at;
    for (std::size_t k = 0; k < at.size(); ++k)
      at[k] = memory[k].data();
    return family::step<rule>(o, memory[0].size(), at.data()) == GLISSADE_OK;
  }
  bool same(const arrays &b) const {
    for (std::size_t k = 0; k < memory.size(); ++k)
      if (family::first_difference(memory[k].data(), b.memory[k].data(), memory[k].size()) !=
          memory[k].size())
        return false;
    return true;
  }
};

// Of whole registers and a rest on every instruction set; and large enough for threads, in few cases.
constexpr std::size_t sizes[] = {1, 67}, large = 100003;

template <class rule>
bool agrees(const char *isa, const family::options_of<rule> &o, std::size_t n, std::uint32_t seed) {
  arrays<rule> expected(n, family::any_float, seed), got(n, family::any_float, seed);
  auto serial = o;
  serial.threads = 1;
  return glissade_use_isa("scalar") == GLISSADE_OK && expected.step(serial) &&
         glissade_use_isa(isa) == GLISSADE_OK && got.step(o) && got.same(expected);
}

// The number of steps that were compared; adds to `faults` those that differ.
template <class rule>
std::size_t compare(const char *isa, std::size_t &faults) {
  std::size_t before = faults;
  std::uint32_t steps = 0;
  for (const auto &o : family::all_options<rule>())
    for (const std::size_t n : sizes)
      faults += !agrees<rule>(isa, o, n, ++steps);
  for (auto o : family::one_per_mode<rule>()) {
    o.threads = 0;
    faults += !agrees<rule>(isa, o, large, ++steps);
  }
  if (faults != before)
    std::printf("%s of %s: %zu steps differ\n", family::name_of<rule>, isa, faults - before);
  return steps;
}

// Of all arrays after 20 steps in each mode; 0 if a value became NaN, whose bits are free.
template <class rule>
std::uint64_t checksum_of() {
  family::words_sum sum;
  for (auto o : family::one_per_mode<rule>()) {
    arrays<rule> a(203, family::ordinary_float, 1);
    for (o.step = 1; o.step <= 20; ++o.step)
      if (!a.step(o)) return 0;
    for (const auto &array : a.memory) {
      for (const float x : array)
        if (std::isnan(x)) return 0;
      sum.add(array.data(), array.size() * sizeof(float));
    }
  }
  return sum.value();
}

// Of the norm of a list, and of a list that is clipped by it, each time on another number of threads; 0 if they differ.
std::uint64_t checksum_of_norm() {
  std::uint64_t first = 0;
  for (const int threads : {1, 0, 3}) {
    using rule = glissade::rules::rmsprop;
    auto o = glissade::functions<rule::options>::defaults;
    o.threads = threads;
    std::vector<arrays<rule>> memory;
    std::vector<glissade_grad> grads;
    std::vector<glissade_rmsprop_tensor> tensors;
    for (const std::size_t n : {std::size_t(67), large, std::size_t(1)})
      memory.emplace_back(n, family::ordinary_float, 1);
    for (auto &a : memory) {
      grads.push_back(family::gradient(a.memory[0].size(), a.memory[1].data()));
      float *const at[] = {a.memory[0].data(), a.memory[1].data(), a.memory[2].data(), nullptr, nullptr};
      tensors.push_back(family::tensor_of<rule>(grads.back().n, at));
    }
    glissade_norm found = family::no_norm;
    double norm = 0;
    if (glissade_grad_norm(grads.size(), grads.data(), threads, &found) != GLISSADE_OK ||
        glissade_rmsprop_step_many_clipped(&o, tensors.size(), tensors.data(), .3, &norm) != GLISSADE_OK)
      return 0;
    family::words_sum sum;
    for (const double x :
         {found.norm, found.max_abs, norm}) { // of a double the low half first, on every byte order
      const auto bits = std::bit_cast<std::uint64_t>(x);
      const std::uint32_t halves[] = {static_cast<std::uint32_t>(bits),
                                      static_cast<std::uint32_t>(bits >> 32)};
      sum.add(halves, sizeof halves);
    }
    for (const auto &a : memory)
      for (const auto &array : a.memory)
        sum.add(array.data(), array.size() * sizeof(float));
    if (first == 0) first = sum.value();
    if (sum.value() != first) return 0;
  }
  return first;
}

bool is_committed(std::string_view name, std::uint64_t value) {
  for (const auto &one : committed)
    if (one.of == name) return one.value == value;
  return false;
}

template <class... rule>
int report(std::tuple<rule...> *every) {
  std::size_t faults = 0, others = 0;
  for (const auto &isa : family::isas()) {
    std::size_t faults_here = 0, steps = 0;
    ((steps += compare<rule>(isa.c_str(), faults_here)), ...);
    if (glissade_use_isa(isa.c_str()) != GLISSADE_OK) ++faults_here;
    const bool both_here = is_committed("norm", checksum_of_norm()) &&
                           is_committed("storage", family::checksum_of_storage(every));
    const std::size_t others_here =
        (std::size_t(!both_here) + ... + !is_committed(family::name_of<rule>, checksum_of<rule>()));
    std::printf("%-8s %zu optimizers, %zu steps: %s; checksums: %s\n", isa.c_str(), sizeof...(rule), steps,
                faults_here ? "NOT the bits of scalar" : "the bits of scalar",
                others_here ? "NOT as committed" : "as committed");
    faults += faults_here;
    others += others_here;
  }
  return faults || others;
}

template <class... rule>
int print_checksums(std::tuple<rule...> *every) {
  const auto print = [](const char *name, std::uint64_t value) {
    std::printf("{\"%s\", 0x%016" PRIx64 "},\n", name, value);
  };
  (print(family::name_of<rule>, checksum_of<rule>()), ...);
  print("norm", checksum_of_norm());
  print("storage", family::checksum_of_storage(every));
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  family::all *const every = nullptr;
  if (argc == 2 && std::string_view(argv[1]) == "--checksums") return print_checksums(every);
  if (argc > 1) {
    std::fprintf(stderr, "usage: %s [--checksums]\n", argv[0]);
    return 2;
  }
  return report(every);
}
