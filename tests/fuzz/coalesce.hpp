// glissade_coalesce, right and wrong: the sums of a plain loop, in the workspace and nowhere else.
#pragma once
#include "rows.hpp"
#include <map>

namespace fuzz {

inline void fuzz_coalesce(input &in) {
  const bool huge = in.one_in(64);
  const std::size_t width = 1 + in.below(40);
  const std::size_t count = in.below((huge ? large : small) / width + 1);
  const std::uint32_t kind = in.byte(), seed = in.byte() * 16;
  const bool at_end = kind % 2 == 0, in_order = kind / 2 % 8 == 7;
  const unsigned shift =
      1 + in.byte() % 63; // so that there are indices of any size, and as many as one likes

  static guarded<unsigned char> space(10 * large * sizeof(float));
  array &grad_memory = memory_of(0)[0];
  auto &index_memory = indices_of(0);
  grad_memory.place(count * width, kind / 16 % 2 ? in.below(16) : 0, at_end);
  index_memory.place(count, kind / 16 % 2 ? in.below(4) : 0, at_end);
  std::vector<std::int64_t> indices;
  std::int64_t next = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t random =
        std::uint64_t(family::mixed(seed + 2 * i)) << 32 | family::mixed(seed + 2 * i + 1);
    next += 1 + static_cast<std::int64_t>(random % 3);
    indices.push_back(in_order ? next : static_cast<std::int64_t>(random >> shift));
  }
  for (std::size_t raw = count < 2 ? 0 : in.below(4); raw > 0; --raw) { // chance repeats no large one
    const std::size_t to = in.below(count);
    indices[to] = indices[in.below(count)];
  }
  const numbers which = kind / 64 == 0 ? numbers::any : numbers::ordinary;
  std::copy_n(some(which, seed), count * width, grad_memory.at);
  std::copy(indices.begin(), indices.end(), index_memory.at);

  std::size_t needed = 1;
  expect(glissade_coalesce_bytes(width, count, &needed) == GLISSADE_OK, "the size of the workspace is found");
  expect(needed == 0 ? count == 0 : needed >= count * (4 * width + 8),
         "the results have room in the workspace");
  const std::size_t more = in.one_in(4) ? in.below(256) : 0, bytes_there = needed + more;
  space.place(bytes_there, in.below(64), kind / 32 % 2 == 0);
  std::fill_n(space.at, bytes_there, static_cast<unsigned char>(seed));

  // The call, and what is wrong about it.
  glissade_rows rows = {sizeof rows, width, count, index_memory.at, 0, 0};
  glissade_rows result = {sizeof result, 77, 77, nullptr, 0, 0};
  const float *grad = grad_memory.at, *sums = nullptr;
  void *workspace = space.at;
  std::size_t bytes = bytes_there;
  int threads = static_cast<int>(in.below(4));
  const bool in_place = in.one_in(4); // `unique` may be `rows`
  bool no_rows = false, no_result = false, no_sums = false;
  statuses faults;
  const auto fault_if = [&](bool looked_at, glissade_status fault) {
    if (looked_at) faults.push_back(fault);
  };
  switch (in.one_in(3) ? in.below(16) : 16) {
  case 0:
    no_rows = true;
    fault_if(true, GLISSADE_NULL_ROWS);
    break;
  case 1:
    (in_place || in.one_in(2) ? rows : result).struct_size -= 8;
    fault_if(true, GLISSADE_BAD_STRUCT_SIZE);
    break;
  case 2:
    (in.one_in(2) ? no_result : no_sums) = true;
    fault_if(true, GLISSADE_NULL_RESULT);
    break;
  case 3:
    threads = -1 - static_cast<int>(in.byte());
    fault_if(true, GLISSADE_BAD_THREADS);
    break;
  case 4:
    rows.width = 0;
    fault_if(true, GLISSADE_BAD_WIDTH);
    break;
  case 5:
    rows.width = SIZE_MAX / 8 + 1 + in.word(8) % (SIZE_MAX / 2);
    fault_if(count != 0, GLISSADE_BAD_N);
    break;
  case 6:
    rows.count = SIZE_MAX / 8 + 1 + in.word(8) % (SIZE_MAX / 2);
    fault_if(true, GLISSADE_BAD_N);
    break;
  case 7:
    rows.indices = nullptr;
    fault_if(count != 0, GLISSADE_NULL_INDICES);
    break;
  case 8:
    rows.indices = reinterpret_cast<const std::int64_t *>(reinterpret_cast<const char *>(rows.indices) + 1 +
                                                          in.below(7));
    fault_if(count != 0, GLISSADE_MISALIGNED_ARRAY);
    break;
  case 9:
    grad = nullptr;
    fault_if(count != 0, GLISSADE_NULL_GRAD);
    break;
  case 10:
    grad = reinterpret_cast<const float *>(reinterpret_cast<const char *>(grad) + 1 + in.below(3));
    fault_if(count != 0, GLISSADE_MISALIGNED_ARRAY);
    break;
  case 11:
    workspace = nullptr;
    fault_if(count != 0, GLISSADE_NULL_WORKSPACE);
    break;
  case 12:
    bytes = needed == 0 ? 0 : in.below(needed);
    fault_if(count != 0, GLISSADE_SMALL_WORKSPACE);
    break;
  case 13: {
    const bool of_indices = in.one_in(2);
    char *const at =
        of_indices ? reinterpret_cast<char *>(index_memory.at) : reinterpret_cast<char *>(grad_memory.at);
    const std::size_t length = count * (of_indices ? sizeof *rows.indices : width * sizeof *grad);
    if (length == 0) break;
    workspace = in.one_in(2) ? at + in.below(length) : at - in.below(bytes);
    fault_if(true, GLISSADE_OVERLAPPING_ARRAYS);
    break;
  }
  case 14:
  case 15:
    if (count == 0) break;
    indices[in.below(count)] = in.one_in(2) ? -1 : INT64_MIN;
    std::copy(indices.begin(), indices.end(), index_memory.at);
    fault_if(true, GLISSADE_BAD_INDEX);
    break;
  default:
    break;
  }
  glissade_rows &unique = in_place ? rows : result;
  const glissade_rows asked = rows, result_before = unique;
  const auto status = glissade_coalesce(no_rows ? nullptr : &rows, grad, threads, workspace, bytes,
                                        no_result ? nullptr : &unique, no_sums ? nullptr : &sums);

  const auto workspace_unchanged = [&] {
    return std::all_of(space.at, space.at + bytes_there,
                       [&](unsigned char x) { return x == static_cast<unsigned char>(seed); });
  };
  expect(space.margins_unchanged() && grad_memory.margins_unchanged() && index_memory.margins_unchanged(),
         "nothing is written outside of the workspace");
  expect(std::equal(indices.begin(), indices.end(), index_memory.at) &&
             family::first_difference(some(which, seed), grad_memory.at, count * width) == count * width,
         "the indices and the gradient are only read");
  if (!faults.empty()) {
    expect_one_of(faults, status);
    expect(workspace_unchanged() && sums == nullptr &&
               std::memcmp(&unique, &result_before, sizeof unique) == 0,
           "a fault changes nothing");
    return;
  }
  expect(status == GLISSADE_OK, "rows are added up", status);
  std::map<std::int64_t, std::vector<float>> right;
  for (std::size_t i = 0; i < count; ++i) {
    const float *const row = grad_memory.at + i * width;
    const auto [at, is_new] = right.try_emplace(indices[i], row, row + width);
    for (std::size_t k = 0; k < width && !is_new; ++k)
      at->second[k] += row[k];
  }
  expect(unique.struct_size == sizeof unique && unique.width == asked.width && unique.count == right.size(),
         "there is a row for each index");
  std::size_t i = 0;
  for (const auto &[index, row] : right) {
    expect(unique.indices[i] == index, "the indices are in order", i);
    expect(family::first_difference(row.data(), sums + i * width, width) == width, "the sums are right", i);
    ++i;
  }
  if (std::adjacent_find(indices.begin(), indices.end(), std::greater_equal<>()) == indices.end()) {
    expect(unique.indices == asked.indices && sums == grad && workspace_unchanged(),
           "what is in order is left where it is");
    return;
  }
  const auto within = [&](const void *at, std::size_t size) {
    const auto *const first = static_cast<const unsigned char *>(at);
    return first >= space.at && first + size <= space.at + bytes_there;
  };
  expect(within(unique.indices, unique.count * sizeof(std::int64_t)) &&
             within(sums, unique.count * width * sizeof(float)),
         "the results lie in the workspace");
}

} // namespace fuzz
