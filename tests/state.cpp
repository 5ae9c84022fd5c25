// The bytes of a saved model: kept files, impossible states, and every kind of stream.
#include "family.hpp"
#include "kept_model.hpp"
#include "sealed.hpp"
#include <fstream>
#include <set>

namespace {

using rmsprop = kept_model<glissade_rmsprop>;

std::string file_of(const std::string &name) { return std::string(TEST_FOLDER) + "/states/" + name; }
bool is_kept(const std::string &name) { return std::ifstream(file_of(name)).good(); }
std::string kept(const std::string &name) {
  std::ifstream file(file_of(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The same for version 1.
std::string sealed_1(std::string bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < bytes.size() - 8; i += 4) {
    std::uint32_t word;
    std::memcpy(&word, bytes.data() + i, 4);
    sum = (sum ^ word) * 0x100000001b3;
  }
  std::memcpy(bytes.data() + bytes.size() - 8, &sum, 8);
  return bytes;
}

template <class T>
std::string with(std::string bytes, std::size_t at, T value) {
  const std::uint64_t bits = glissade::little(std::bit_cast<std::uint64_t>(value));
  std::memcpy(bytes.data() + at, &bits, 8);
  return bytes;
}
std::size_t value_of(const std::string &bytes, const std::string &option) {
  const auto at = bytes.find(option + std::string(32 - option.size(), '\0'));
  REQUIRE(at != std::string::npos);
  return at + 32;
}

template <class Model>
std::string refusal(Model &m, std::istream &stream) {
  const std::string before = m.saved();
  const auto params = m.a;
  std::string what;
  try {
    m.model.restore(stream);
  } catch (const glissade::state_error &e) {
    what = e.what();
  }
  CHECK((m.saved() == before && m.a == params));
  return what;
}
template <class Model>
std::string refusal(Model &m, const std::string &bytes) {
  std::istringstream stream(bytes);
  return refusal(m, stream);
}
#define REFUSED(model, bytes, because)                                                                       \
  do {                                                                                                       \
    const std::string what = refusal(model, bytes);                                                          \
    CAPTURE(what);                                                                                           \
    CHECK(what.find(because) != std::string::npos);                                                          \
  } while (false)

// A stream that notes where it is read to, and that may be unable to seek, or read otherwise the second time.
class watched : public std::stringbuf {
public:
  explicit watched(const std::string &bytes) : std::stringbuf(bytes, std::ios::in) {}
  bool seekable = true, tells = true;
  std::string second = {};
  std::vector<std::pair<const char *, std::streamsize>> reads;

protected:
  std::streamsize xsgetn(char *to, std::streamsize n) override {
    reads.emplace_back(to, n);
    return std::stringbuf::xsgetn(to, n);
  }
  pos_type seekoff(off_type by, std::ios::seekdir from, std::ios::openmode mode) override {
    return tells ? std::stringbuf::seekoff(by, from, mode) : pos_type(-1);
  }
  pos_type seekpos(pos_type to, std::ios::openmode mode) override {
    if (++sought_ == 2) std::copy(second.begin(), second.end(), eback()); // the first asks whether it can be
    return seekable ? std::stringbuf::seekpos(to, mode) : pos_type(-1);
  }

private:
  int sought_ = 0;
};

} // namespace

TEMPLATE_LIST_TEST_CASE("the saved states of both versions are what they were", "[state]", family::all) {
  using options = family::options_of<TestType>;
  const std::string name = family::name_of<TestType>;
  kept_model<options> trained, first, second;
  trained.model.step();
  trained.model.step();
  const std::string bytes = kept(name + ".2");
  CHECK((trained.saved() == bytes));
  const bool reads_first = std::endian::native == std::endian::little && is_kept(name + ".1");
  if (reads_first) {
    std::istringstream stream(kept(name + ".1"));
    first.model.restore(stream);
    CHECK((first.saved() == bytes && first.model.steps() == 2));
    first.a = trained.a, first.b = trained.b;
    first.model.step();
  }
  std::istringstream stream(bytes);
  second.model.restore(stream);
  CHECK((second.saved() == bytes));
  trained.model.step();
  if (reads_first) CHECK((first.saved() == trained.saved() && first.a == trained.a && first.b == trained.b));
}

TEST_CASE("the nine optimizers of the first version are kept in it", "[state]") {
  for (const char *name :
       {"rmsprop", "adagrad", "adadelta", "sgd", "adam", "lion", "adamax", "nadam", "radam"})
    CHECK(is_kept(name + std::string(".1")));
}

// For a new optimizer, or a new version of the format.
TEMPLATE_LIST_TEST_CASE("write the saved states that are kept", "[.write-states]", family::all) {
  kept_model<family::options_of<TestType>> m;
  m.model.step();
  m.model.step();
  std::ofstream(file_of(std::string(family::name_of<TestType>) + ".2"), std::ios::binary) << m.saved();
}

TEST_CASE("the checksum is XXH64", "[state]") {
  const auto sum = [](const std::string &text, std::size_t piece) {
    glissade::checksum c;
    for (std::size_t i = 0; i < text.size(); i += piece)
      c.add(text.data() + i, std::min(piece, text.size() - i));
    return c.value();
  };
  for (const std::size_t piece : {1, 7, 32, 40, 1000}) {
    CHECK(sum("", piece) == 0xef46db3751d8e999);
    CHECK(sum("a", piece) == 0xd24ec4f1a98c6e5b);
    CHECK(sum("abc", piece) == 0x44bc2cf5ad770999);
    CHECK(sum("Nobody inspects the spammish repetition", piece) == 0xfbcea83c8a378bf1);
  }
}

TEST_CASE("a state that no model can be in is refused", "[state]") {
  rmsprop m;
  m.model.step();
  const std::string good = m.saved();
  constexpr std::size_t steps = 48;
  const std::size_t own_steps = good.find("square_avg") - 16;
  for (const std::int64_t wrong : {INT64_MAX, INT64_MAX / 2 + 1, std::int64_t(-1), INT64_MIN}) {
    REFUSED(m, sealed(with(good, steps, wrong)), "impossible number of steps");
    REFUSED(m, sealed(with(good, own_steps, wrong)), "impossible number of steps");
  }
  for (const double wrong : {std::nan(""), -1., double(INFINITY)}) {
    REFUSED(m, sealed(with(good, value_of(good, "lr"), wrong)), "lr must be");
    REFUSED(m, sealed(with(good, good.rfind("lr\0\0", std::string::npos, 4) + 32, wrong)), "lr must be");
  }
  REFUSED(m, sealed(with(good, value_of(good, "alpha"), 2.)), "alpha must be");
  REFUSED(m, sealed(with(good, value_of(good, "centered"), std::int64_t(2))), "centered must be");
  REFUSED(m, sealed(with(good, value_of(good, "centered"), INT64_MAX)), "impossible centered");
  REFUSED(m,
          sealed(good.substr(0, good.find("grad_scale")) + "lr_of_tomorrow" +
                 good.substr(good.find("grad_scale") + 14)),
          "does not know: lr_of_tomorrow");

  kept_model<glissade_adam> needs;
  std::string without = needs.saved();
  glissade_adam frugal = GLISSADE_ADAM_TORCH;
  std::vector<float> param(3), grad(3);
  struct {
    glissade::model<glissade_adam> model;
    std::vector<float> a;
    std::string saved() const {
      std::ostringstream stream;
      model.save(stream);
      return stream.str();
    }
  } plain{glissade::model<glissade_adam>(frugal), {}};
  plain.model.add(param, grad);
  plain.model.options().amsgrad = 1;
  without = plain.saved();
  plain.model.options().amsgrad = 0;
  REFUSED(plain, without, "max_exp_avg_sq is NULL");

  // An option that is 0 need not be known, one that is missing is 0.
  const auto renamed = [&](const std::string &option) {
    return std::string(good).replace(value_of(good, option) - 32, 8, "tomorro", 8);
  };
  REFUSED(m, sealed(renamed("momentum")), "does not know: tomorro");
  const auto eps = with(renamed("eps"), value_of(good, "eps"), 0.);
  std::istringstream stream(sealed(eps));
  m.model.restore(stream);
  CHECK((m.model.options().eps == 0 && m.model.options(1).eps == 1e-8));
}

TEST_CASE("a state with an array twice, or without one that the model has, is refused", "[state]") {
  kept_model<glissade_adagrad> one;
  const std::string good = one.saved();
  const std::size_t at = good.find("sum\0", 0, 4), size = 32 + one.a.size() * sizeof(float);
  std::string twice = with(good, at - 8, std::int64_t(2));
  twice.insert(at, good.substr(at, size));
  REFUSED(one, sealed(twice), "other state arrays");

  rmsprop more;
  std::vector<float> grad_a(3), grad_b(2);
  glissade::model<glissade_rmsprop> frugal;
  frugal.add(more.a, grad_a);
  frugal.add(more.b, grad_b, frugal.add_group(GLISSADE_RMSPROP_TORCH));
  std::ostringstream fewer;
  frugal.save(fewer);
  REFUSED(more, fewer.str(), "other state arrays");
}

TEST_CASE("so is one of version 1, and a struct of another size", "[state]") {
  if (std::endian::native != std::endian::little) return; // version 1 has the bytes of its machine
  kept_model<glissade_adam> m;
  const std::string good = kept("adam.1");
  const std::size_t size = 32, steps = 56, lr = 72;
  REFUSED(m, sealed_1(with(good, steps, INT64_MAX)), "impossible number of steps");
  REFUSED(m, sealed_1(with(good, lr, std::nan(""))), "lr must be");
  REFUSED(m, sealed_1(with(good, lr + 8, 2.)), "beta1 must be");
  for (const std::uint64_t wrong : {0, 8, 80, 104, 1 << 30})
    REFUSED(m, sealed_1(with(with(good, size, wrong), lr - 8, wrong)), "other options");
  REFUSED(m, sealed_1(with(good, lr - 8, std::uint64_t(80))), "other options");
  REFUSED(m, with(good, lr, .5), "checksum");
  std::string swapped = good;
  std::reverse(swapped.begin() + 8, swapped.begin() + 12);
  std::reverse(swapped.begin() + 12, swapped.begin() + 16);
  REFUSED(m, swapped, "byte order");
}

TEST_CASE("names are compared whole", "[state]") {
  if (std::endian::native != std::endian::little) return; // a state of version 1
  kept_model<glissade_adam> m;
  REFUSED(m, kept("adamax.2"), "another optimizer");
  REFUSED(m, kept("adamax.1"), "another optimizer");
  REFUSED(m, kept("adagrad.2"), "another optimizer");
}

TEST_CASE("the parameters are restored where they were saved", "[state]") {
  rmsprop m, other;
  m.model.step();
  const auto a = m.a, b = m.b;
  std::stringstream stream;
  m.model.save_with_params(stream);
  other.model.restore(stream);
  CHECK((other.a == a && other.b == b && other.saved() == m.saved()));
  std::string altered = stream.str();
  altered[altered.find("param") + 32] ^= 1;
  REFUSED(other, altered, "checksum");
}

TEST_CASE("a stream that throws ends in a state_error too", "[state]") {
  rmsprop m;
  const auto all = std::ios::badbit | std::ios::failbit | std::ios::eofbit;
  const std::string good = m.saved();
  std::istringstream cut(good.substr(0, good.size() - 3)), whole(good);
  cut.exceptions(all);
  REFUSED(m, cut, "ends too early");
  CHECK(cut.exceptions() == all);
  whole.exceptions(all);
  m.model.restore(whole);
  CHECK((whole.exceptions() == all && whole.tellg() == std::istream::pos_type(std::streamoff(good.size()))));
  std::istringstream failed(good);
  failed.setstate(std::ios::failbit);
  REFUSED(m, failed, "ends too early");

  std::ostream nowhere(nullptr);
  CHECK_THROWS_AS(m.model.save(nowhere), glissade::state_error);
  std::ofstream full("/dev/full"); // which tells only when it is flushed
  if (full) CHECK_THROWS_AS(m.model.save(full), glissade::state_error);
  std::ofstream throwing("/dev/full");
  throwing.exceptions(all & ~throwing.rdstate());
  if (throwing) CHECK_THROWS_AS(m.model.save(throwing), glissade::state_error);
}

TEST_CASE("floats are read into place, unless the stream cannot be sought in", "[state]") {
  constexpr std::size_t n = 200000;
  std::vector<float> param(n), grad(n, .5f);
  glissade::model<glissade_adagrad> m, other;
  m.add(param, grad);
  m.step();
  other.add(param, grad);
  std::ostringstream saved;
  m.save(saved);
  const auto state = other.state(0, 0);
  for (const auto &[seekable, tells] : {std::pair(true, true), {false, true}, {false, false}}) {
    other.set_steps(0);
    std::ranges::fill(state, 7.f);
    watched bytes(saved.str());
    bytes.seekable = seekable;
    bytes.tells = tells;
    std::istream stream(&bytes);
    other.restore(stream);
    CHECK((std::ranges::equal(state, m.state(0, 0)) && other.steps() == 1));
    std::streamsize into_place = 0, largest_elsewhere = 0;
    std::set<const char *> buffers;
    const auto first = reinterpret_cast<const char *>(state.data());
    for (const auto &[to, size] : bytes.reads)
      if (std::less_equal<>()(first, to) && std::less<>()(to, first + n * sizeof(float))) {
        into_place += size;
      } else {
        largest_elsewhere = std::max(largest_elsewhere, size);
        if (size > 1000) buffers.insert(to);
      }
    CHECK(into_place == (seekable ? std::streamsize(n * sizeof(float)) : 0));
    CHECK(largest_elsewhere <= 1 << 17);
    CHECK((buffers.size() == 1) == seekable); // one is used again and again
  }
  rmsprop small;
  small.model.step();
  std::string good = small.saved();
  small.model.step();
  good[good.size() - 20] ^= 1;
  watched bytes(good);
  bytes.seekable = bytes.tells = false;
  std::istream stream(&bytes);
  REFUSED(small, stream, "checksum");
}

TEST_CASE("a file that changes while it is read is noticed", "[state]") {
  rmsprop m;
  const std::string fresh = m.saved();
  m.model.step();
  const std::string good = m.saved();
  m.model.step();
  std::string altered = good;
  altered[good.size() - 20] ^= 1;
  for (const std::string &second : {altered, m.saved()}) {
    watched bytes(good);
    bytes.second = second;
    std::istream stream(&bytes);
    CHECK_THROWS_WITH(
        m.model.restore(stream),
        "glissade: the saved state changed while it was read; the model is before its first step");
    CHECK((m.saved() == fresh));
    m.model.step();
  }
}

TEST_CASE("a state is of its groups", "[state]") {
  std::vector<float> a(3), b(3), grad(3);
  const auto model_of = [&](std::size_t first, std::size_t second) {
    glissade::model<glissade_sgd> m;
    m.add_group(GLISSADE_SGD_TORCH);
    m.add(a, grad, first);
    m.add(b, grad, second);
    return m;
  };
  std::stringstream stream;
  model_of(0, 1).save(stream);
  auto other = model_of(1, 0);
  CHECK_THROWS_WITH(other.restore(stream), "glissade: the saved state is of a model with other groups");
}
