"""The pieces of Python on the pages run as they stand."""
import importlib.util
import pathlib
import re

import numpy
import pytest

HOME = pathlib.Path(__file__).parents[3]
PIECES = [piece for page in ("README.md", "docs/python.md")
          for piece in re.findall("^```python\n(.*?)^```", (HOME / page).read_text(), re.M | re.S)]
NAMES = ["param", "grad", "square_avg", "weights", "weights_grad", "bias", "bias_grad"]


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_runs(piece):
    if importlib.util.find_spec("torch") is None:
        piece = re.sub("from glissade.torch import.*", "", piece)
    arrays = {name: numpy.ones(3, numpy.float32) for name in NAMES}
    grads = [arrays["weights_grad"], arrays["bias_grad"]]
    exec(piece, {**arrays, "grads": grads})
    if "opt" in piece and "step(" in piece:
        assert arrays["weights"][0] < 1 and arrays["bias"][0] < 1
    if "_step(" in piece:
        assert arrays["param"][0] < 1


def test_there_are_pieces():
    assert sum("step(" in piece for piece in PIECES) == 3 and len(PIECES) == 4
