// Makes the contenders that store arrays in 16 or 8 bits: each beside a loop that moves as many bytes.
#include "chunks.hpp"
#include "glissade/glissade.hpp"
#include "limit.hpp"
#include "rules.hpp"
#include "subjects.hpp"
#include <array>
#include <memory>

namespace perf {
namespace {

constexpr int q8 = -1; // signed or not, as the state needs it

struct stored_types {
  const char *name;
  int param, grad, state, copy;
};
constexpr stored_types all_types[] = {
    {"bf16-grad", GLISSADE_FLOAT32, GLISSADE_BF16, GLISSADE_FLOAT32, GLISSADE_FLOAT32},
    {"bf16-grad-copy", GLISSADE_FLOAT32, GLISSADE_BF16, GLISSADE_FLOAT32, GLISSADE_BF16},
    {"bf16-grad-split", GLISSADE_SPLIT, GLISSADE_BF16, GLISSADE_FLOAT32, GLISSADE_FLOAT32},
    {"bf16-grad-state", GLISSADE_FLOAT32, GLISSADE_BF16, GLISSADE_BF16_STOCHASTIC, GLISSADE_FLOAT32},
    {"bf16-grad-q8-state", GLISSADE_FLOAT32, GLISSADE_BF16, q8, GLISSADE_FLOAT32},
};

// An array of n elements that is made of floats.
class stored_array {
public:
  stored_array(int type, std::size_t n, const float *from) {
    std::size_t data, extra;
    glissade::check(glissade_state_bytes(type, n, &data, &extra));
    data_.reset(new (line) unsigned char[data + 1]); // 1: its last byte is never at the end of a page
    extra_.reset(new (line) unsigned char[extra + 1]);
    array = {type, data_.get(), extra_.get()};
    glissade::check(glissade_encode(n, from, &array, 0, 0, 0, 0));
  }
  glissade_array array;

private:
  static constexpr std::align_val_t line{64};
  struct deleter {
    void operator()(unsigned char *p) const { operator delete[](p, line); }
  };
  std::unique_ptr<unsigned char[], deleter> data_, extra_;
};

// A tensor whose arrays are the floats where a type is float32, else stored; made at the first step of a size.
template <class rule>
class stored_tensor {
public:
  using functions = glissade::functions<typename rule::options>;

  stored_tensor(const stored_types &types, typename rule::options options)
      : types_(types),
        options_(options) {}

  void step(std::size_t n, int threads, float *const *arrays) {
    if (n != n_ || arrays[0] != param_) store(n, arrays);
    options_.threads = threads;
    const auto tensor = functions::tensor_of(n, arrays[0], arrays[1], arrays + 2, nullptr);
    auto with_storage = tensor;
    with_storage.storage = &storage_;
    glissade::check(functions::step_many(&options_, 1, &with_storage));
  }

private:
  void store(std::size_t n, float *const *arrays) {
    n_ = n;
    param_ = arrays[0];
    kept_.clear();
    storage_ = {};
    storage_.struct_size = sizeof storage_;
    const auto put = [&](glissade_array &to, int type, const float *from) {
      if (type == GLISSADE_FLOAT32) return;
      kept_.push_back(std::make_unique<stored_array>(type, n, from));
      to = kept_.back()->array;
    };
    put(storage_.param, types_.param, arrays[0]);
    put(storage_.grad, types_.grad, arrays[1]);
    put(storage_.copy, types_.copy, arrays[0]);
    for (std::size_t k = 2; k < glissade::array_count<rule>; ++k)
      if (arrays[k]) {
        const int q8_type = rule::states[k - 2].not_negative ? GLISSADE_Q8_UNSIGNED : GLISSADE_Q8_SIGNED;
        put(storage_.states[k - 2], types_.state == q8 ? q8_type : types_.state, arrays[k]);
      }
  }

  stored_types types_;
  typename rule::options options_;
  std::size_t n_ = 0;
  const float *param_ = nullptr;
  glissade_storage storage_ = {};
  std::vector<std::unique_ptr<stored_array>> kept_;
};

double bytes_of(int type) {
  if (type == GLISSADE_FLOAT32 || type == GLISSADE_SPLIT) return 4;
  return type == q8 ? 1 : 2;
}

// What a step moves for each element. A copy is read too: caches fetch the line that they are about to change.
template <class rule>
double bytes_moved(const stored_types &t, std::size_t states) {
  const double copy = t.copy == GLISSADE_FLOAT32 ? 0 : 2 * bytes_of(t.copy);
  return 2 * bytes_of(t.param) + bytes_of(t.grad) + 2 * double(states) * bytes_of(t.state) + copy;
}

template <class rule>
subject stored(std::string name, std::size_t n, typename rule::options options) {
  options.step = 10;
  subject s;
  s.name = name + "-stored";
  s.arrays = glissade::array_count<rule> + 1;
  for (std::size_t k = 0; k < glissade::array_count<rule>; ++k)
    if (glissade::uses<rule>(glissade::mode_of<rule>(options), k)) s.used.push_back(k);
  s.only_n = n;
  const std::size_t states = s.used.size() - 2;
  const stored_types floats = {"float32", GLISSADE_FLOAT32, GLISSADE_FLOAT32, GLISSADE_FLOAT32,
                               GLISSADE_FLOAT32};
  const double whole = bytes_moved<rule>(floats, states);
  const auto loop = [=, used = s.used](const stored_types &types) {
    const double share = bytes_moved<rule>(types, states) / whole;
    const memory_pass run = find_limits(glissade_isa_at(0))->memory[used.size()];
    return [=](std::size_t elements, int threads, float *const *arrays) {
      std::array<float *, most_arrays> moved{};
      for (std::size_t k = 0; k < used.size(); ++k)
        moved[k] = arrays[used[k]];
      // With a copy more is moved than the arrays have: then some of it twice.
      for (double left = share; left > 0; left -= 1)
        glissade::over_chunks(static_cast<std::size_t>(double(elements) * (left < 1 ? left : 1)), threads,
                              glissade::default_float_mode(),
                              [&](std::size_t begin, std::size_t end) { run(moved.data(), begin, end); });
    };
  };
  s.limit = {"limit", false, result::nothing_changed, false, loop(floats)};
  for (std::size_t i = 0; const char *isa = glissade_isa_at(i); ++i) {
    if (std::string(isa) == "scalar") continue;
    const std::string on = i ? std::string("-") + isa : "";
    const auto add = [&](const stored_types &types) {
      const auto tensor = std::make_shared<stored_tensor<rule>>(types, options);
      s.contenders.push_back({types.name + on, true, result::same_bits, false,
                              [tensor](std::size_t elements, int threads, float *const *arrays) {
                                tensor->step(elements, threads, arrays);
                              },
                              isa});
      if (i == 0 && &types != &floats)
        s.contenders.push_back(
            {std::string(types.name) + "-limit", false, result::nothing_changed, false, loop(types)});
    };
    add(floats);
    for (const stored_types &types : all_types)
      add(types);
  }
  return s;
}

} // namespace

std::vector<subject> stored_subjects() {
  std::vector<subject> all;
  for (const std::size_t n : {std::size_t(16) << 10, std::size_t(16) << 20}) {
    all.push_back(stored<glissade::rules::rmsprop>("rmsprop", n, GLISSADE_RMSPROP_TORCH));
    all.push_back(stored<glissade::rules::adam>("adamw", n, GLISSADE_ADAMW_TORCH));
  }
  return all;
}

} // namespace perf
