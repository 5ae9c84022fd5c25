// A fuzz target for the saved state of a model: any stream is taken whole or refused with nothing changed.
#include "../sealed.hpp"
#include "input.hpp"
#include <sstream>

namespace {

struct trained {
  std::vector<float> a = std::vector<float>(3, 1.f), b = std::vector<float>(5, 2.f),
                     grad = std::vector<float>(5, .5f);
  std::vector<std::uint16_t> c = std::vector<std::uint16_t>(4, std::uint16_t{0x3f80});
  glissade::model<glissade_rmsprop> model;

  explicit trained(bool stored)
      : model(GLISSADE_RMSPROP_TORCH, {.state = stored ? glissade::q8 : int{GLISSADE_FLOAT32}}) {
    glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
    o.momentum = .5;
    model.add(a, std::span(grad).first(3));
    model.add(b, grad, model.add_group(o));
    if (stored) model.add(c, std::span(grad).first(4), model.add_group(o, {.param = GLISSADE_SPLIT}));
    model.step();
  }
  std::string saved() const {
    std::ostringstream stream;
    model.save(stream);
    return stream.str();
  }
};

void restore_one(const std::uint8_t *bytes, std::size_t size, bool stored) {
  fuzz::input choices(bytes, size);
  trained t(stored);
  const std::string good = t.saved();

  std::string stream;
  const auto kind = choices.below(3);
  if (kind == 0) { // anything
    for (std::size_t i = 1; i < size; ++i)
      stream.push_back(static_cast<char>(choices.byte()));
  } else { // a good one with some bytes altered, perhaps cut, perhaps sealed again
    stream = good;
    for (std::size_t edits = choices.below(8); edits > 0; --edits)
      stream[choices.below(stream.size())] = static_cast<char>(choices.byte());
    if (choices.one_in(4)) stream.resize(8 + 4 * choices.below((stream.size() - 8) / 4));
    if (kind == 2) stream = sealed(stream);
  }

  t.model.step();
  const std::string before = t.saved();
  std::istringstream from(stream);
  try {
    t.model.restore(from);
  } catch (const glissade::state_error &) {
    fuzz::expect(t.saved() == before, "a refused stream changes nothing");
    return;
  }
  fuzz::expect(kind != 0 && stream.size() == good.size(), "only a whole state is taken");
  fuzz::expect(kind == 2 || stream == good, "an altered state is refused");
  // Taken, so it is the state now, but for `threads`: what is saved is taken again.
  const std::string taken = t.saved();
  std::istringstream again(taken);
  t.model.restore(again);
  fuzz::expect(t.saved() == taken, "what was restored is what is saved");
  t.model.step(); // no state is taken that a step refuses
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  for (const bool stored : {false, true})
    restore_one(bytes, size, stored);
  return 0;
}
