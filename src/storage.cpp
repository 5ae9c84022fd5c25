// Stored arrays: where they lie, their random bits, and the functions that encode and decode them.
#include "storage.hpp"
#include "check.hpp"
#include "cpu.hpp"
#include "parallel.hpp"
#include <cstring>

namespace glissade {
namespace {

// The end of an array goes by way of this, since codecs know only whole blocks.
constexpr std::size_t longest_block(std::size_t (*bytes)(const stored_type &, std::size_t)) {
  std::size_t most = 1;
  for (const stored_type &s : storages)
    if (&s != storages && bytes(s, block_size) > most) most = bytes(s, block_size);
  return most;
}
struct whole_block {
  alignas(64) float floats[block_size] = {};
  alignas(64) unsigned char data[longest_block(bytes_of_data)] = {};
  alignas(64) unsigned char extra[longest_block(bytes_of_extra)] = {};
};

} // namespace

void decode(const table &kernels, const glissade_array &array, std::size_t n, float *to) {
  if (array.type == GLISSADE_FLOAT32) {
    std::memcpy(to, array.data, n * sizeof *to);
    return;
  }
  const auto decode_blocks = kernels.codecs[array.type].decode;
  const std::size_t blocks = n / block_size, rest = n % block_size;
  if (blocks) decode_blocks(array.data, array.extra, blocks, to);
  if (rest == 0) return;
  const stored_type &s = storages[array.type];
  const glissade_array last = from_element(array, n - rest);
  whole_block whole;
  std::memcpy(whole.data, last.data, bytes_of_data(s, rest));
  if (s.has_extra()) std::memcpy(whole.extra, last.extra, bytes_of_extra(s, rest));
  decode_blocks(whole.data, whole.extra, 1, whole.floats);
  std::memcpy(to + n - rest, whole.floats, rest * sizeof *to);
}

void encode(const table &kernels, const float *from, random_bits random, const glissade_array &array,
            std::size_t n) {
  if (array.type == GLISSADE_FLOAT32) {
    std::memcpy(array.data, from, n * sizeof *from);
    return;
  }
  const auto encode_blocks = kernels.codecs[array.type].encode;
  const std::size_t blocks = n / block_size, rest = n % block_size;
  if (blocks) encode_blocks(from, random, blocks, array.data, array.extra);
  if (rest == 0) return;
  const stored_type &s = storages[array.type];
  const glissade_array last = from_element(array, n - rest);
  whole_block whole;
  std::memcpy(whole.floats, from + n - rest, rest * sizeof *from); // the others are 0, which changes no scale
  random.block += blocks;
  encode_blocks(whole.floats, random, 1, whole.data, whole.extra);
  std::memcpy(last.data, whole.data, bytes_of_data(s, rest));
  if (s.has_extra()) std::memcpy(last.extra, whole.extra, bytes_of_extra(s, rest));
}

glissade_status check_stored(const glissade_array &array, std::size_t n, glissade_status if_null) {
  const stored_type &s = storages[array.type];
  if (!array.data) return if_null;
  if (s.has_extra() && !array.extra) return s.extra_each ? GLISSADE_NULL_REMAINDER : GLISSADE_NULL_SCALES;
  const memory found(array, n);
  for (const memory::piece &p : found.pieces) {
    if (p.bytes == 0) continue;
    if (p.begin % s.bytes != 0) return GLISSADE_MISALIGNED_ARRAY;
    if (p.begin > UINTPTR_MAX - p.bytes) return GLISSADE_BAD_N;
  }
  return found.pieces[0].overlaps(found.pieces[1]) ? GLISSADE_OVERLAPPING_ARRAYS : GLISSADE_OK;
}

namespace {

bool is_type(int type) { return type >= 0 && type < storage_count; }

// Of n floats that become the elements of an array, or come from them.
glissade_status check_conversion(std::size_t n, const float *floats, const glissade_array *array) {
  if (!array) return GLISSADE_NULL_ARRAY;
  if (!is_type(array->type)) return GLISSADE_BAD_TYPE;
  if (!fits_in_memory(n)) return GLISSADE_BAD_N;
  if (n == 0) return GLISSADE_OK;
  if (const auto fault = check_stored(*array, n, GLISSADE_NULL_ARRAY)) return fault;
  const glissade_array plain = {GLISSADE_FLOAT32, const_cast<float *>(floats), nullptr};
  if (const auto fault = check_stored(plain, n, GLISSADE_NULL_ARRAY)) return fault;
  return memory(*array, n).overlaps(memory(plain, n)) ? GLISSADE_OVERLAPPING_ARRAYS : GLISSADE_OK;
}

// Calls work(from which element, how many) for each thread's share of the blocks.
template <class Work>
void over_blocks(std::size_t n, int threads, const default_float_mode &here, const Work &work) {
  const std::size_t blocks = stored_blocks(n);
  parallel(n, threads, here, [&](std::size_t chunk, std::size_t chunks) {
    const std::size_t begin = cut(blocks, chunk, chunks) * block_size,
                      to = cut(blocks, chunk + 1, chunks) * block_size, end = to < n ? to : n;
    if (begin < end) work(begin, end - begin);
  });
}

} // namespace
} // namespace glissade

using namespace glissade;

glissade_status glissade_state_bytes(int type, size_t n, size_t *data, size_t *extra) {
  if (!is_type(type)) return GLISSADE_BAD_TYPE;
  if (!fits_in_memory(n)) return GLISSADE_BAD_N;
  if (data) *data = bytes_of_data(storages[type], n);
  if (extra) *extra = bytes_of_extra(storages[type], n);
  return GLISSADE_OK;
}

glissade_status glissade_encode(size_t n, const float *from, const glissade_array *to, uint64_t seed,
                                int64_t step, uint64_t offset, int threads) {
  const default_float_mode here;
  if (const auto fault = check_conversion(n, from, to)) return fault;
  if (offset % block_size != 0) return GLISSADE_BAD_OFFSET;
  if (threads < 0) return GLISSADE_BAD_THREADS;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  const random_source random(seed, step, offset);
  const glissade_array array = *to;
  over_blocks(n, threads, here, [=](std::size_t i, std::size_t count) {
    encode(*kernels, from + i, random.of(i, 0), from_element(array, i), count);
  });
  return GLISSADE_OK;
}

glissade_status glissade_decode(size_t n, const glissade_array *from, float *to, int threads) {
  const default_float_mode here;
  if (const auto fault = check_conversion(n, to, from)) return fault;
  if (threads < 0) return GLISSADE_BAD_THREADS;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  const glissade_array array = *from;
  over_blocks(n, threads, here, [=](std::size_t i, std::size_t count) {
    decode(*kernels, from_element(array, i), count, to + i);
  });
  return GLISSADE_OK;
}
