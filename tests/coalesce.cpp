// glissade_coalesce: the sums of a plain loop in the order of the occurrences, with any number of threads, in the workspace.
#include "family.hpp"
#include "guarded_pages.hpp"
#include <map>

namespace {

struct input {
  std::size_t width;
  std::vector<std::int64_t> indices;
  std::vector<float> grad;

  input(std::size_t w, std::size_t count, std::int64_t largest, std::uint32_t seed) : width(w) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t random = std::uint64_t(family::mixed(seed + 2 * std::uint32_t(i))) << 32 |
                                   family::mixed(seed + 2 * std::uint32_t(i) + 1);
      indices.push_back(largest == INT64_MAX ? std::int64_t(random >> 1)
                                             : std::int64_t(random % (std::uint64_t(largest) + 1)));
    }
    for (std::size_t i = 0; i < count * width; ++i)
      grad.push_back(family::any_float(family::mixed(seed * 31 + std::uint32_t(i))));
  }
  glissade_rows rows() const { return {sizeof(glissade_rows), width, indices.size(), indices.data(), 0, 0}; }

  std::map<std::int64_t, std::vector<float>> expected() const {
    std::map<std::int64_t, std::vector<float>> sums;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const float *row = grad.data() + i * width;
      auto [at, is_new] = sums.try_emplace(indices[i], row, row + width);
      for (std::size_t k = 0; k < width && !is_new; ++k)
        at->second[k] += row[k];
    }
    return sums;
  }
};

glissade_rows no_rows() { return {sizeof(glissade_rows), 0, 0, nullptr, 0, 0}; }

std::size_t bytes_for(const input &in) {
  std::size_t bytes = 1;
  REQUIRE(glissade_coalesce_bytes(in.width, in.indices.size(), &bytes) == GLISSADE_OK);
  return bytes;
}

void require_sums(const input &in, const glissade_rows &unique, const float *sums) {
  const auto expected = in.expected();
  REQUIRE(unique.struct_size == sizeof unique);
  REQUIRE(unique.width == in.width);
  REQUIRE(unique.count == expected.size());
  std::size_t i = 0;
  for (const auto &[index, row] : expected) {
    REQUIRE(unique.indices[i] == index);
    REQUIRE(family::first_difference(sums + i * in.width, row.data(), in.width) == in.width);
    ++i;
  }
}

} // namespace

TEST_CASE("rows of the same index are added in the order in which they occur", "[coalesce][threads]") {
  std::uint32_t seed = 0;
  for (const std::size_t width : {1u, 3u, 16u, 33u})
    for (const std::size_t count : {0u, 1u, 2u, 7u, 300u, 5000u})
      for (const std::int64_t largest :
           {std::int64_t(0), std::int64_t(9), std::int64_t(255), std::int64_t(256), std::int64_t(70000),
            std::int64_t(1) << 33, INT64_MAX})
        for (const int threads : {0, 1, 3}) {
          const input in(width, count, largest, ++seed);
          CAPTURE(width, count, largest, threads);
          const std::size_t bytes = bytes_for(in), offset = seed % 70;
          const guarded_pages pages((bytes + offset) / sizeof(float) + 1);
          const auto workspace =
              reinterpret_cast<char *>(pages.last(0)) - bytes; // at any address, up to the end
          auto unique = no_rows();
          const float *sums = nullptr;
          const auto rows = in.rows();
          REQUIRE(glissade_coalesce(&rows, in.grad.data(), threads, workspace, bytes, &unique, &sums) ==
                  GLISSADE_OK);
          require_sums(in, unique, sums);
          auto moved = reinterpret_cast<char *>(pages.first()) + offset; // not beyond its beginning either
          const std::vector<char> before(reinterpret_cast<char *>(pages.first()), moved);
          REQUIRE(glissade_coalesce(&rows, in.grad.data(), threads, moved, bytes, &unique, &sums) ==
                  GLISSADE_OK);
          require_sums(in, unique, sums);
          REQUIRE(std::memcmp(before.data(), pages.first(), before.size()) == 0);
        }
}

TEST_CASE("rows that are in order are left where they are", "[coalesce]") {
  input in(5, 40, 9, 1);
  for (std::size_t i = 0; i < in.indices.size(); ++i)
    in.indices[i] = std::int64_t(3 * i);
  std::vector<char> workspace(bytes_for(in), 7), before = workspace;
  auto rows = in.rows();
  const float *sums = nullptr;
  REQUIRE(glissade_coalesce(&rows, in.grad.data(), 1, workspace.data(), workspace.size(), &rows, &sums) ==
          GLISSADE_OK);
  CHECK(rows.indices == in.indices.data());
  CHECK(rows.count == 40);
  CHECK(sums == in.grad.data());
  CHECK(workspace == before);
  in.indices[20] = in.indices[19];
  REQUIRE(glissade_coalesce(&rows, in.grad.data(), 1, workspace.data(), workspace.size(), &rows, &sums) ==
          GLISSADE_OK);
  CHECK(rows.count == 39);
  CHECK(rows.indices != in.indices.data());
  require_sums(in, rows, sums);
}

TEST_CASE("what is coalesced is ready for a step", "[coalesce]") {
  const input in(6, 15, 19, 3);
  std::vector<float> param(20 * 6, 1), got = param;
  const glissade_sgd o = GLISSADE_SGD_TORCH;
  std::vector<char> workspace(bytes_for(in));
  auto rows = in.rows();
  glissade_sgd_tensor table = {sizeof table, got.size(), got.data(), in.grad.data(),
                               nullptr,      nullptr,    nullptr};
  CHECK(glissade_sgd_step_rows(&o, 1, &table, &rows) == GLISSADE_UNSORTED_INDICES);
  REQUIRE(glissade_coalesce(&rows, in.grad.data(), 1, workspace.data(), workspace.size(), &rows,
                            &table.grad) == GLISSADE_OK);
  REQUIRE(glissade_sgd_step_rows(&o, 1, &table, &rows) == GLISSADE_OK);
  for (const auto &[index, row] : in.expected())
    REQUIRE(glissade_sgd_step(&o, 6, param.data() + index * 6, row.data(), nullptr) == GLISSADE_OK);
  CHECK(family::first_difference(param.data(), got.data(), param.size()) == param.size());
}

TEST_CASE("a wrong argument of a coalescence is refused by name", "[coalesce][status]") {
  input in(5, 40, 9, 1);
  const std::size_t bytes = bytes_for(in);
  std::vector<char> workspace(bytes + 8, 7), before = workspace;
  auto rows = in.rows(), unique = no_rows();
  const float *sums = nullptr, *grad = in.grad.data();
  void *space = workspace.data();
  std::size_t size = bytes;
  int threads = 1;
  const auto expect = [&](glissade_status status) {
    CAPTURE(glissade_status_message(status));
    CHECK(glissade_coalesce(&rows, grad, threads, space, size, &unique, &sums) == status);
    CHECK((unique.count == 0 && sums == nullptr && workspace == before));
    rows = in.rows();
    unique = no_rows();
    grad = in.grad.data();
    space = workspace.data();
    size = bytes;
    threads = 1;
  };
  CHECK(glissade_coalesce(nullptr, grad, 1, space, size, &unique, &sums) == GLISSADE_NULL_ROWS);
  CHECK(glissade_coalesce(&rows, grad, 1, space, size, nullptr, &sums) == GLISSADE_NULL_RESULT);
  CHECK(glissade_coalesce(&rows, grad, 1, space, size, &unique, nullptr) == GLISSADE_NULL_RESULT);
  rows.struct_size -= 8;
  expect(GLISSADE_BAD_STRUCT_SIZE);
  unique.struct_size = 0;
  expect(GLISSADE_BAD_STRUCT_SIZE);
  threads = -1;
  expect(GLISSADE_BAD_THREADS);
  rows.width = 0;
  expect(GLISSADE_BAD_WIDTH);
  rows.width = SIZE_MAX / 100;
  expect(GLISSADE_BAD_N);
  rows.count = SIZE_MAX / 8;
  expect(GLISSADE_BAD_N);
  rows.indices = nullptr;
  expect(GLISSADE_NULL_INDICES);
  rows.indices =
      reinterpret_cast<const std::int64_t *>(reinterpret_cast<const char *>(in.indices.data()) + 4);
  expect(GLISSADE_MISALIGNED_ARRAY);
  rows.indices = reinterpret_cast<const std::int64_t *>(UINTPTR_MAX - 7);
  expect(GLISSADE_BAD_N);
  grad = nullptr;
  expect(GLISSADE_NULL_GRAD);
  grad = reinterpret_cast<const float *>(reinterpret_cast<const char *>(in.grad.data()) + 2);
  expect(GLISSADE_MISALIGNED_ARRAY);
  space = nullptr;
  expect(GLISSADE_NULL_WORKSPACE);
  size = bytes - 1;
  expect(GLISSADE_SMALL_WORKSPACE);
  space = in.grad.data() + in.grad.size() - 1;
  expect(GLISSADE_OVERLAPPING_ARRAYS);
  space = reinterpret_cast<char *>(in.grad.data()) - bytes + 4;
  expect(GLISSADE_OVERLAPPING_ARRAYS);
  space = in.indices.data() + in.indices.size() - 1;
  expect(GLISSADE_OVERLAPPING_ARRAYS);
  for (const std::size_t i : {0u, 17u, 39u}) {
    const auto good = in.indices[i];
    in.indices[i] = -1;
    expect(GLISSADE_BAD_INDEX);
    in.indices[i] = good;
  }

  std::size_t needed = 5;
  CHECK(glissade_coalesce_bytes(0, 3, &needed) == GLISSADE_BAD_WIDTH);
  CHECK(glissade_coalesce_bytes(SIZE_MAX / 4, 3, &needed) == GLISSADE_BAD_N);
  CHECK(glissade_coalesce_bytes(1, SIZE_MAX / 8, &needed) == GLISSADE_BAD_N);
  CHECK(glissade_coalesce_bytes(1, 3, nullptr) == GLISSADE_NULL_RESULT);
  CHECK(needed == 5);
  CHECK(glissade_coalesce_bytes(SIZE_MAX, 0, &needed) == GLISSADE_OK);
  CHECK(needed == 0);
  rows = {sizeof rows, 3, 0, nullptr, 0, 0};
  CHECK(glissade_coalesce(&rows, nullptr, 1, nullptr, 0, &unique, &sums) == GLISSADE_OK);
  CHECK(unique.count == 0);
}

TEST_CASE("the workspace may touch what is read, on either side", "[coalesce][status]") {
  const input in(5, 40, 9, 1);
  const std::size_t bytes = bytes_for(in), floats = bytes / sizeof(float);
  std::vector<float> all(floats + in.grad.size() + floats);
  float *const grad = all.data() + floats, *const end = grad + in.grad.size();
  const auto rows = in.rows();
  const auto status_of = [&](float *workspace) {
    std::copy(in.grad.begin(), in.grad.end(), grad);
    auto unique = no_rows();
    const float *sums = nullptr;
    const auto status = glissade_coalesce(&rows, grad, 1, workspace, bytes, &unique, &sums);
    if (status == GLISSADE_OK) require_sums(in, unique, sums);
    return status;
  };
  CHECK(status_of(all.data()) == GLISSADE_OK);
  CHECK(status_of(all.data() + 1) == GLISSADE_OVERLAPPING_ARRAYS);
  CHECK(status_of(end) == GLISSADE_OK);
  CHECK(status_of(end - 1) == GLISSADE_OVERLAPPING_ARRAYS);
}
