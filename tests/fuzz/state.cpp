// A fuzz target for the saved state of a model: any stream is taken whole or refused with nothing changed.
#include "../sealed.hpp"
#include "input.hpp"
#include <sstream>

namespace {

struct trained {
  std::vector<float> a = std::vector<float>(3, 1.f), b = std::vector<float>(5, 2.f),
                     grad = std::vector<float>(5, .5f);
  glissade::model<glissade_rmsprop> model;

  trained() {
    glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
    o.momentum = .5;
    model.add(a, std::span(grad).first(3));
    model.add(b, grad, model.add_group(o));
    model.step();
  }
  std::string saved() const {
    std::ostringstream stream;
    model.save(stream);
    return stream.str();
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  fuzz::input choices(bytes, size);
  trained t;
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
    return 0;
  }
  fuzz::expect(kind != 0 && stream.size() == good.size(), "only a whole state is taken");
  fuzz::expect(kind == 2 || stream == good, "an altered state is refused");
  // Taken, so it is the state now, but for `threads`: what is saved is taken again.
  const std::string taken = t.saved();
  std::istringstream again(taken);
  t.model.restore(again);
  fuzz::expect(t.saved() == taken, "what was restored is what is saved");
  t.model.step(); // no state is taken that a step refuses
  return 0;
}
