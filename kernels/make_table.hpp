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
#include "rows.hpp"
#include "table.hpp"

namespace glissade {
namespace {

template <class isa, bool divider_helps>
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
      kernel_of<isa, row_wise, divider_helps>,
#define GLISSADE_OPTIMIZER(name, preset)                                                                     \
  {kernel_of<isa, rules::name, divider_helps>, rows_kernel_of<isa, rules::name>},
#include "glissade/optimizers.inc"
  };
}

template <class isa>
constexpr tables tables_of(const char *name) {
  if constexpr (has_products<isa>)
    return {table_of<isa, isa::divider_helps_on_intel>(name),
            table_of<isa, isa::divider_helps_elsewhere>(name)};
  else
    return {table_of<isa, false>(name), table_of<isa, false>(name)};
}

} // namespace
} // namespace glissade
