// Everything of one instruction set, for the file that defines it.
#pragma once
#include "norm.hpp"
#include "pass.hpp"
#include "table.hpp"

namespace glissade {
namespace {

template <class isa>
constexpr table table_of(const char *name) {
  return {
      name,
      sum_of_squares<isa>,
#define GLISSADE_OPTIMIZER(name, preset) kernel_of<vec<isa>, rules::name>,
#include "glissade/optimizers.inc"
  };
}

} // namespace
} // namespace glissade
