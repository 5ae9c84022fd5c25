// An optimizer for a whole model: many parameter arrays in groups, one call a step, state that can be saved.
#if __cplusplus < 202002L
#  error "glissade/model.hpp needs C++20; older C++ includes glissade/glissade.h"
#elif !defined(GLISSADE_MODEL_HPP)
#  define GLISSADE_MODEL_HPP

#  include "glissade.hpp"
#  include <algorithm>
#  include <cstddef>
#  include <cstring>
#  include <istream>
#  include <ostream>
#  include <vector>

namespace glissade {

// A stream that is not a state of this model. Nothing was changed.
class state_error : public std::runtime_error {
public:
  explicit state_error(const std::string &what) : std::runtime_error("glissade: the saved state " + what) {}
};

// A checksum over 32-bit words: FNV-1a with the word in place of the byte.
class checksum {
public:
  void add(const void *words, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; i += 4) {
      std::uint32_t word;
      std::memcpy(&word, static_cast<const char *>(words) + i, 4);
      value_ = (value_ ^ word) * 0x100000001b3u;
    }
  }
  std::uint64_t value() const { return value_; }

private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

// Add the parameter arrays once, then call step() whenever their gradients have been written. The arrays of
// the caller must stay where they are; the state is the model's. Not copyable.
template <class Options>
class model {
  using tensor = typename functions<Options>::tensor;
  static constexpr std::size_t states = functions<Options>::states;

public:
  // Group 0 has these options; their `threads` is that of every step.
  explicit model(const Options &options = functions<Options>::defaults) { add_group(options); }
  model(const model &) = delete;

  // A further group of parameters, for add(). Returns its number.
  std::size_t add_group(const Options &options) {
    groups_.push_back(std::make_unique<Options>(options));
    groups_.back()->step = steps_;
    return groups_.size() - 1;
  }

  // Adds an array of parameters with its gradient to a group, and allocates its state. Returns its number. Throws
  // `error` after the first step: the array's own would be number 1, and the model counts for all.
  std::size_t add(std::span<float> param, std::span<const float> grad, std::size_t group = 0) {
    if (grad.size() != param.size()) throw error(GLISSADE_BAD_N, "grad is not as long as param");
    if (steps_ != 0) throw error(GLISSADE_BAD_STEP, "an array was added after the first step");
    entry e{param, grad, group, optimizer<Options>(param.size(), *groups_.at(group))};
    tensors_.reserve(entries_.size() + 1);
    entries_.push_back(std::move(e));
    tensors_.push_back(tensor_of(entries_.back()));
    return entries_.size() - 1;
  }

  // Takes the next step on all arrays. Throws `error`, with the step not counted and nothing changed.
  void step() {
    count(1);
    finish(functions<Options>::step_many(groups_[0].get(), tensors_.size(), tensors_.data()));
  }

  struct clipped_step {
    bool taken;  // false: a gradient was not finite; nothing was changed and the step is not counted
    double norm; // of all gradients, after their scaling by grad_scale
  };
  // The same with the gradients clipped to a norm of max_norm, and left alone where one is not finite.
  clipped_step step_clipped(double max_norm) {
    clipped_step result{true, 0};
    count(1);
    const auto status = functions<Options>::step_many_clipped(groups_[0].get(), tensors_.size(),
                                                              tensors_.data(), max_norm, &result.norm);
    result.taken = status == GLISSADE_OK;
    if (status == GLISSADE_NOT_FINITE)
      count(-1);
    else
      finish(status);
    return result;
  }

  // The options of a group may be changed between steps, as those of `optimizer`.
  Options &options(std::size_t group = 0) { return *groups_.at(group); }
  std::size_t size() const noexcept { return entries_.size(); }
  std::int64_t steps() const noexcept { return steps_; }
  std::span<float> state(std::size_t array, std::size_t i) { return entries_.at(array).owner.state(i); }

  // Writes the number of steps, the options and the state; the parameters are the caller's to save.
  // docs/state.md describes the format. Throws state_error if the stream fails.
  void save(std::ostream &to) const {
    writer w{to};
    w.header(name(), groups_.size(), entries_.size(), steps_);
    for (const auto &group : groups_)
      w.words(bytes_of(*group).data(), sizeof(Options));
    for (const entry &e : entries_) {
      w.number(e.param.size());
      w.number(e.group);
      for (std::size_t i = 0; i < states; ++i) {
        const auto state = e.owner.state(i);
        w.number(state.size());
        w.words(state.data(), state.size_bytes());
      }
    }
    w.number(w.sum.value());
    if (!to.flush()) throw state_error("could not be written");
  }

  // Takes back what save() wrote for a model with the same arrays in the same groups; `threads` stays as it
  // is. Throws state_error, with nothing changed, for a stream that ends early, is of another format,
  // optimizer or model, or was altered.
  void restore(std::istream &from) {
    reader r{from};
    const std::int64_t steps = r.header(name(), groups_.size(), entries_.size());
    std::vector<Options> groups(groups_.size());
    for (Options &o : groups) {
      r.words(&o, sizeof o);
      if (o.struct_size != sizeof o) throw state_error("has other options than this version of glissade");
      o.threads = groups_[std::size_t(&o - groups.data())]->threads;
    }
    std::vector<std::vector<float>> arrays;
    for (const entry &e : entries_) {
      r.expect(e.param.size(), "is of a model with arrays of other sizes");
      r.expect(e.group, "is of a model with other groups");
      for (std::size_t i = 0; i < states; ++i) {
        r.expect(e.owner.state(i).size(), "has other state arrays than these options need");
        arrays.emplace_back(e.owner.state(i).size());
        r.words(arrays.back().data(), arrays.back().size() * sizeof(float));
      }
    }
    r.expect(r.sum.value(), "was altered: its checksum is wrong");

    steps_ = steps;
    for (std::size_t g = 0; g < groups.size(); ++g)
      *groups_[g] = groups[g];
    for (std::size_t k = 0; k < arrays.size(); ++k) // into the same pages, which lie near their threads
      std::copy(arrays[k].begin(), arrays[k].end(), entries_[k / states].owner.state(k % states).begin());
  }

private:
  struct entry {
    std::span<float> param;
    std::span<const float> grad;
    std::size_t group;
    optimizer<Options> owner; // of the state only
  };

  static constexpr std::uint32_t version = 1, byte_order = 0x01020304;

  struct writer {
    std::ostream &to;
    checksum sum = {};

    void words(const void *data, std::size_t bytes) {
      sum.add(data, bytes);
      to.write(static_cast<const char *>(data), static_cast<std::streamsize>(bytes));
    }
    void number(std::uint64_t x) { words(&x, sizeof x); }
    void header(const std::array<char, 16> &name, std::size_t groups, std::size_t arrays,
                std::int64_t steps) {
      words("glissade", 8);
      words(&version, sizeof version);
      words(&byte_order, sizeof byte_order);
      words(name.data(), name.size());
      number(sizeof(Options));
      number(groups);
      number(arrays);
      number(static_cast<std::uint64_t>(steps));
    }
  };

  struct reader {
    std::istream &from;
    checksum sum = {};

    void words(void *data, std::size_t bytes) {
      from.read(static_cast<char *>(data), static_cast<std::streamsize>(bytes));
      if (!from || static_cast<std::size_t>(from.gcount()) != bytes) throw state_error("ends too early");
      sum.add(data, bytes);
    }
    void expect(std::uint64_t expected, const char *otherwise) {
      std::uint64_t x;
      words(&x, sizeof x);
      if (x != expected) throw state_error(otherwise);
    }
    std::int64_t header(const std::array<char, 16> &name, std::size_t groups, std::size_t arrays) {
      std::array<char, 8> magic;
      words(magic.data(), magic.size());
      if (std::memcmp(magic.data(), "glissade", 8) != 0) throw state_error("is no state of glissade");
      std::uint32_t numbers[2];
      words(numbers, sizeof numbers);
      if (numbers[1] != byte_order) throw state_error("was written by a machine of another byte order");
      if (numbers[0] != version) throw state_error("is of another version of the format");
      std::array<char, 16> theirs;
      words(theirs.data(), theirs.size());
      if (theirs != name) throw state_error("is of another optimizer");
      expect(sizeof(Options), "has other options than this version of glissade");
      expect(groups, "is of a model with another number of groups");
      expect(arrays, "is of a model with another number of arrays");
      std::int64_t steps;
      words(&steps, sizeof steps);
      return steps;
    }
  };

  static std::array<char, 16> name() {
    std::array<char, 16> padded{};
    std::strncpy(padded.data(), functions<Options>::name, padded.size());
    return padded;
  }

  // With zeros where the struct has a gap, so that equal models make equal files.
  static std::array<char, sizeof(Options)> bytes_of(const Options &options) {
    constexpr std::size_t gap = offsetof(Options, threads) + sizeof(int), step = offsetof(Options, step);
    static_assert(step - gap < alignof(std::int64_t));
    std::array<char, sizeof(Options)> bytes;
    std::memcpy(bytes.data(), &options, bytes.size());
    std::fill(bytes.begin() + gap, bytes.begin() + step, char{0});
    return bytes;
  }

  tensor tensor_of(entry &e) const {
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
      float *const at[] = {e.owner.state(i).data()...};
      return functions<Options>::tensor_of(e.param.size(), e.param.data(), e.grad.data(), at,
                                           groups_[e.group].get());
    }
    (std::make_index_sequence<states>());
  }

  void count(int more) {
    steps_ += more;
    for (const auto &group : groups_)
      group->step = steps_;
  }
  void finish(glissade_status status) {
    if (status == GLISSADE_OK) return;
    count(-1);
    throw error(status);
  }

  std::int64_t steps_ = 0;
  std::vector<std::unique_ptr<Options>> groups_; // the tensors point to them
  std::vector<entry> entries_;
  std::vector<tensor> tensors_;
};

} // namespace glissade

#endif
