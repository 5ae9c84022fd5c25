"""The steps of arrays: PyTorch's golden vectors bit for bit, by the functions and by the classes."""
import pathlib
import sys

import glissade
import numpy
import pytest

GOLDEN = pathlib.Path(__file__).parents[2] / "golden"
sys.path.insert(0, str(GOLDEN))
import vector_file  # noqa: E402

from glissade._family import CLASSES, TABLE  # noqa: E402


def cases(optimizer):
    """The stored cases: options and {step: {array: bits}}."""
    found = []
    for line in (GOLDEN / f"{optimizer}.torch.txt").read_text().splitlines():
        word, *rest = line.split()
        if word == "case":
            found.append(({}, {}))
            for name, value in (option.split("=") for option in rest):
                flag = TABLE[optimizer]["options"][name] == "flag"
                found[-1][0][name] = bool(int(value)) if flag else float(value)
        elif word == "step":
            arrays = found[-1][1].setdefault(int(rest[0]), {})
        elif word != "#":
            arrays[word] = numpy.array([int(x, 16) for x in rest], numpy.uint32)
    return found


GOLDEN_OPTIMIZERS = sorted(path.name.split(".")[0] for path in GOLDEN.glob("*.torch.txt"))


def floats(numbers):
    return numpy.array(numbers, numpy.float32)


def test_every_optimizer_of_torch_has_golden_vectors():
    assert len(GOLDEN_OPTIMIZERS) == 10
    assert set(GOLDEN_OPTIMIZERS) <= set(TABLE)


@pytest.mark.parametrize("optimizer", GOLDEN_OPTIMIZERS)
def test_functions_give_the_bits_of_torch(optimizer):
    step_function = getattr(glissade, f"{optimizer}_step")
    preset = TABLE[optimizer]["presets"] and next(iter(TABLE[optimizer]["presets"]))
    for options, steps in cases(optimizer):
        needed = glissade._core.states(optimizer, preset, options)
        arrays = {"param": floats(vector_file.first_param())}
        arrays |= {name: numpy.full(vector_file.N, initial, numpy.float32) for name, initial in needed.items()}
        for t in range(1, max(steps) + 1):
            assert step_function(grad=floats(vector_file.grad(t)), **arrays, **options, step=t) is None
            for name, bits in steps.get(t, {}).items():
                assert numpy.array_equal(arrays[name].view(numpy.uint32), bits), (options, t, name)


@pytest.mark.parametrize("name", [name for name, (optimizer, _) in CLASSES.items() if optimizer in GOLDEN_OPTIMIZERS])
def test_classes_give_the_bits_of_torch(name):
    optimizer, _ = CLASSES[name]
    for options, steps in cases(optimizer):
        param = floats(vector_file.first_param()).reshape(1, -1)
        opt = getattr(glissade, name)([param], **options)
        for t in range(1, max(steps) + 1):
            assert opt.step([floats(vector_file.grad(t)).reshape(1, -1)]) is None
            for array, bits in steps.get(t, {}).items():
                found = param if array == "param" else opt.state[0][array]
                assert numpy.array_equal(found.view(numpy.uint32)[0], bits), (options, t, array)
        assert opt.state[0]["step"] == max(steps)


def test_lion_by_hand():
    param, grad, average = floats([1, 1, 1]), floats([2, -2, 0]), floats([0, 0, 0])
    glissade.lion_step(param, grad, average, lr=0.25, beta1=0.5, beta2=0.75, weight_decay=2)
    assert param.tolist() == [0.25, 0.75, 0.5]  # 1 * (1 - 0.25 * 2) - 0.25 * sign
    assert average.tolist() == [0.5, -0.5, 0]


@pytest.mark.parametrize("name", CLASSES)
def test_presets_of_the_classes(name):
    optimizer, preset = CLASSES[name]
    for wanted, defaults in TABLE[optimizer]["presets"].items():
        group = getattr(glissade, name)([floats([1])], preset=wanted).param_groups[0]
        assert {key: group[key] for key in group if key != "params"} == {
            key: value for key, value in defaults.items() if key not in ("step", "threads")}
    assert getattr(glissade, name)([floats([1])]).preset == preset


def test_a_preset_of_a_function():
    a, b = floats([3, 4]), floats([3, 4])
    states = [floats([1, 1]), floats([1, 1])]
    glissade.rmsprop_step(a, floats([1, 2]), states[0], preset="tf1")
    glissade.rmsprop_step(b, floats([1, 2]), states[1], lr=1e-3, alpha=0.9, eps=1e-10, eps_in_sqrt=True,
                          lr_in_momentum=True, initial_square_avg=1.0)
    assert a.tobytes() == b.tobytes() and states[0].tobytes() == states[1].tobytes()
    assert glissade.RMSprop([a], preset="tf1").state[0]["square_avg"].tolist() == [1, 1]


def test_grad_norm_and_clip():
    grads = [floats([3, 0]), floats([[4], [0], [12]])]
    assert glissade.grad_norm(grads) == 13
    params = [numpy.zeros_like(grad) for grad in grads]
    opt = glissade.SGD(params, lr=1.0)
    assert opt.step(grads, clip=1) == 13
    factor = numpy.float32(1 / (13 + 1e-6))
    for param, grad in zip(params, grads):
        assert numpy.array_equal(param, -(grad * factor))
    assert grads[0].tolist() == [3, 0]


def test_a_step_with_a_gradient_that_is_not_finite_is_not_taken():
    param = floats([1, 2])
    opt = glissade.Adam([param])
    assert opt.step([floats([numpy.inf, 1])], clip=1) == numpy.inf
    assert param.tolist() == [1, 2] and opt.state[0]["step"] == 0
    assert numpy.isnan(glissade.grad_norm([floats([numpy.nan])]))


def test_groups_have_options_of_their_own():
    a, b, c = floats([1]), floats([1]), floats([1])
    opt = glissade.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.25)
    opt.add_param_group({"params": [c], "maximize": True})
    opt.step([floats([1])] * 3)
    assert (a[0], b[0], c[0]) == (0.75, 0.5, 1.25)
    opt.param_groups[0]["lr"] = 1.0
    opt.step([floats([1]), None, None])
    assert (a[0], b[0], c[0]) == (-0.25, 0.5, 1.25)
    assert [int(state["step"]) for state in opt.state] == [2, 1, 1]


@pytest.mark.parametrize("name", CLASSES)
def test_state_goes_on_with_the_same_bits(name):
    import copy
    import pickle

    random = numpy.random.default_rng(1)
    grads = [[random.standard_normal((3, 5), numpy.float32), random.standard_normal(7, numpy.float32)] for _ in range(6)]

    def make(params):
        return getattr(glissade, name)([{"params": params[:1], "weight_decay": 0.125}, {"params": params[1:]}], lr=0.01)

    def begin():
        start = numpy.random.default_rng(2)
        return [start.standard_normal((3, 5), numpy.float32), start.standard_normal(7, numpy.float32)]

    whole = begin()
    opt = make(whole)
    for grad in grads:
        opt.step(grad)

    halved = begin()
    opt = make(halved)
    for grad in grads[:3]:
        opt.step(grad)
    saved = pickle.loads(pickle.dumps(opt.state_dict()))
    resumed = make(halved)
    resumed.load_state_dict(saved)
    copied, opt_copied = copy.deepcopy((halved, opt))
    for grad in grads[3:]:
        resumed.step(grad)
        opt_copied.step(grad)
    for a, b, c in zip(whole, halved, copied):
        assert a.tobytes() == b.tobytes() == c.tobytes()
    assert saved["state"][0]["step"] == 3 and saved["param_groups"][1]["params"] == [1]


def test_order_in_memory_is_kept():
    for order in "CF":
        param = numpy.asfortranarray(numpy.ones((2, 3), numpy.float32)) if order == "F" else numpy.ones((2, 3), "f")
        grad = numpy.asarray(numpy.arange(6, dtype="f").reshape(2, 3), order=order)
        glissade.SGD([param], lr=1.0).step([grad])
        assert param.tolist() == [[1, 0, -1], [-2, -3, -4]]


def test_threads_give_the_same_bits():
    n = 1 << 18
    random = numpy.random.default_rng(3)
    param, grad = random.standard_normal(n, numpy.float32), random.standard_normal(n, numpy.float32)
    results = []
    for threads in (1, 2, 0):
        own = param.copy()
        glissade.RMSprop([own], threads=threads).step([grad])
        results.append(own.tobytes())
    assert results[0] == results[1] == results[2]
    assert glissade.grad_norm([grad], threads=1) == glissade.grad_norm([grad], threads=2)
