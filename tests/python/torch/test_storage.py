"""States in 16 and 8 bits and params of bfloat16: each step is decoding, torch's step in float32, and encoding."""
import copy
import io
import pathlib
import pickle
import sys

import glissade.torch
import numpy
import pytest
import torch
from common import RoundedRoots, give_grads, make_params, of_torch, ours, same
from glissade._family import CLASSES, TABLE
from glissade.torch import float32_state

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "storage"))
import formats  # noqa: E402

SHAPES = ((3, 100), (256,), (), (2, 3, 100), (0,))  # whole blocks, rests, and less than one
SEED = 7
NOT_NEGATIVE = {"square_avg", "sum", "acc_delta", "exp_avg_sq", "exp_avg_var", "max_exp_avg_sq", "exp_inf", "step_size"}
MORE = {"RMSprop": {"momentum": 0.5, "centered": True}, "SGD": {"momentum": 0.5}, "Adam": {"amsgrad": True},
        "Adagrad": {"initial_accumulator_value": 0.125}}
every_optimizer = pytest.mark.parametrize("name", glissade.torch.HERE)
every_dtype = pytest.mark.parametrize("state_dtype", ["bf16", "q8"])


def bits(tensor):
    return (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).detach().numpy().tobytes()


def kind_of(name, state_dtype):
    return (formats.BF16_STOCHASTIC if state_dtype == "bf16" else
            formats.Q8_UNSIGNED if name in NOT_NEGATIVE else formats.Q8_SIGNED)


def encoded(name, state_dtype, value, seed, step, a):
    """By formats.py: the codes and the scales of a state."""
    random = formats.random_bits(value.numel(), seed, step, 0, a)
    kind = kind_of(name, state_dtype)
    codes, scales = formats.encode(kind, value.detach().reshape(-1).numpy(), random)
    return codes, scales, torch.from_numpy(formats.decode(kind, value.numel(), codes, scales)).reshape(value.shape)


def reference_of(name):
    return glissade.torch._Lion if name == "Lion" else lambda params, **options: of_torch(name, params, **options)


@every_optimizer
@every_dtype
@pytest.mark.parametrize("bf16_params", [None, "stochastic", "split"])
def test_a_step_is_decoding_torchs_step_and_encoding(name, state_dtype, bf16_params):
    for options in ({}, MORE.get(name, {})):
        params = make_params(1, torch.bfloat16 if bf16_params else torch.float32, SHAPES)
        floats = [torch.nn.Parameter(p.detach().float()) for p in params]
        opt = ours(name, params, **options, state_dtype=state_dtype, bf16_params=bf16_params, seed=SEED, strict=True)
        of = reference_of(name)(floats, **options)
        for step in range(1, 6):
            give_grads((params,), step)
            for p, f in zip(params, floats):
                f.grad = p.grad.float()
            if step == 1 and name == "Adagrad":  # which has states before the first step
                for number, f in enumerate(floats):
                    of.state[f]["sum"] = encoded("sum", state_dtype, of.state[f]["sum"], SEED + number, 0, 0)[2]
            opt.step()
            with RoundedRoots():
                of.step()
            for number, (p, f) in enumerate(zip(params, floats)):
                state = opt.state[p]
                assert state["step"] == step
                for a, array in enumerate(TABLE[CLASSES[name][0]]["states"], 1):
                    if of.state[f].get(array) is None:
                        assert array not in state
                        continue
                    codes, scales, value = encoded(array, state_dtype, of.state[f][array], SEED + number, step, a)
                    assert bits(state[array]) == codes and state[array].shape == p.shape, (array, step)
                    if scales or state_dtype == "q8":
                        assert bits(state[f"{array}_scale"]) == scales
                    of.state[f][array] = value
                if bf16_params == "split":
                    high, low = formats.encode(formats.SPLIT, f.detach().reshape(-1).numpy())
                    assert bits(p) == high and bits(state["remainder"]) == low
                elif bf16_params:
                    _, _, value = encoded("", "bf16", f, SEED + number, step, 0)
                    assert torch.equal(p.detach().float(), value)
                    f.data = value
                else:
                    assert same(p.detach(), f.detach())


@every_optimizer
@every_dtype
@pytest.mark.parametrize("bf16_params", [None, "stochastic", "split"])
def test_a_run_goes_on_from_copies_and_checkpoints(name, state_dtype, bf16_params):
    options = {**MORE.get(name, {}), "state_dtype": state_dtype, "bf16_params": bf16_params, "strict": True}
    params = make_params(2, torch.bfloat16 if bf16_params else torch.float32, SHAPES)
    opt = ours(name, params, **options, seed=SEED)
    for step in range(3):
        give_grads((params,), step)
        opt.step()
    file = io.BytesIO()
    torch.save(opt.state_dict(), file)
    loaded = ours(name, copy.deepcopy(params), **options)
    loaded.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    assert same(loaded.state_dict(), opt.state_dict())
    others = [loaded, copy.deepcopy(opt), pickle.loads(pickle.dumps(opt))]
    lists = [params] + [other.param_groups[0]["params"] for other in others]
    for step in range(3, 6):
        give_grads(lists, step)
        for each in (opt, *others):
            each.step()
    for other, of_other in zip(others, lists[1:]):
        assert same(of_other, params) and same(other.state_dict(), opt.state_dict())
    others[1].add_param_group({"params": make_params(3)})
    assert others[1].param_groups[1]["state_dtype"] == state_dtype


@every_optimizer
@every_dtype
def test_states_go_to_float32_and_back(name, state_dtype):
    def make(given, make=ours, **options):
        return make(name, given, **MORE.get(name, {}), **options)

    params = make_params(4, shapes=SHAPES)
    opt = make(params, state_dtype=state_dtype, strict=True)
    for step in range(3):
        give_grads((params,), step)
        opt.step()
    arrays = [array for array in TABLE[CLASSES[name][0]]["states"] if array in opt.state[params[0]]]
    targets = [make(copy.deepcopy(params), strict=True)]
    targets[0].load_state_dict(copy.deepcopy(opt.state_dict()))
    if name != "Lion":
        targets.append(make(copy.deepcopy(params), of_torch))
        targets[1].load_state_dict(float32_state(copy.deepcopy(opt.state_dict())))
    for target in targets:
        assert not set(target.param_groups[0]) & {"state_dtype", "bf16_params", "seed"}
        for p, q in zip(params, target.param_groups[0]["params"]):
            for array in arrays:
                state = opt.state[p]
                scales = bits(state[f"{array}_scale"]) if state_dtype == "q8" else b""
                value = formats.decode(kind_of(array, state_dtype), p.numel(), bits(state[array]), scales)
                found = target.state[q][array]
                assert found.dtype == torch.float32 and found.detach().numpy().tobytes() == value.tobytes(), array
                assert not any(key.endswith("_scale") for key in target.state[q])
        back = make(make_params(4, shapes=SHAPES), state_dtype=state_dtype, strict=True, seed=SEED)
        back.load_state_dict(target.state_dict())
        with torch.no_grad():
            for p, q in zip(back.param_groups[0]["params"], params):
                p.copy_(q)
        for p, q in zip(params, back.param_groups[0]["params"]):
            for array in arrays:
                assert opt.state[p][array].dtype == back.state[q][array].dtype
                assert same(glissade._storage.as_float32(torch, back.state[q], array),
                            glissade._storage.as_float32(torch, opt.state[p], array))
        assert back.param_groups[0]["seed"] == SEED
        give_grads((params, back.param_groups[0]["params"]), 9)
        back.step()
    running = make(make_params(4, shapes=SHAPES), **{} if name == "Lion" else {"make": of_torch})
    give_grads((running.param_groups[0]["params"],), 1)
    running.step()
    stored = make(make_params(4, shapes=SHAPES), state_dtype=state_dtype, seed=SEED)
    stored.load_state_dict(running.state_dict())
    for number, (p, q) in enumerate(zip(running.param_groups[0]["params"], stored.param_groups[0]["params"])):
        assert stored.state[q]["step"] == 1
        for array in arrays:
            codes, _, _ = encoded(array, state_dtype, running.state[p][array], SEED + number, 1, 0)
            assert bits(stored.state[q][array]) == codes


def test_what_torch_does_with_bfloat16_stands_still():
    """Without the option a step is torch's, which rounds to the nearest."""
    def run(make, **options):
        p = torch.nn.Parameter(torch.ones(4096, dtype=torch.bfloat16))
        opt = make("SGD", [p], lr=2.0 ** -12, **options)
        for _ in range(64):
            p.grad = torch.ones_like(p)
            opt.step()
        return p.detach().float()

    assert run(ours).tolist() == run(of_torch).tolist() == [1.0] * 4096
    assert abs(run(ours, bf16_params="stochastic").mean().item() - (1 - 2 ** -6)) < 2e-4
    assert run(ours, bf16_params="split").tolist() == [1 - 2 ** -6] * 4096
    with pytest.raises(TypeError, match="param of param 0: is bfloat16, not float32"):
        run(ours, strict=True)


@every_optimizer
def test_split_params_are_those_of_float32(name):
    params = make_params(5, torch.bfloat16, SHAPES)
    floats = [torch.nn.Parameter(p.detach().float()) for p in params]
    opt, of = ours(name, params, bf16_params="split", strict=True), ours(name, floats, strict=True)
    for step in range(4):
        give_grads((params,), step)
        for p, f in zip(params, floats):
            f.grad = p.grad.float()
        opt.step()
        of.step()
    for p, f in zip(params, floats):
        low = opt.state[p]["remainder"].numpy().astype("<i2").tobytes()
        value = formats.decode(formats.SPLIT, p.numel(), bits(p), low)
        assert value.tobytes() == f.detach().numpy().tobytes()
        assert all(same(opt.state[p][key], of.state[f][key]) for key in of.state[f])


@every_optimizer
@every_dtype
def test_what_glissade_cannot_do_is_torchs_step_on_decoded_states(name, state_dtype):
    def make(bf16=False):
        return [torch.nn.Parameter(torch.linspace(1, 2, 600).reshape(20, 30)),
                torch.nn.Parameter(torch.ones(5, dtype=torch.float64)),
                torch.nn.Parameter(torch.linspace(1, 2, 300))]

    params, floats = make(), make()
    opt = ours(name, params, **MORE.get(name, {}), state_dtype=state_dtype, seed=SEED)
    of = reference_of(name)(floats, **MORE.get(name, {}))
    for step in range(1, 4):
        give_grads((params, floats), step)
        if step == 2:
            for p in (params[0], floats[0]):
                p.grad = p.grad.t().contiguous().t()  # another order in memory
        before = copy.deepcopy(opt.state_dict()["state"])
        for number, (p, f) in enumerate(zip(params, floats)):
            for array in TABLE[CLASSES[name][0]]["states"]:
                if array in before.get(number, {}):
                    of.state[f][array] = glissade._storage.as_float32(torch, before[number], array) if number != 1 \
                        else before[number][array].clone()
        opt.step()
        with RoundedRoots():
            of.step()
        torch.testing.assert_close(params, floats, rtol=1e-6, atol=1e-7)
        for number, (p, f) in enumerate(zip(params, floats)):
            assert name not in ("SGD", "Lion") or "step" not in opt.state[p] or opt.state[p]["step"] == step
            for a, array in enumerate(TABLE[CLASSES[name][0]]["states"], 1):
                if of.state[f].get(array) is None:
                    continue
                if number == 1:
                    assert opt.state[p][array].dtype == torch.float64
                elif number == 2 or step != 2:
                    codes, _, _ = encoded(array, state_dtype, of.state[f][array], SEED + number, step, a)
                    assert name in ("RMSprop", "Adam", "AdamW") or bits(opt.state[p][array]) == codes
                else:
                    assert opt.state[p][array].dtype != torch.float32
        opt.param_groups[0]["params"][0].grad = None
    opt.strict = True
    give_grads((params,), 5)
    before = copy.deepcopy((params, opt.state_dict()))
    with pytest.raises(TypeError, match="param of param 1: is float64, not float32"):
        opt.step()
    assert same((params, opt.state_dict()), before)


def test_a_split_param_has_no_remainder_after_torchs_step():
    p = torch.nn.Parameter(torch.linspace(1, 2, 600).reshape(20, 30).bfloat16())
    opt = ours("SGD", [p], lr=2.0 ** -12, bf16_params="split")
    p.grad = torch.ones_like(p)
    opt.step()
    assert opt.state[p]["remainder"].count_nonzero() == 600
    q = torch.nn.Parameter(p.detach().clone())
    for param in (p, q):
        param.grad = torch.ones(30, 20, dtype=torch.bfloat16).t()
    opt.step()
    of_torch("SGD", [q], lr=2.0 ** -12).step()
    assert same(p, q) and not opt.state[p]["remainder"].any() and opt.state[p]["step"] == 2


def test_groups_have_their_own():
    params = make_params(6, shapes=((600,), (600,), (600,)))
    opt = ours("AdamW", [{"params": params[:1]}, {"params": params[1:2], "state_dtype": "bf16"},
                         {"params": params[2:], "state_dtype": "float32"}], state_dtype="q8", strict=True)
    give_grads((params,), 1)
    opt.step()
    assert [opt.state[p]["exp_avg"].dtype for p in params] == [torch.int8, torch.bfloat16, torch.float32]
    assert "seed" not in opt.param_groups[2]
    saved = opt.state_dict()
    assert sum(t.nbytes for t in saved["state"][0].values() if t.dim()) == 2 * (600 + 3)
    plain = ours("AdamW", [{"params": [p]} for p in make_params(6, shapes=((600,), (600,), (600,)))], strict=True)
    plain.load_state_dict(saved)
    for p, q in zip(params, (group["params"][0] for group in plain.param_groups)):
        assert same(plain.state[q]["exp_avg"], glissade._storage.as_float32(torch, opt.state[p], "exp_avg").float())
    opt.load_state_dict(plain.state_dict())
    assert [opt.state[p]["exp_avg"].dtype for p in params] == [torch.int8, torch.bfloat16, torch.float32]


def test_hooks_see_what_is_loaded():
    params = make_params(6, shapes=((600,),))
    opt = ours("AdamW", params, state_dtype="q8")
    give_grads((params,), 1)
    opt.step()
    seen = []

    def halve(_, given):
        given["state"][0]["exp_avg_scale"] -= 1
        return given

    opt.register_load_state_dict_pre_hook(halve)
    opt.register_load_state_dict_post_hook(lambda o: seen.append(o.state[params[0]]["exp_avg"].dtype))
    before = glissade._storage.as_float32(torch, opt.state[params[0]], "exp_avg")
    opt.load_state_dict(copy.deepcopy(opt.state_dict()))
    assert torch.equal(glissade._storage.as_float32(torch, opt.state[params[0]], "exp_avg"), before / 2)
    assert seen == [torch.int8]


def test_step_clipped_with_gradients_of_bfloat16():
    a, b = (make_params(7, torch.bfloat16, SHAPES) for _ in range(2))
    one, two = (ours("SGD", params, lr=0.5, state_dtype="q8", bf16_params="split", strict=True) for params in (a, b))
    give_grads((a, b), 1)
    norm = numpy.sqrt(sum(p.grad.double().square().sum().item() for p in a))
    assert abs(one.step_clipped(0.5) / norm - 1) < 1e-12
    assert glissade.grad_norm([p.grad for p in a]) == one._norm
    for p in b:
        p.grad = None
    assert not same(a, b) and two.step() is None
    factor = numpy.float32(0.5 / (norm + 1e-6))
    for p, q in zip(a, b):
        moved = q.detach().float() - p.grad.float() * torch.tensor(factor) * 0.5
        low = one.state[p]["remainder"].numpy().astype("<i2").tobytes()
        torch.testing.assert_close(torch.from_numpy(formats.decode(formats.SPLIT, p.numel(), bits(p), low)),
                                   moved.reshape(-1), rtol=1e-6, atol=1e-7)


def test_wrong_arguments_are_named_and_change_nothing():
    params = make_params(8, shapes=((600,),))
    for words, options in (("state_dtype must be one of .*'q8', not 'q4'", {"state_dtype": "q4"}),
                           ("bf16_params must be one of .*'split', not 'exact'", {"bf16_params": "exact"}),
                           ("seed must be a whole number of 64 bits, not -1", {"seed": -1}),
                           ("seed must be a whole number of 64 bits, not 0.5", {"seed": 0.5})):
        with pytest.raises(ValueError, match=words):
            ours("AdamW", params, **options)
        opt = ours("AdamW", make_params(9))
        with pytest.raises(ValueError, match=words):
            opt.add_param_group({"params": params, **options})
        assert len(opt.param_groups) == 1
    opt = ours("AdamW", params, state_dtype="q8", strict=True)
    give_grads((params,), 1)
    opt.step()
    good = opt.state[params[0]]
    for key, value, words in (
            ("exp_avg_scale", torch.zeros(2, dtype=torch.uint8), "exp_avg_scale of param 0: has 2 elements"),
            ("exp_avg_scale", torch.zeros(3), "exp_avg_scale of param 0: is float32, not uint8"),
            ("exp_avg_sq", good["exp_avg_sq"].double(), "exp_avg_sq of param 0: is float64, not float32 or bfloat16"),
            ("exp_avg_sq", good["exp_avg_sq"].reshape(30, 20), "exp_avg_sq of param 0: has another shape"),
            ("step", torch.tensor(0.5), "step of param 0: is no count of steps")):
        before = copy.deepcopy(params)
        opt.state[params[0]] = {**good, key: value}
        with pytest.raises((TypeError, ValueError), match=words):
            opt.step()
        assert same(params, before)
    opt.state[params[0]] = good
    opt.step()
    split = make_params(8, torch.bfloat16, ((600,),))
    opt = ours("AdamW", split, bf16_params="split", strict=True)
    give_grads((split,), 1)
    opt.step()
    opt.state[split[0]]["remainder"] = torch.zeros(600)
    with pytest.raises(TypeError, match="remainder of param 0: is float32, not int16"):
        opt.step()


def test_the_scales_belong_to_no_other_step():
    """A step of NumPy's functions takes gradients of 16 bits, but no stored state."""
    p, g = torch.ones(3), torch.tensor([1.0, 2.0, -0.5])
    for dtype in (torch.bfloat16, torch.float16):
        q = torch.ones(3)
        glissade.sgd_step(q, g.to(dtype), lr=0.5)
        assert q.tolist() == [0.5, 0.0, 1.25]
    with pytest.raises(TypeError, match="momentum_buffer: is bfloat16, not float32"):
        glissade.sgd_step(p, g, torch.zeros(3, dtype=torch.bfloat16), lr=0.5, momentum=0.5, step=1)
