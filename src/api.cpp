// The functions of the C API on arrays: check, coefficients, threads, kernel; one driver for all optimizers.
#include "check.hpp"
#include "cpu.hpp"
#include "norm.hpp"
#include "remembered.hpp"
#include "rows.hpp"
#include "staged.hpp"
#include "status.hpp"
#include "trust.hpp"
#include <cstring>

namespace glissade {
namespace {

// Updates the elements in lines [first, last) of tensors that were checked. `clip` multiplies every grad_scale.
void run(const table &kernels, const list_call &call, double clip, const list &all, std::size_t first,
         std::size_t last) {
  const erased_rule &rule = all.rule();
  const kernel kernel_of_rule = (kernels.*rule.kernels).elements;
  const void *own_options = nullptr;
  known_options own;
  prepared p;
  rule.prepare(call.options, clip, p);
  for_lines(all.count(), all, first, last,
            [&](const tensor &t, std::size_t begin, std::size_t end, const tensor *next) {
              if (t.options != own_options)
                rule.prepare(own.of(rule, own_options = t.options, call.options), clip, p);
              if (t.storage)
                step_staged(kernels, rule, p, step_of(rule, own.of(rule, t.options, call.options)), t, begin,
                            end);
              else
                kernel_of_rule(p.coefficients, p.mode, t.arrays, begin, end,
                               next && !next->storage ? next->arrays : nullptr);
            });
}

void run_on_threads(const table &kernels, const list_call &call, const default_float_mode &here, double clip,
                    const list &all) {
  parallel(call.lines * line, threads_of(all.rule(), call.options), here,
           [&](std::size_t chunk, std::size_t chunks) {
             run(kernels, call, clip, all, cut(call.lines, chunk, chunks),
                 cut(call.lines, chunk + 1, chunks));
           });
}

glissade_status step(const void *options, const list &all) {
  const default_float_mode here;
  list_call call;
  if (const auto fault = check_call(options, all, 0, call)) return fault;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  run_on_threads(*kernels, call, here, 1, all);
  return GLISSADE_OK;
}

// What the kernel is told of options of this version's size, or null if they are wrong.
const prepared *prepared_for(const erased_rule &rule, const void *options, prepared &fresh) {
  if (const prepared *before = remembered(rule, options)) return before;
  const default_float_mode here;
  if (check_options(rule, options) || check_step_number(rule, options)) return nullptr;
  rule.prepare(options, 1, fresh);
  remember(rule, options, fresh);
  return &fresh;
}

// A step on one tensor of floats, of which a program may take many: options are not checked and prepared again, and
// whatever is not as usual is for `step` to find.
glissade_status step_one(const erased_rule &rule, const void *options, const void *given) {
  const list all(rule, 1, given);
  const tensor one = all(0);
  prepared fresh;
  if (options && list::size_at(options) == rule.options_size && one.n != 0 &&
      !worth_a_team(lines_of(one.n) * line))
    if (const prepared *p = prepared_for(rule, options, fresh))
      if (const table *kernels = table_in_use();
          kernels && rule.arrays_are_right(p->mode, one.arrays, one.n)) {
        // Last, since to read the mode waits for all arithmetic of the step before; until here there is none of floats.
        const default_float_mode here;
        (kernels->*rule.kernels).elements(p->coefficients, p->mode, one.arrays, 0, one.n, nullptr);
        return GLISSADE_OK;
      }
  return step(options, all);
}

glissade_status step_share(const void *options, const list &all, std::size_t share, std::size_t shares) {
  const default_float_mode here;
  list_call call;
  if (const auto fault = check_call(options, all, 0, call)) return fault;
  if (share >= shares) return GLISSADE_BAD_SHARE;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  run(*kernels, call, 1, all, cut(call.lines, share, shares), cut(call.lines, share + 1, shares));
  return GLISSADE_OK;
}

glissade_status step_clipped(const void *options, const list &all, double max_norm, double *norm) {
  const default_float_mode here;
  list_call call;
  if (const auto fault = check_call(options, all, 0, call)) return fault;
  const erased_rule &rule = all.rule();
  const double grad_scale = grad_scale_of(rule, call.options);
  for (std::size_t i = 0; i < all.count(); ++i)
    if (const void *own = all(i).options; own && grad_scale_of(rule, own) != grad_scale)
      return GLISSADE_UNEQUAL_GRAD_SCALE;
  if (!(max_norm >= 0)) return GLISSADE_BAD_MAX_NORM;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;

  const norm_sums sums =
      norm_of(*kernels, threads_of(rule, call.options), here, all.count(), [&](std::size_t i) {
        const tensor t = all(i);
        return gradient{t.n, t.array(1)};
      });
  const double scaled = __builtin_sqrt(sums.squares) * __builtin_fabs(grad_scale);
  if (norm) *norm = scaled;
  if (!__builtin_isfinite(sums.squares)) return GLISSADE_NOT_FINITE;
  const double factor = max_norm / (scaled + 1e-6);
  run_on_threads(*kernels, call, here, factor < 1 ? factor : 1, all);
  return GLISSADE_OK;
}

glissade_status check_only(const void *options, const list &all, std::size_t *index) {
  const default_float_mode here;
  list_call call;
  const auto fault = check_call(options, all, 0, call);
  if (index) *index = call.at;
  return fault;
}

glissade_status reset(const void *options, const list &all) {
  const default_float_mode here;
  list_call call;
  if (const auto fault = check_call(options, all, 2, call)) return fault;
  const erased_rule &rule = all.rule();
  const table *kernels = nullptr;
  for (std::size_t i = 0; i < all.count(); ++i)
    if (all(i).storage && !(kernels = table_in_use())) return GLISSADE_UNAVAILABLE_ISA;

  parallel(call.lines * line, threads_of(rule, call.options), here,
           [&](std::size_t chunk, std::size_t chunks) {
             for_lines(all.count(), all, cut(call.lines, chunk, chunks), cut(call.lines, chunk + 1, chunks),
                       [&](const tensor &t, std::size_t begin, std::size_t end, const tensor *) {
                         known_options own;
                         const void *those = own.of(rule, t.options, call.options);
                         if (t.storage) return reset_staged(*kernels, rule, those, t, begin, end);
                         const unsigned mode = rule.mode_of(those);
                         for (std::size_t k = 2; k < rule.count; ++k)
                           if (rule.uses(mode, k)) {
                             const float initial = rule.initial(those, k);
                             for (std::size_t i = begin; i < end; ++i)
                               t.arrays[k][i] = initial;
                           }
                       });
           });
  return GLISSADE_OK;
}

// The preset of this name, or null.
template <class options>
const options *preset_named(const char *name) {
#define GLISSADE_PRESET(optimizer, its_name, macro)                                                          \
  if constexpr (__is_same(options, glissade_##optimizer))                                                    \
    if (std::strcmp(name, its_name) == 0) {                                                                  \
      static constexpr options preset = macro;                                                               \
      return &preset;                                                                                        \
    }
#include "glissade/presets.inc"
  return nullptr;
}

glissade_status preset(const erased_rule &rule, const void *found, void *options, std::size_t size) {
  if (!options) return GLISSADE_NULL_OPTIONS;
  if (size < rule.first_options_size || size % sizeof(std::uint64_t) != 0) return GLISSADE_BAD_STRUCT_SIZE;
  if (!found) return GLISSADE_UNKNOWN_PRESET;
  std::memset(options, 0, size);
  std::memcpy(options, found, size < rule.options_size ? size : rule.options_size);
  std::memcpy(options, &size, sizeof size);
  return GLISSADE_OK;
}

// The statuses of a rule's states name the arrays of the list.
constexpr bool begins_with(const char *text, const char *word) {
  for (; *word; ++word, ++text)
    if (*text != *word) return false;
  return *text == ' ';
}
template <class rule, std::size_t count>
constexpr bool are_named(const char *const (&names)[count]) {
  for (std::size_t i = 0; i < count; ++i)
    if (!begins_with(message_of(rule::states[i].if_null), names[i])) return false;
  return count + 2 == array_count<rule>;
}

} // namespace
} // namespace glissade

using namespace glissade;

// What glissade.h declares for each optimizer of the list. The tensor structs are filled and read by name.
#define PARAMETER(state) , float *state
#define GIVEN(state) .state = state,
#define PLACE(state) offsetof(tensor, state),
#define NAME(state) #state,
#define GLISSADE_OPTIMIZER(name, default_preset)                                                             \
  namespace {                                                                                                \
  constexpr const char *states_of_##name[] = {GLISSADE_STATES_##name(NAME)};                                 \
  static_assert(are_named<rules::name>(states_of_##name), "the list and the rule differ in the states");     \
  constexpr erased_rule erased_##name = [] {                                                                 \
    using tensor = glissade_##name##_tensor;                                                                 \
    static_assert(in_a_row<tensor>({GLISSADE_STATES_##name(PLACE)}));                                        \
    return erase<rules::name, tensor>(&table::name);                                                         \
  }();                                                                                                       \
  }                                                                                                          \
  glissade_status glissade_##name##_step(const glissade_##name *options, size_t n, float *param,             \
                                         const float *grad GLISSADE_STATES_##name(PARAMETER)) {              \
    const glissade_##name##_tensor one = {.struct_size = sizeof one,                                         \
                                          .n = n,                                                            \
                                          .param = param,                                                    \
                                          .grad = grad,                                                      \
                                          GLISSADE_STATES_##name(GIVEN).options = nullptr,                   \
                                          .storage = nullptr};                                               \
    return step_one(erased_##name, options, &one);                                                           \
  }                                                                                                          \
  glissade_status glissade_##name##_reset(const glissade_##name *options,                                    \
                                          size_t n GLISSADE_STATES_##name(PARAMETER)) {                      \
    const glissade_##name##_tensor one = {.struct_size = sizeof one,                                         \
                                          .n = n,                                                            \
                                          .param = nullptr,                                                  \
                                          .grad = nullptr,                                                   \
                                          GLISSADE_STATES_##name(GIVEN).options = nullptr,                   \
                                          .storage = nullptr};                                               \
    return reset(options, {erased_##name, 1, &one});                                                         \
  }                                                                                                          \
  glissade_status glissade_##name##_step_many(const glissade_##name *options, size_t count,                  \
                                              const glissade_##name##_tensor *tensors) {                     \
    return step(options, {erased_##name, count, tensors});                                                   \
  }                                                                                                          \
  glissade_status glissade_##name##_step_many_clipped(const glissade_##name *options, size_t count,          \
                                                      const glissade_##name##_tensor *tensors,               \
                                                      double max_norm, double *norm) {                       \
    return step_clipped(options, {erased_##name, count, tensors}, max_norm, norm);                           \
  }                                                                                                          \
  glissade_status glissade_##name##_step_many_trust(const glissade_##name *options, size_t count,            \
                                                    const glissade_##name##_tensor *tensors,                 \
                                                    const glissade_trust *trust, double *ratios) {           \
    return step_trust(options, {erased_##name, count, tensors}, trust, ratios);                              \
  }                                                                                                          \
  glissade_status glissade_##name##_step_share(const glissade_##name *options, size_t count,                 \
                                               const glissade_##name##_tensor *tensors, size_t share,        \
                                               size_t shares) {                                              \
    return step_share(options, {erased_##name, count, tensors}, share, shares);                              \
  }                                                                                                          \
  glissade_status glissade_##name##_step_rows(const glissade_##name *options, size_t count,                  \
                                              const glissade_##name##_tensor *tables,                        \
                                              const glissade_rows *rows) {                                   \
    return step_rows(options, {erased_##name, count, tables}, rows);                                         \
  }                                                                                                          \
  glissade_status glissade_##name##_check(const glissade_##name *options, size_t count,                      \
                                          const glissade_##name##_tensor *tensors, size_t *index) {          \
    return check_only(options, {erased_##name, count, tensors}, index);                                      \
  }                                                                                                          \
  glissade_status glissade_##name##_reset_many(const glissade_##name *options, size_t count,                 \
                                               const glissade_##name##_tensor *tensors) {                    \
    return reset(options, {erased_##name, count, tensors});                                                  \
  }                                                                                                          \
  glissade_status glissade_##name##_preset(glissade_##name *options, size_t struct_size,                     \
                                           const char *name_) {                                              \
    return preset(erased_##name, name_ ? preset_named<glissade_##name>(name_) : nullptr, options,            \
                  struct_size);                                                                              \
  }
#include "glissade/optimizers.inc"

const char *glissade_version(void) { return GLISSADE_VERSION; }
