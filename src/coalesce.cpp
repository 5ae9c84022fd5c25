// glissade_coalesce: sorts the indices of rows, stably, and adds up the rows that have the same.
#include "check.hpp"
#include "parallel.hpp"
#include "prefetch.hpp"
#include <cstring>

namespace glissade {
namespace {

// An index, and the place where it occurs.
struct occurrence {
  std::uint64_t index, place;
};

// What lies in the workspace: the sums, from a cache line on, and twice the occurrences. Once these are sorted, their second
// copy makes room for the indices without duplicates and the places in the order where each begins.
constexpr std::size_t line_bytes = 64;
constexpr std::size_t lines_for(std::size_t bytes) {
  return (bytes + line_bytes - 1) / line_bytes * line_bytes;
}

// False if so much cannot lie in memory.
bool workspace_of(std::size_t width, std::size_t count, std::size_t &bytes) {
  if (count > PTRDIFF_MAX / 64 || (count && width > PTRDIFF_MAX / 8 / count)) return false;
  bytes = count ? line_bytes + lines_for(count * width * sizeof(float)) + 2 * count * sizeof(occurrence) : 0;
  return true;
}

// Sorts by radix 256, from the lowest digit on, which keeps the order of equal indices. The result is in the one that
// is returned.
occurrence *sorted(occurrence *from, occurrence *to, std::size_t count, std::uint64_t largest) {
  for (unsigned shift = 0; shift < 64 && largest >> shift != 0; shift += 8) {
    std::size_t begin[256] = {};
    for (std::size_t i = 0; i < count; ++i)
      ++begin[from[i].index >> shift & 255];
    std::size_t before = 0;
    for (std::size_t &place : begin) {
      const std::size_t here = place;
      place = before;
      before += here;
    }
    for (std::size_t i = 0; i < count; ++i)
      to[begin[from[i].index >> shift & 255]++] = from[i];
    occurrence *const done = to;
    to = from;
    from = done;
  }
  return from;
}

// Adds the rows of one index, in the order in which they occur.
void add(const float *grad, std::size_t width, const occurrence *begin, const occurrence *end,
         float *__restrict to) {
  std::memcpy(to, grad + begin->place * width, width * sizeof(float));
  while (++begin < end) {
    const float *__restrict row = grad + begin->place * width;
    for (std::size_t i = 0; i < width; ++i)
      to[i] += row[i];
  }
}

// How many of the sorted numbers are less than this one.
std::size_t less_than(std::size_t number, const std::size_t *sorted, std::size_t count) {
  std::size_t first = 0;
  while (count > 0) {
    const std::size_t half = count / 2;
    if (sorted[first + half] < number) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

bool apart(const void *a, std::size_t a_bytes, const void *b, std::size_t b_bytes) {
  const auto x = reinterpret_cast<std::uintptr_t>(a), y = reinterpret_cast<std::uintptr_t>(b);
  return x - y >= b_bytes && y - x >= a_bytes;
}

} // namespace
} // namespace glissade

using namespace glissade;

glissade_status glissade_coalesce_bytes(size_t width, size_t count, size_t *bytes) {
  if (width == 0) return GLISSADE_BAD_WIDTH;
  std::size_t needed;
  if (!workspace_of(width, count, needed)) return GLISSADE_BAD_N;
  if (!bytes) return GLISSADE_NULL_RESULT;
  *bytes = needed;
  return GLISSADE_OK;
}

glissade_status glissade_coalesce(const glissade_rows *rows, const float *grad, int threads, void *workspace,
                                  size_t bytes, glissade_rows *unique, const float **sums) {
  const default_float_mode here;
  if (!rows) return GLISSADE_NULL_ROWS;
  if (const auto fault = check_size(rows, sizeof *rows, sizeof *rows)) return fault;
  if (!unique || !sums) return GLISSADE_NULL_RESULT;
  if (const auto fault = check_size(unique, sizeof *unique, sizeof *unique)) return fault;
  if (threads < 0) return GLISSADE_BAD_THREADS;
  const std::size_t width = rows->width, count = rows->count;
  const std::int64_t *indices = rows->indices;
  std::size_t needed;
  if (width == 0) return GLISSADE_BAD_WIDTH;
  if (!workspace_of(width, count, needed)) return GLISSADE_BAD_N;
  bool increasing = true;
  std::int64_t least = 0, largest = 0;
  if (count != 0) {
    if (const auto fault = check_indices_array(indices, count)) return fault;
    if (const auto fault = check_array(grad, count * width, GLISSADE_NULL_GRAD)) return fault;
    if (!workspace) return GLISSADE_NULL_WORKSPACE;
    if (bytes < needed) return GLISSADE_SMALL_WORKSPACE;
    if (!apart(workspace, bytes, indices, count * sizeof *indices) ||
        !apart(workspace, bytes, grad, count * width * sizeof *grad))
      return GLISSADE_OVERLAPPING_ARRAYS;
    for (std::size_t i = 0; i < count; ++i) {
      increasing = increasing & (i == 0 || indices[i - 1] < indices[i]);
      least = indices[i] < least ? indices[i] : least;
      largest = indices[i] > largest ? indices[i] : largest;
    }
    if (least < 0) return GLISSADE_BAD_INDEX;
  }

  std::size_t found = count;
  if (!increasing) {
    const auto address = reinterpret_cast<std::uintptr_t>(workspace);
    auto *const added = reinterpret_cast<float *>(lines_for(address));
    auto *const first = reinterpret_cast<occurrence *>(added + lines_for(count * width * sizeof(float)) /
                                                                   sizeof(float)),
                *const second = first + count;
    for (std::size_t i = 0; i < count; ++i)
      first[i] = {static_cast<std::uint64_t>(indices[i]), i};
    const occurrence *const all = sorted(first, second, count, static_cast<std::uint64_t>(largest));
    auto *const each = reinterpret_cast<std::int64_t *>(all == first ? second : first);
    auto *const begin = reinterpret_cast<std::size_t *>(each + count);
    found = 0;
    for (std::size_t i = 0; i < count; ++i)
      if (i == 0 || all[i - 1].index != all[i].index) {
        each[found] = static_cast<std::int64_t>(all[i].index);
        begin[found++] = i;
      }
    const std::size_t distance = rows_ahead(width);
    // An index belongs to the thread that has the first place of it in the order.
    parallel(count * width, threads, here, [=](std::size_t chunk, std::size_t chunks) {
      const std::size_t last = less_than(cut(count, chunk + 1, chunks), begin, found);
      for (std::size_t i = less_than(cut(count, chunk, chunks), begin, found); i < last; ++i) {
        const std::size_t end = i + 1 < found ? begin[i + 1] : count;
        for (std::size_t k = begin[i] + distance; k < end + distance && k < count; ++k)
          prefetch_row(reinterpret_cast<std::uintptr_t>(grad + all[k].place * width), width);
        add(grad, width, all + begin[i], all + end, added + i * width);
      }
    });
    indices = each;
    grad = added;
  }
  const std::size_t size = unique->struct_size;
  const glissade_rows result = {size, width, found, indices, rows->row_wise, 0};
  std::memset(unique, 0, size);
  std::memcpy(unique, &result, sizeof result);
  *sums = grad;
  return GLISSADE_OK;
}
