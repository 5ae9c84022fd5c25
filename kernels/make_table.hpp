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

template <class isa, bool on_intel>
constexpr table table_of(const char *name) {
  constexpr bool divider_helps = [] {
    if constexpr (has_products<isa>)
      return on_intel ? isa::divider_helps_on_intel : isa::divider_helps_elsewhere;
    else
      return false;
  }();
  return {
      name,
      add_squares<isa, on_intel>,
      approach<isa>,
      {
          {},
#define GLISSADE_STORAGE(name, codec, ...) {codec<isa>::decode, codec<isa>::encode},
#include "glissade/storages.inc"
      },
      row_wise_kernel_of<isa>,
#define GLISSADE_OPTIMIZER(name, preset)                                                                     \
  {kernel_of<isa, rules::name, divider_helps>, rows_kernel_of<isa, rules::name>},
#include "glissade/optimizers.inc"
  };
}

template <class isa>
constexpr tables tables_of(const char *name) {
  return {table_of<isa, true>(name), table_of<isa, false>(name)};
}

} // namespace
} // namespace glissade
