// Stored arrays: where they lie, their random bits, and the functions that encode and decode them.
#include "storage.hpp"
#include "check.hpp"
#include "cpu.hpp"
#include "parallel.hpp"
#include <cstring>

namespace glissade {
namespace {

// S. Vigna's variant of SplitMix64 (G. Steele, D. Lea, C. Flood, Fast Splittable Pseudorandom Number Generators, 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// The end of an array goes by way of this, since codecs know only whole blocks.
struct whole_block {
  alignas(64) float floats[block_size] = {};
  alignas(64) unsigned char data[block_size * 2] = {}, extra[block_size * 2] = {};
};

} // namespace

random_bits random_source::of(std::size_t i, std::uint32_t a) const {
  const std::uint64_t of_step = mix(seed ^ mix(static_cast<std::uint64_t>(step)));
  return {static_cast<std::uint32_t>(mix(of_step ^ (offset + i) / block_size)), (2 * a + 1) * 0x9E3779B9};
}

void decode(const table &kernels, const glissade_array &array, std::size_t n, float *to) {
  const auto decode_block = kernels.codecs[array.type].decode;
  if (n == block_size) return decode_block(array.data, array.extra, to);
  const storage &s = storages[array.type];
  whole_block whole;
  std::memcpy(whole.data, array.data, bytes_of_data(s, n));
  if (s.extra) std::memcpy(whole.extra, array.extra, bytes_of_extra(s, n));
  decode_block(whole.data, whole.extra, whole.floats);
  std::memcpy(to, whole.floats, n * sizeof *to);
}

void encode(const table &kernels, const float *from, random_bits random, const glissade_array &array,
            std::size_t n) {
  const auto encode_block = kernels.codecs[array.type].encode;
  if (n == block_size) return encode_block(from, random, array.data, array.extra);
  const storage &s = storages[array.type];
  whole_block whole;
  std::memcpy(whole.floats, from, n * sizeof *from); // the others are 0, which changes no scale
  encode_block(whole.floats, random, whole.data, whole.extra);
  std::memcpy(array.data, whole.data, bytes_of_data(s, n));
  if (s.extra) std::memcpy(array.extra, whole.extra, bytes_of_extra(s, n));
}

glissade_status check_stored(const glissade_array &array, std::size_t n, glissade_status if_null) {
  const storage &s = storages[array.type];
  if (!array.data) return if_null;
  if (s.extra && !array.extra)
    return array.type == GLISSADE_SPLIT ? GLISSADE_NULL_REMAINDER : GLISSADE_NULL_SCALES;
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
glissade_status check_conversion(std::size_t n, const float *floats, const glissade_array *array,
                                 int threads) {
  if (!array) return GLISSADE_NULL_ARRAY;
  if (!is_type(array->type)) return GLISSADE_BAD_TYPE;
  if (threads < 0) return GLISSADE_BAD_THREADS;
  if (!fits_in_memory(n)) return GLISSADE_BAD_N;
  if (n == 0) return GLISSADE_OK;
  if (const auto fault = check_stored(*array, n, GLISSADE_NULL_ARRAY)) return fault;
  const glissade_array plain = {GLISSADE_FLOAT32, const_cast<float *>(floats), nullptr};
  if (const auto fault = check_stored(plain, n, GLISSADE_NULL_ARRAY)) return fault;
  return memory(*array, n).overlaps(memory(plain, n)) ? GLISSADE_OVERLAPPING_ARRAYS : GLISSADE_OK;
}

// Calls work(i, how many elements) for each block.
template <class Work>
void over_blocks(std::size_t n, int threads, const default_float_mode &here, const Work &work) {
  const std::size_t blocks = n / block_size + (n % block_size != 0);
  parallel(n, threads, here, [&](std::size_t chunk, std::size_t chunks) {
    for (std::size_t block = cut(blocks, chunk, chunks); block < cut(blocks, chunk + 1, chunks); ++block) {
      const std::size_t i = block * block_size;
      work(i, n - i < block_size ? n - i : block_size);
    }
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
  if (const auto fault = check_conversion(n, from, to, threads)) return fault;
  if (offset % block_size != 0) return GLISSADE_BAD_OFFSET;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  const random_source random = {seed, step, offset};
  const glissade_array array = *to;
  over_blocks(n, threads, here, [=](std::size_t i, std::size_t count) {
    const glissade_array block = from_element(array, i);
    if (block.type == GLISSADE_FLOAT32)
      std::memcpy(block.data, from + i, count * sizeof *from);
    else
      encode(*kernels, from + i, random.of(i, 0), block, count);
  });
  return GLISSADE_OK;
}

glissade_status glissade_decode(size_t n, const glissade_array *from, float *to, int threads) {
  const default_float_mode here;
  if (const auto fault = check_conversion(n, to, from, threads)) return fault;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  const glissade_array array = *from;
  over_blocks(n, threads, here, [=](std::size_t i, std::size_t count) {
    const glissade_array block = from_element(array, i);
    if (block.type == GLISSADE_FLOAT32)
      std::memcpy(to + i, block.data, count * sizeof *to);
    else
      decode(*kernels, block, count, to + i);
  });
  return GLISSADE_OK;
}
