// Calls that can be made on any thread and judged afterwards.
#pragma once
#include "family.hpp"
#include <memory>

namespace family {

// One call on arrays of its own. Run on any thread; the comparison is for the main thread, afterwards.
struct job {
  virtual ~job() = default;
  virtual void run() = 0;
  virtual bool is_right() = 0;
};

template <class rule>
struct step_job : job {
  step_job(const options_of<rule> &options, std::size_t n, int threads) : o(options), got(n, any_float, 7) {
    o.threads = threads;
  }
  void run() override {
    const auto at = got.at();
    status = step<rule>(o, got.n, at.data());
  }
  bool is_right() override {
    arrays<rule> expected(got.n, any_float, 7);
    const auto at = expected.at();
    o.threads = 1;
    return status == GLISSADE_OK && glissade_use_isa("scalar") == GLISSADE_OK &&
           step<rule>(o, got.n, at.data()) == GLISSADE_OK && glissade_use_isa(nullptr) == GLISSADE_OK &&
           got.difference(expected) == "none" && got.nothing_changed_outside();
  }

  options_of<rule> o;
  arrays<rule> got;
  glissade_status status = GLISSADE_BAD_N;
};

struct norm_job : job {
  norm_job(std::size_t n, int number) : threads(number) {
    for (std::uint32_t i = 0; i < n; ++i)
      grad.push_back(ordinary_float(mixed(i)));
  }
  glissade_norm norm(int t) const {
    const glissade_grad list = gradient(grad.size(), grad.data());
    glissade_norm result = no_norm;
    glissade_grad_norm(1, &list, t, &result);
    return result;
  }
  void run() override { got = norm(threads); }
  bool is_right() override { return got.norm > 0 && got.norm == norm(1).norm; }

  std::vector<float> grad;
  int threads;
  glissade_norm got = no_norm;
};

using jobs = std::vector<std::unique_ptr<job>>;

template <class... rule>
void add_jobs(jobs &list, std::size_t n, int threads, std::tuple<rule...> *) {
  const auto add = [&]<class R>(R *) {
    auto modes = one_per_mode<R>();
    if (emulated()) modes.resize(1);
    for (const auto &o : modes)
      list.push_back(std::make_unique<step_job<R>>(o, n, threads));
  };
  (add(static_cast<rule *>(nullptr)), ...);
  list.push_back(std::make_unique<norm_job>(n, threads));
}
// Every optimizer in every mode (under emulation in one), and a norm.
inline jobs all_jobs(std::size_t n, int threads) {
  jobs list;
  add_jobs(list, n, threads, static_cast<all *>(nullptr));
  return list;
}

inline std::size_t wrong(const jobs &list) {
  std::size_t count = 0;
  for (const auto &one : list)
    count += !one->is_right();
  return count;
}

inline constexpr std::size_t small = 1003, large = 70000; // computed by the calling thread; by up to four

} // namespace family
