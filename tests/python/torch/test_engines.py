"""The engines that others wrote train alike with torch's AdamW and with ours."""
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[3] / "examples" / "python" / "engines.py"


@pytest.mark.parametrize("engine", ["plain", "accelerate", "lightning", "trainer"])
def test_an_engine_trains_alike(engine):
    result = subprocess.run([sys.executable, str(SCRIPT), engine], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0 and "of 20 losses" in result.stdout, result.stdout + result.stderr
