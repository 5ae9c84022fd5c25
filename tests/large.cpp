// Arrays of more than 2^31 and 2^32 elements in the memory of a few, and sizes up to the largest that there are.
#include "check.hpp"
#include "family.hpp"
#include "parallel.hpp"
#include <cerrno>
#include <memory>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace {

// Elements; a multiple of the blocks of the norm. The number of mappings of a process is limited to 65,530.
constexpr std::size_t window = std::size_t(1) << 19, tail = 12345;

// `times` copies of the same window, one after the other, then a tail of its own memory.
class windows {
public:
  explicit windows(std::size_t times) : bytes_((times + 1) * window * sizeof(float)), tail_(times * window) {
    at_ = static_cast<float *>(map(nullptr, bytes_, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1));
    const int file = memfd_create("window", 0);
    constexpr std::size_t size = window * sizeof(float);
    require(file >= 0 && ftruncate(file, size) == 0);
    for (std::size_t i = 0; i < times; ++i)
      map(at_ + i * window, size, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file);
    close(file);
  }
  ~windows() { munmap(at_, bytes_); }
  windows(const windows &) = delete;

  float *at() const { return at_; }
  float *at_tail() const { return at_ + tail_; }

private:
  // Where there is no memory file or not the address space, this cannot be tested: that is a failure too.
  static void require(bool done) {
    if (!done) throw std::system_error(errno, std::generic_category(), "windows");
  }
  static void *map(void *at, std::size_t bytes, int flags, int file) {
    void *mapped = mmap(at, bytes, PROT_READ | PROT_WRITE, flags, file, 0);
    require(mapped != MAP_FAILED);
    return mapped;
  }

  std::size_t bytes_, tail_;
  float *at_;
};

// One step on all of it is `times` steps on one window and one on the tail. The tail is its own memory since a kernel
// reads the last register first.
template <class rule>
void compare(std::size_t times) {
  constexpr std::size_t count = family::array_count<rule>;
  family::options_of<rule> o = glissade::functions<family::options_of<rule>>::defaults;
  o.step = 2;
  o.threads = 1; // the windows are the same memory
  family::arrays<rule> expected(window, family::ordinary_float, 3),
      expected_tail(tail, family::ordinary_float, 5);
  std::vector<std::unique_ptr<windows>> memory;
  std::array<float *, count> at;
  for (std::size_t k = 0; k < count; ++k) {
    at[k] = nullptr;
    if (!glissade::uses<rule>(glissade::mode_of<rule>(o), k)) continue;
    const auto &mapped = *memory.emplace_back(std::make_unique<windows>(times));
    at[k] = mapped.at();
    std::copy_n(expected.array(k), window, mapped.at());
    std::copy_n(expected_tail.array(k), tail, mapped.at_tail());
  }
  REQUIRE(family::step<rule>(o, times * window + tail, at.data()) == GLISSADE_OK);
  const auto one = expected.at(), last = expected_tail.at();
  for (std::size_t i = 0; i < times; ++i)
    REQUIRE(family::step<rule>(o, window, one.data()) == GLISSADE_OK);
  REQUIRE(family::step<rule>(o, tail, last.data()) == GLISSADE_OK);
  for (std::size_t k = 0; k < count; ++k)
    if (at[k]) {
      INFO("array " << k);
      CHECK(family::first_difference(at[k], expected.array(k), window) == window);
      CHECK(family::first_difference(at[k] + times * window, expected_tail.array(k), tail) == tail);
    }
}

constexpr std::size_t windows_of(std::size_t elements) { return elements / window; }

} // namespace

TEMPLATE_LIST_TEST_CASE("more than 2^31 elements", "[.large]", family::all) {
  compare<TestType>(windows_of(std::size_t(1) << 31));
}

TEST_CASE("more than 2^32 elements", "[.large]") {
  compare<glissade::rules::sgd>(windows_of(std::size_t(1) << 32));
}

TEST_CASE("the norm of more than 2^32 elements", "[.large]") {
  constexpr std::size_t times = windows_of(std::size_t(1) << 32);
  const windows all(times);
  for (std::size_t i = 0; i < window; ++i)
    all.at()[i] = family::ordinary_float(family::mixed(static_cast<std::uint32_t>(i)));
  std::fill_n(all.at_tail(), tail, 3.f);
  const glissade_grad whole = family::gradient(times * window + tail, all.at());
  std::vector<glissade_grad> parts(times, family::gradient(window, all.at()));
  parts.push_back(family::gradient(tail, all.at_tail()));
  glissade_norm got = family::no_norm, expected = got;
  REQUIRE(glissade_grad_norm(1, &whole, 0, &got) == GLISSADE_OK);
  REQUIRE(glissade_grad_norm(parts.size(), parts.data(), 1, &expected) == GLISSADE_OK);
  CHECK(got.norm == expected.norm);
  CHECK(got.max_abs == expected.max_abs);
}

TEST_CASE("chunks of any number cover it once and are equal within one", "[cut]") {
  const std::size_t most_floats = PTRDIFF_MAX / sizeof(float);
  for (const std::size_t n : {std::size_t(0), std::size_t(1), std::size_t(17), (std::size_t(1) << 32) + 1,
                              most_floats, SIZE_MAX - 1, SIZE_MAX})
    for (const std::size_t chunks : {1u, 2u, 3u, 7u, 64u, 1024u, 4097u}) {
      CHECK(glissade::cut(n, 0, chunks) == 0);
      CHECK(glissade::cut(n, chunks, chunks) == n);
      for (std::size_t i = 0; i < chunks; ++i) {
        const std::size_t begin = glissade::cut(n, i, chunks), end = glissade::cut(n, i + 1, chunks);
        if (end < begin || end - begin < n / chunks || end - begin - n / chunks > 1)
          FAIL(n << " in " << chunks << ": chunk " << i << " is " << begin << " to " << end);
      }
    }
}

TEST_CASE("lines hold all floats up to the largest size", "[cut]") {
  using glissade::line;
  CHECK(glissade::lines_of(0) == 0);
  for (const std::size_t n :
       {std::size_t(1), line - 1, line, line + 1, SIZE_MAX - line, SIZE_MAX - 1, SIZE_MAX}) {
    const std::size_t lines = glissade::lines_of(n), full = lines - 1;
    CHECK(full <= (SIZE_MAX - 1) / line);
    CHECK(full * line < n);
    CHECK(n - full * line <= line);
  }
}

TEST_CASE("no more floats fit in memory than a pointer difference can span", "[cut]") {
  CHECK(glissade::fits_in_memory(0));
  CHECK(glissade::fits_in_memory(PTRDIFF_MAX / sizeof(float)));
  CHECK(!glissade::fits_in_memory(PTRDIFF_MAX / sizeof(float) + 1));
  CHECK(!glissade::fits_in_memory(SIZE_MAX));
}

TEST_CASE("the chunks of a list cover each tensor once", "[cut]") {
  struct sized {
    std::size_t n, index;
    const void *storage = nullptr;
  };
  const std::size_t half = PTRDIFF_MAX / sizeof(float) / 2;
  const std::vector<std::vector<std::size_t>> lists = {{},
                                                       {0},
                                                       {1},
                                                       {16, 17, 0, 15, 33},
                                                       {half - 100, 5, half - 200},
                                                       {half, 1, 0, (std::size_t(1) << 32) + 3}};
  for (const auto &sizes : lists) {
    const auto list = [&](std::size_t i) { return sized{sizes[i], i}; };
    std::size_t lines = 0;
    for (const std::size_t n : sizes)
      lines += glissade::lines_of(n);
    for (const std::size_t chunks : {1u, 2u, 3u, 64u}) {
      std::vector<std::pair<std::size_t, std::size_t>>
          visited; // the size of a tensor, and how far it is done
      for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
        std::size_t done = 0;
        const std::size_t first = glissade::cut(lines, chunk, chunks),
                          last = glissade::cut(lines, chunk + 1, chunks);
        glissade::for_lines(sizes.size(), list, first, last,
                            [&](const sized &t, std::size_t begin, std::size_t end, const sized *next) {
                              if (next) CHECK(next->index == t.index + 1);
                              if (chunks == 1) CHECK((next != nullptr) == (t.index + 1 < sizes.size()));
                              if (begin == 0) visited.push_back({t.n, 0});
                              REQUIRE(!visited.empty());
                              CHECK((visited.back().first == t.n && visited.back().second == begin &&
                                     begin < end && end <= t.n));
                              visited.back().second = end;
                              done += glissade::lines_of(end - begin);
                            });
        CHECK(done == last - first);
      }
      std::vector<std::pair<std::size_t, std::size_t>> all;
      for (const std::size_t n : sizes)
        if (n) all.push_back({n, n});
      CHECK(visited == all);
    }
  }
}
