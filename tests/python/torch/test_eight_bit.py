"""States that bitsandbytes and torchao wrote are taken over by value."""
import bitsandbytes
import pytest
import torch
import torchao.optim
from glissade.torch import float32_state

from common import RoundedRoots, give_grads, make_params, of_torch, ours

SHAPES = ((40, 512), (5000,), (300,))  # of whole blocks; with a rest; smaller than what they store in 8 bits


def of_bitsandbytes(state, number):
    codes = state[f"state{number}"]
    if codes.dtype != torch.uint8:
        return codes
    return bitsandbytes.functional.dequantize_blockwise(codes, absmax=state[f"absmax{number}"],
                                                        code=state[f"qmap{number}"], blocksize=256)


def of_torchao(state, name):
    value = state[name]
    return value.dequantize() if hasattr(value, "dequantize") and hasattr(value, "codes") else value


@pytest.mark.parametrize("library, name, names", [
    (bitsandbytes.optim, "AdamW", ("exp_avg", "exp_avg_sq")),
    (bitsandbytes.optim, "RMSprop", ("square_avg",)),
    (bitsandbytes.optim, "Lion", ("exp_avg",)),
    (torchao.optim, "AdamW", ("exp_avg", "exp_avg_sq")),
])
def test_a_run_goes_on(library, name, names):
    theirs, params, right = (make_params(shapes=SHAPES) for _ in range(3))
    opt = getattr(library, name + "8bit")(theirs, lr=1e-3)
    with torch.compiler.set_stance("force_eager"):  # torchao's step, in seconds
        for step in range(3):
            give_grads([theirs], step)
            opt.step()
    saved = opt.state_dict()
    for group in saved["param_groups"]:
        group["lr"] = float(group["lr"])
    goes_on = ours(name, params, lr=1e-3)
    goes_on.load_state_dict(float32_state(saved, names))

    expected = (of_torch if name != "Lion" else ours)(name, right, lr=1e-3)
    give_grads([right], 0)
    expected.step()  # makes its state
    stored_in_8_bits = 0
    for their, our, param in zip(theirs, params, right):
        for number, state_name in enumerate(names, 1):
            value = of_torchao(opt.state[their], state_name) if library is torchao.optim else of_bitsandbytes(
                opt.state[their], number)
            assert torch.equal(goes_on.state[our][state_name], value)
            assert value.abs().max() > 0
            stored_in_8_bits += len(value.unique()) < value.numel() // 2
            expected.state[param][state_name] = value.clone()
        if "step" in expected.state[param]:
            expected.state[param]["step"] = torch.tensor(3.0)
        with torch.no_grad():
            our.copy_(their)
            param.copy_(their)
    assert stored_in_8_bits == len(names) * (1 if library is torchao.optim else 2)
    for group in expected.param_groups:
        group.update({key: saved["param_groups"][0][key] for key in ("betas", "eps", "weight_decay", "alpha")
                      if key in group and key in saved["param_groups"][0]})
    give_grads([params, right], 7)
    goes_on.step()
    with RoundedRoots():
        expected.step()
    for our, param in zip(params, right):
        assert torch.equal(our, param)
