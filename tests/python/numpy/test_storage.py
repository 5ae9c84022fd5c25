"""States in 16 and 8 bits and params of bfloat16 in NumPy's classes: decoding, a step in float32, and encoding."""
import copy
import pathlib
import pickle
import sys

import glissade
import numpy
import pytest
from glissade._family import CLASSES, TABLE

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "storage"))
import formats  # noqa: E402

SHAPES = ((3, 100), (256,), (), (2, 3, 100), (0,))  # whole blocks, rests, and less than one
SEED = 2 ** 64 - 3  # the third param's is 2^64 - 1, the fourth's 0
NOT_NEGATIVE = {"square_avg", "sum", "acc_delta", "exp_avg_sq", "exp_avg_var", "max_exp_avg_sq", "exp_inf", "step_size"}
MORE = {"rmsprop": {"momentum": 0.5, "centered": True, "initial_square_avg": 0.3}, "sgd": {"momentum": 0.5},
        "adam": {"amsgrad": True}, "adagrad": {"initial_accumulator_value": 0.1}}
every_optimizer = pytest.mark.parametrize("name", CLASSES)
every_dtype = pytest.mark.parametrize("state_dtype", ["bf16", "q8"])


def floats(seed, shapes=SHAPES):
    random = numpy.random.default_rng(seed)
    return [numpy.asarray(random.standard_normal(shape), numpy.float32) for shape in shapes]


def to_bf16(array):
    data, _ = formats.encode(formats.BF16, array.reshape(-1))
    return numpy.frombuffer(data, numpy.uint16).reshape(array.shape).copy()


def from_bf16(array):
    return formats.decode(formats.BF16, array.size, array.tobytes(), b"").reshape(array.shape)


def kind_of(array, state_dtype):
    return (formats.BF16_STOCHASTIC if state_dtype == "bf16" else
            formats.Q8_UNSIGNED if array in NOT_NEGATIVE else formats.Q8_SIGNED)


def encoded(kind, value, seed, step, a):
    random = formats.random_bits(value.size, seed % 2 ** 64, step, 0, a)
    codes, scales = formats.encode(kind, value.reshape(-1), random)
    return codes, scales, formats.decode(kind, value.size, codes, scales).reshape(value.shape)


def decoded(state, array, state_dtype):
    scales = state.get(f"{array}_scale", numpy.zeros(0)).tobytes()
    return formats.decode(kind_of(array, state_dtype), state[array].size, state[array].tobytes(), scales)


@every_optimizer
@every_dtype
@pytest.mark.parametrize("bf16_params", [None, "stochastic", "split"])
def test_a_step_is_decoding_the_step_in_float32_and_encoding(name, state_dtype, bf16_params):
    optimizer, _ = CLASSES[name]
    for options in ({}, MORE.get(optimizer, {})):
        params = [to_bf16(p) for p in floats(1)] if bf16_params else floats(1)
        values = [from_bf16(p) for p in params] if bf16_params else floats(1)
        opt = getattr(glissade, name)(params, **options, state_dtype=state_dtype, bf16_params=bf16_params, seed=SEED)
        of = getattr(glissade, name)(values, **options)
        for number, state in enumerate(of.state):
            for array in state.keys() - {"step"}:
                kind = kind_of(array, state_dtype)
                codes, scales, state[array][...] = encoded(kind, state[array], SEED + number, 0, 0)
                assert opt.state[number][array].tobytes() == codes
        for step in range(1, 5):
            grads = [to_bf16(g) if step % 2 else g.astype(numpy.float16) for g in floats(10 + step)]
            opt.step(grads)
            of.step([from_bf16(g) if step % 2 else g.astype(numpy.float32) for g in grads])
            for number, (p, value, state) in enumerate(zip(params, values, opt.state)):
                for a, array in enumerate(TABLE[optimizer]["states"], 1):
                    if array not in of.state[number]:
                        assert array not in state
                        continue
                    codes, scales, of.state[number][array][...] = encoded(
                        kind_of(array, state_dtype), of.state[number][array], SEED + number, step, a)
                    assert state[array].tobytes() == codes and state[array].shape == p.shape, (array, step)
                    if state_dtype == "q8":
                        assert state[f"{array}_scale"].tobytes() == scales
                if bf16_params == "split":
                    high, low = formats.encode(formats.SPLIT, value.reshape(-1))
                    assert p.tobytes() == high and state["remainder"].tobytes() == low
                elif bf16_params:
                    codes, _, value[...] = encoded(formats.BF16_STOCHASTIC, value, SEED + number, step, 0)
                    assert p.tobytes() == codes
                else:
                    assert p.tobytes() == value.tobytes()


@every_optimizer
@every_dtype
@pytest.mark.parametrize("bf16_params", [None, "stochastic", "split"])
def test_a_run_goes_on_from_its_state(name, state_dtype, bf16_params):
    def make(params, **more):
        return getattr(glissade, name)(params, **MORE.get(CLASSES[name][0], {}), state_dtype=state_dtype,
                                       bf16_params=bf16_params, **more)

    params = [to_bf16(p) for p in floats(1)] if bf16_params else floats(1)
    opt = make(params, seed=5)
    for step in range(3):
        opt.step(floats(step))
    resumed_params = copy.deepcopy(params)
    resumed = make(resumed_params)
    resumed.load_state_dict(pickle.loads(pickle.dumps(opt.state_dict())))
    assert resumed.state_dict()["param_groups"] == opt.state_dict()["param_groups"]
    copied_params, copied = copy.deepcopy((params, opt))
    for step in range(3, 6):
        for each in (opt, resumed, copied):
            each.step(floats(step))
    for other_params, other in ((resumed_params, resumed), (copied_params, copied)):
        assert [p.tobytes() for p in other_params] == [p.tobytes() for p in params]
        for a, b in zip(opt.state, other.state):
            assert a.keys() == b.keys() and all(a[key].tobytes() == b[key].tobytes() for key in a)


@every_optimizer
@every_dtype
def test_states_go_to_float32_and_back(name, state_dtype):
    options = MORE.get(CLASSES[name][0], {})
    opt = getattr(glissade, name)(floats(1), **options, state_dtype=state_dtype)
    for step in range(3):
        opt.step(floats(step))
    plain = getattr(glissade, name)(floats(1), **options)
    plain.load_state_dict(opt.state_dict())
    assert not plain.param_groups[0].keys() & {"state_dtype", "bf16_params", "seed"}
    back = getattr(glissade, name)(floats(1), **options, state_dtype=state_dtype, seed=9)
    back.load_state_dict(plain.state_dict())
    assert back.param_groups[0]["seed"] == 9
    for stored, state, again in zip(opt.state, plain.state, back.state):
        assert set(state) == {key for key in stored if not key.endswith("_scale")} and again.keys() == stored.keys()
        for array in state.keys() - {"step"}:
            assert state[array].tobytes() == decoded(stored, array, state_dtype).tobytes()
            assert decoded(again, array, state_dtype).tobytes() == state[array].tobytes()
        assert state["step"] == again["step"] == 3


def test_split_goes_on_from_float32():
    params = [to_bf16(p) for p in floats(1)]
    plain = glissade.AdamW(floats(1))
    plain.step(floats(2))
    split = glissade.AdamW(params, bf16_params="split")
    split.load_state_dict(plain.state_dict())
    assert not any(state["remainder"].any() for state in split.state)
    split.step(floats(3))


def test_groups_and_clip():
    params = floats(1, ((600,), (600,), (600,)))
    opt = glissade.AdamW([{"params": params[0]}, {"params": params[1], "state_dtype": "bf16"},
                          {"params": params[2], "state_dtype": "float32"}], state_dtype="q8")
    assert [state["exp_avg"].dtype for state in opt.state] == [numpy.int8, numpy.uint16, numpy.float32]
    assert "seed" not in opt.param_groups[2] and opt.param_groups[1]["seed"] == 0
    grads = [to_bf16(g) for g in floats(2, ((600,), (600,), (600,)))]
    norm = opt.step(grads, clip=1.0)
    assert norm == glissade.grad_norm(grads) == glissade.grad_norm([from_bf16(g) for g in grads])
    other = glissade.AdamW([{"params": p} for p in floats(1, ((600,), (600,), (600,)))])
    other.load_state_dict(opt.state_dict())
    assert all(state["exp_avg"].dtype == numpy.float32 for state in other.state)


def test_bfloat16_of_ml_dtypes():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    a, b = [to_bf16(p) for p in floats(1)], [to_bf16(p).view(bfloat16) for p in floats(1)]
    for params, grad_type in ((a, numpy.uint16), (b, bfloat16)):
        opt = glissade.AdamW(params, bf16_params="stochastic", state_dtype="q8")
        opt.step([to_bf16(g).view(grad_type) for g in floats(2)])
    assert [p.tobytes() for p in a] == [p.tobytes() for p in b]


def refuses(exception, words, call, unchanged):
    before = pickle.dumps(unchanged)
    with pytest.raises(exception, match=words):
        call()
    assert pickle.dumps(unchanged) == before


def test_wrong_arguments_are_named_and_change_nothing():
    params = floats(1)
    for words, options in (("state_dtype must be one of .*'q8', not 'q4'", {"state_dtype": "q4"}),
                           ("bf16_params must be one of .*'split', not 'exact'", {"bf16_params": "exact"}),
                           ("seed must be a whole number of 64 bits, not -1", {"seed": -1}),
                           (f"seed must be a whole number of 64 bits, not {2 ** 64}", {"seed": 2 ** 64})):
        with pytest.raises(ValueError, match=words):
            glissade.AdamW(params, **options)
        with pytest.raises(ValueError, match=words):
            glissade.AdamW([{"params": params, **options}])
    opt = glissade.AdamW(params, state_dtype="q8")
    opt.step(floats(2))
    good = opt.state[1]
    for key, value, words in (
            ("exp_avg_scale", numpy.zeros(2, numpy.uint8), "exp_avg_scale of param 1: has 2 elements"),
            ("exp_avg_scale", numpy.zeros(1, numpy.int8), "exp_avg_scale of param 1: is int8, not uint8"),
            ("exp_avg", good["exp_avg"].view(numpy.uint8), "an array of param 1: a state can be stored as"),
            ("exp_avg_sq", good["exp_avg_sq"].astype("d"), "exp_avg_sq of param 1: is float64, not float32 or bfloat16"),
            ("exp_avg_sq", good["exp_avg_sq"].reshape(16, 16), "exp_avg_sq of param 1: has another shape")):
        opt.state[1] = {**good, key: value}
        refuses((TypeError, ValueError), words, lambda: opt.step(floats(2)), (params, opt.state))
    opt.state[1] = {key: value for key, value in good.items() if key != "exp_avg_scale"}
    refuses(ValueError, "exp_avg_scale of param 1: is missing", lambda: opt.step(floats(2)), (params, opt.state))
    opt.state[1] = good
    saved = opt.state_dict()
    for key, value in (("exp_avg_scale", numpy.zeros(2, numpy.uint8)), ("exp_avg", numpy.zeros(2, numpy.int8))):
        wrong = {**saved, "state": {**saved["state"], 1: {**saved["state"][1], key: value}}}
        refuses(ValueError, "state_dict: exp_avg of param 1", lambda: opt.load_state_dict(wrong), (params, opt.state))
    plain = glissade.AdamW(params)
    plain.state[0]["exp_avg"] = plain.state[0]["exp_avg"].view(numpy.uint16)[:, ::2].copy()
    refuses(TypeError, "exp_avg of param 0: is uint16, not float32", lambda: plain.step(floats(2)), params)
    bf16 = [to_bf16(p) for p in params]
    refuses(TypeError, "param of param 0: is uint16, not float32", lambda: glissade.SGD(bf16).step(floats(2)), bf16)
    split = glissade.SGD(bf16, bf16_params="split")
    split.state[0]["remainder"] = split.state[0]["remainder"].astype("f")
    refuses(TypeError, "remainder of param 0: is float32, not int16", lambda: split.step(floats(2)), bf16)


def test_params_that_share_memory():
    whole = numpy.zeros(30, numpy.uint16)
    opt = glissade.SGD([whole[:10], whole[20:], whole[5:15]], bf16_params="stochastic")
    refuses(ValueError, "memory of param 2: shares memory", lambda: opt.step([numpy.ones(10, "f")] * 3), whole)
    glissade.SGD([whole[:10], whole[20:], whole[10:20]], bf16_params="stochastic").step([numpy.ones(10, "f")] * 3)
    assert whole.all()
