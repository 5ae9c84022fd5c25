// The bytes of a saved model: docs/state.md describes them.
#if __cplusplus < 202002L
#  error "glissade/state.hpp needs C++20; older C++ includes glissade/glissade.h"
#elif !defined(GLISSADE_STATE_HPP)
#  define GLISSADE_STATE_HPP

#  include "checksum.hpp"
#  include "parameter.hpp"
#  include <istream>
#  include <ostream>
#  include <string_view>
#  include <type_traits>
#  include <vector>

namespace glissade {

// A stream that could not be written, or that is not a state of this model.
class state_error : public std::runtime_error {
public:
  explicit state_error(const std::string &what) : std::runtime_error("glissade: the saved state " + what) {}
};

// What a saved model is but for the elements of its arrays.
template <class Options>
struct outline {
  struct array {
    std::size_t n, group;
    std::int64_t steps;
    unsigned slots; // those that are saved: bit `slot`
    std::array<int, parameter<Options>::slots> types;
  };
  bool stored = false; // or all of floats, and then there is no seed
  std::int64_t steps = 0;
  std::uint64_t seed = 0;
  std::vector<Options> groups; // whose threads and step say nothing
  std::vector<array> arrays;
  std::uint64_t sum = 0;
};

inline constexpr std::int64_t most_steps = INT64_MAX / 2;

namespace saved {

inline constexpr std::size_t name_size = 32, optimizer_name_size = 16;
inline constexpr std::size_t piece = 1 << 17; // bytes, which stay in a cache from stream to checksum
inline constexpr std::uint32_t last_version = 3, version_of_floats = 2;

template <class Options>
std::string_view name_of(std::size_t slot) {
  if (slot == 0) return "param";
  return slot <= functions<Options>::states ? functions<Options>::state_names[slot - 1] : "remainder";
}

// The bytes of an array: its elements, and the scales of Q8. The remainders of split are an array of their own.
struct byte_count {
  std::size_t element, elements, scales;
};
inline byte_count bytes_of(int type, std::size_t n) {
  std::size_t one = 0, all = 0, extra = 0;
  check(glissade_state_bytes(type, 1, &one, nullptr));
  check(glissade_state_bytes(type, n, &all, &extra));
  return {one, all, type == GLISSADE_SPLIT ? 0 : extra};
}

// Elements from the byte order of the machine to that of the file, and back.
inline void turn(unsigned char *at, std::size_t bytes, std::size_t element) {
  if (std::endian::native != std::endian::little)
    for (std::size_t i = 0; i < bytes; i += element)
      std::reverse(at + i, at + i + element);
}

// Calls visit(name, field) for every option that is saved.
template <class Options, class Visit>
void for_options(Options &o, const Visit &visit) {
#  define GLISSADE_OPTION(name, NAME, values)                                                                \
    if constexpr (requires { o.name; })                                                                      \
      if (std::string_view(#name) != "threads" && std::string_view(#name) != "step") visit(#name, o.name);
#  include "options.inc"
}

// While it lives, a fault of the stream is seen in its state but not thrown.
class quiet {
public:
  explicit quiet(std::ios &stream) : stream_(stream), thrown_(stream.exceptions()) {
    stream.exceptions(std::ios::goodbit);
  }
  quiet(const quiet &) = delete;
  ~quiet() {
    try {
      stream_.exceptions(thrown_);
    } catch (...) { // of what the caller learns by a state_error
    }
  }

private:
  std::ios &stream_;
  std::ios::iostate thrown_;
};

struct writer {
  std::ostream &to;
  checksum sum = {};

  void bytes(const void *data, std::size_t n) {
    sum.add(data, n);
    to.write(static_cast<const char *>(data), static_cast<std::streamsize>(n));
  }
  void number(std::uint64_t x) {
    x = little(x);
    bytes(&x, sizeof x);
  }
  void name(std::string_view text, std::size_t size) {
    char padded[name_size] = {};
    text.copy(padded, size);
    bytes(padded, size);
  }
  void array(const glissade_array &from, std::size_t n) {
    const auto [element, elements, scales] = bytes_of(from.type, n);
    auto at = static_cast<const unsigned char *>(from.data);
    std::vector<unsigned char> turned;
    for (std::size_t left = elements; left != 0; left -= turned.size(), at += turned.size()) {
      turned.assign(at, at + std::min(left, piece));
      turn(turned.data(), turned.size(), element);
      bytes(turned.data(), turned.size());
    }
    if (scales != 0) bytes(from.extra, scales);
  }
};

struct reader {
  std::istream &from;
  std::uint32_t version = 0;
  checksum sum = {};
  std::uint64_t first_sum = 0xcbf29ce484222325;
  std::vector<unsigned char> passed = {};

  explicit reader(std::istream &stream) : from(stream) {
    char begins[16];
    take(begins, sizeof begins);
    if (std::memcmp(begins, "glissade", 8) != 0) throw state_error("is no state of glissade");
    std::uint32_t numbers[2];
    std::memcpy(numbers, begins + 8, sizeof numbers);
    version = little(numbers[0]);
    if (version < version_of_floats || version > last_version || little(numbers[1]) != 0x01020304) {
      if (numbers[1] != 0x01020304) throw state_error("was written by a machine of another byte order");
      if (numbers[0] != 1) throw state_error("is of another version of the format");
      version = 1;
    }
    add(begins, sizeof begins);
  }

  void take(void *to, std::size_t n) {
    from.read(static_cast<char *>(to), static_cast<std::streamsize>(n));
    if (!from || static_cast<std::size_t>(from.gcount()) != n) throw state_error("ends too early");
  }
  void add(const void *data, std::size_t n) {
    if (version > 1) return sum.add(data, n);
    for (std::size_t i = 0; i < n; i += 4) { // FNV-1a with a word in place of the byte
      std::uint32_t word;
      std::memcpy(&word, static_cast<const char *>(data) + i, sizeof word);
      first_sum = (first_sum ^ word) * 0x100000001b3;
    }
  }
  void bytes(void *to, std::size_t n) {
    take(to, n);
    add(to, n);
  }
  std::uint64_t number() {
    std::uint64_t x;
    bytes(&x, sizeof x);
    return version == 1 ? x : little(x);
  }
  void expect(std::uint64_t expected, const char *otherwise) {
    if (number() != expected) throw state_error(otherwise);
  }
  std::string name(std::size_t size) {
    char text[name_size];
    bytes(text, size);
    return std::string(text, std::find(text, text + size, '\0'));
  }
  // Without data to write to, passes over it.
  void array(const glissade_array &to, std::size_t n) {
    const auto [element, elements, scales] = bytes_of(to.type, n);
    pieces(static_cast<unsigned char *>(to.data), elements, element);
    const int binades = to.type == GLISSADE_Q8_SIGNED ? 16 : 32;
    pieces(to.data ? static_cast<unsigned char *>(to.extra) : nullptr, scales, 1, 255 - binades);
  }
  void pieces(unsigned char *to, std::size_t n, std::size_t element, int largest = 255) {
    if (!to) passed.resize(std::min(n, piece));
    for (std::size_t k; n != 0; n -= k, to += to ? k : 0) {
      k = std::min(n, piece);
      unsigned char *at = to ? to : passed.data();
      bytes(at, k);
      if (largest < 255 && std::any_of(at, at + k, [=](int scale) { return scale > largest; }))
        throw state_error("is impossible: it has a scale of Q8 that is none");
      if (version > 1) turn(at, k, element);
    }
  }

  // One past the last for a name that is none.
  template <class Options>
  std::size_t slot() {
    const std::string found = name(name_size);
    std::size_t slot = 0;
    while (slot < parameter<Options>::slots && found != name_of<Options>(slot))
      ++slot;
    return slot;
  }
  template <class Options>
  Options options() {
    Options o{};
    for (std::uint64_t count = number(); count > 0; --count) {
      const std::string field = name(name_size);
      const std::uint64_t bits = number();
      bool known = bits == 0;
      for_options(o, [&](const char *name, auto &value) {
        if (name != field) return;
        known = true;
        if constexpr (std::is_same_v<decltype(value), double &>)
          value = std::bit_cast<double>(bits);
        else if (const auto whole = static_cast<std::int64_t>(bits); std::in_range<int>(whole))
          value = static_cast<int>(whole);
        else
          throw state_error("has an impossible " + field);
      });
      if (!known) throw state_error("has an option that this version of glissade does not know: " + field);
    }
    return o;
  }
  // Version 1 has the struct of its time.
  template <class Options>
  Options first_options(std::size_t size) {
    Options o{};
    constexpr const char *other = "has other options than this version of glissade";
    if (size > sizeof o || size % sizeof size != 0) throw state_error(other);
    bytes(&o, size);
    if (o.struct_size != size ||
        functions<Options>::check(&o, 0, nullptr, nullptr) == GLISSADE_BAD_STRUCT_SIZE)
      throw state_error(other);
    return o;
  }
};

} // namespace saved

// Writes a model; array_of(array, slot) is what lies there.
template <class Options, class Arrays>
void write_state(std::ostream &to, const outline<Options> &model, const Arrays &array_of) {
  const saved::quiet here(to);
  saved::writer w{to};
  w.bytes("glissade", 8);
  for (const std::uint32_t number :
       {model.stored ? saved::last_version : saved::version_of_floats, 0x01020304u}) {
    const std::uint32_t turned = little(number);
    w.bytes(&turned, sizeof turned);
  }
  w.name(functions<Options>::name, saved::optimizer_name_size);
  w.number(model.groups.size());
  w.number(model.arrays.size());
  w.number(static_cast<std::uint64_t>(model.steps));
  if (model.stored) w.number(model.seed);
  for (const Options &group : model.groups) {
    std::vector<std::pair<std::string_view, std::uint64_t>> values;
    saved::for_options(group, [&](const char *name, auto value) {
      if constexpr (std::is_same_v<decltype(value), double>)
        values.emplace_back(name, std::bit_cast<std::uint64_t>(value));
      else
        values.emplace_back(name, static_cast<std::uint64_t>(std::int64_t{value}));
      if (values.back().second == 0) values.pop_back(); // as what later versions may add
    });
    w.number(values.size());
    for (const auto &[name, value] : values) {
      w.name(name, saved::name_size);
      w.number(value);
    }
  }
  for (std::size_t k = 0; k < model.arrays.size(); ++k) {
    const auto &array = model.arrays[k];
    w.number(array.n);
    w.number(array.group);
    w.number(static_cast<std::uint64_t>(array.steps));
    w.number(static_cast<std::uint64_t>(std::popcount(array.slots)));
    for (std::size_t slot = 0; slot < parameter<Options>::slots; ++slot)
      if (array.slots >> slot & 1) {
        w.name(saved::name_of<Options>(slot), saved::name_size);
        if (model.stored) w.number(static_cast<std::uint64_t>(array.types[slot]));
        w.array(array_of(k, slot), array.n);
      }
  }
  w.number(w.sum.value());
  if (!to.flush()) throw state_error("could not be written");
}

// Throws state_error for what no model can be: options out of range or without their arrays, too many steps.
template <class Options>
void require_possible(const outline<Options> &found) {
  static constexpr std::size_t states = functions<Options>::states;
  const auto require = [](Options next, std::int64_t steps, std::size_t n, unsigned slots) {
    if (steps < 0 || steps > most_steps) throw state_error("has an impossible number of steps");
    next.step = steps + 1;
    float floats[states + 2] = {}, *at[states];
    for (std::size_t i = 0; i < states; ++i)
      at[i] = slots >> (i + 1) & 1 ? &floats[i] : nullptr;
    const auto one = functions<Options>::tensor_of(n, &floats[states], &floats[states + 1], at, nullptr);
    if (const auto status = functions<Options>::check(&next, 1, &one, nullptr))
      throw state_error(std::string("is impossible: ") + glissade_status_message(status));
  };
  for (const Options &group : found.groups)
    require(group, found.steps, 0, 0);
  for (const auto &array : found.arrays)
    require(found.groups[array.group], array.steps, array.n != 0, array.slots);
}

// Reads what was written of a model like this one; place(array, slot) is where the elements of an array go,
// without data if they go nowhere. Throws state_error for a stream that ends early, is of another model, or was
// altered, and for a state that no model can be in.
template <class Options, class Place>
outline<Options> read_state(std::istream &from, const outline<Options> &like, const Place &place) {
  constexpr std::size_t states = functions<Options>::states;
  constexpr const char *other_arrays = "has other state arrays than these options need";
  saved::reader r(from);
  const bool first = r.version == 1;
  if (r.name(saved::optimizer_name_size) != functions<Options>::name)
    throw state_error("is of another optimizer");
  const std::size_t options_size = first ? r.number() : 0;
  r.expect(like.groups.size(), "is of a model with another number of groups");
  r.expect(like.arrays.size(), "is of a model with another number of arrays");
  outline<Options> found;
  found.steps = static_cast<std::int64_t>(r.number());
  found.stored = r.version == saved::last_version;
  if (found.stored) found.seed = r.number();
  for (const Options &group : like.groups) {
    Options o = first ? r.template first_options<Options>(options_size) : r.template options<Options>();
    o.struct_size = sizeof o;
    o.threads = group.threads;
    o.step = 0;
    found.groups.push_back(o);
  }
  for (std::size_t k = 0; k < like.arrays.size(); ++k) {
    const auto &own = like.arrays[k];
    typename outline<Options>::array array{own.n, own.group, found.steps, 0, own.types};
    r.expect(own.n, "is of a model with arrays of other sizes");
    r.expect(own.group, "is of a model with other groups");
    if (!first) array.steps = static_cast<std::int64_t>(r.number());
    for (std::uint64_t i = 0, count = first ? states : r.number(); i < count; ++i) {
      const std::size_t slot = first ? i + 1 : r.template slot<Options>();
      const std::uint64_t n = first ? r.number() : own.n;
      if (first && n == 0) continue;
      if (n != own.n || !((own.slots | 1) >> slot & 1) || array.slots >> slot & 1)
        throw state_error(other_arrays);
      const std::uint64_t type = found.stored ? r.number() : std::uint64_t{GLISSADE_FLOAT32};
      if (type != static_cast<std::uint64_t>(own.types[slot]))
        throw state_error("has arrays that are stored in other types than this model's");
      array.slots |= 1u << slot;
      r.array(place(k, slot), own.n);
    }
    if ((array.slots | 1) != (own.slots | 1)) throw state_error(other_arrays);
    found.arrays.push_back(array);
  }
  found.sum = first ? r.first_sum : r.sum.value();
  r.expect(found.sum, "was altered: its checksum is wrong");
  require_possible(found);
  return found;
}

} // namespace glissade

#endif
