// Everything of one instruction set, for the file that defines it.
#pragma once
#include "approach.hpp"
#include "codecs/bf16.hpp"
#include "codecs/fp16.hpp"
#include "codecs/q8.hpp"
#include "codecs/split.hpp"
#include "norm.hpp"
#include "pass.hpp"
#include "row_wise.hpp"
#include "table.hpp"

namespace glissade {
namespace {

template <class isa, unsigned ways>
constexpr table table_of(const char *name) {
  return {
      name,
      add_squares<isa>,
      approach<isa>,
      {
          {},
#define GLISSADE_STORAGE(name, codec, ...) {codec<isa>::decode, codec<isa>::encode},
#include "glissade/storages.inc"
      },
      kernel_of<isa, row_wise, ways>,
#define GLISSADE_OPTIMIZER(name, preset)                                                                     \
  {kernel_of<isa, rules::name, ways>, rows_kernel_of<isa, rules::name>},
#include "glissade/optimizers.inc"
  };
}

template <class isa>
constexpr tables tables_of(const char *name) {
  if constexpr (has_products<isa>)
    return {table_of<isa, isa::on_intel>(name), table_of<isa, isa::elsewhere>(name)};
  else
    return {table_of<isa, 0>(name), table_of<isa, 0>(name)};
}

} // namespace
} // namespace glissade
