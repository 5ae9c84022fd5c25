"""What lends its memory, and that wrong arguments raise an exception that names them and change nothing."""
import array
import inspect

import glissade
import numpy
import pytest

from glissade._family import CLASSES, TABLE


class Lent:
    """An array that is lent by DLPack alone."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def arrays(n=5):
    return (numpy.arange(n, dtype=numpy.float32), numpy.ones(n, numpy.float32), numpy.zeros(n, numpy.float32))


@pytest.mark.parametrize("wrap", [lambda a: a, memoryview, Lent, lambda a: array.array("f", a.tolist())],
                         ids=["numpy", "memoryview", "dlpack", "array"])
def test_what_lends_its_memory_is_written_in_place(wrap):
    expected = arrays()
    glissade.rmsprop_step(*expected)
    own = arrays()
    given = [wrap(a) for a in own]
    glissade.rmsprop_step(*given)
    if wrap is memoryview or wrap is Lent:
        assert own[0].tolist() == expected[0].tolist()
    else:
        assert list(given[0]) == expected[0].tolist() and list(given[2]) == expected[2].tolist()


def refuses(exception, words, call, unchanged):
    before = [bytes(memoryview(numpy.ascontiguousarray(a)).cast("B")) for a in unchanged]
    with pytest.raises(exception) as raised:
        call()
    assert words in str(raised.value), raised.value
    assert before == [bytes(memoryview(numpy.ascontiguousarray(a)).cast("B")) for a in unchanged]


def spoiled(a, how):
    """An array that cannot be used in the place of `a`."""
    if how == "a dtype":
        return a.astype(numpy.float64)
    if how == "a shape":
        return numpy.zeros(len(a) + 1, numpy.float32)
    if how == "gaps":
        return numpy.zeros(2 * len(a), numpy.float32)[::2]
    if how == "a list":
        return a.tolist()
    if how == "other bytes":
        return a.astype(">f4")
    a = a.copy()
    a.flags.writeable = False
    return a


WORDS = {"a dtype": (TypeError, "is float64"), "a shape": (ValueError, "has another shape"),
         "gaps": (ValueError, "contiguous"), "a list": (TypeError, "no array"),
         "other bytes": (TypeError, "not float32"), "read-only": (ValueError, "is read-only")}


@pytest.mark.parametrize("how", WORDS)
@pytest.mark.parametrize("which", range(3))
def test_a_wrong_array(which, how):
    own = arrays()
    given = list(own)
    given[which] = spoiled(own[which], how)
    name = ("param", "grad", "square_avg")[which]
    if (which, how) == (1, "read-only"):
        glissade.rmsprop_step(*given)  # a gradient is only read
        return
    exception, words = WORDS[how]
    if (which, how) == (0, "a shape"):
        name = "grad"
    with pytest.raises(exception) as raised:
        glissade.rmsprop_step(*given)
    assert str(raised.value).startswith(name + ": ") and words in str(raised.value)
    for a, b in zip(own, arrays()):
        assert a.tobytes() == b.tobytes()

    opt = glissade.RMSprop([numpy.ones(2, numpy.float32), own[0]])
    opt.state[1]["square_avg"] = given[2]
    opt.param_groups[0]["params"][1] = given[0]
    ones = numpy.ones(2, numpy.float32)
    refuses(exception, f"{name} of param 1: ", lambda: opt.step([ones, given[1]]),
            [*own, opt.state[0]["square_avg"], opt.param_groups[0]["params"][0]])
    assert opt.state[0]["step"] == 0


def test_a_read_only_array_by_dlpack():
    own = arrays()
    own[0].flags.writeable = False
    with pytest.raises((ValueError, BufferError, TypeError)):
        glissade.rmsprop_step(Lent(own[0]), own[1], own[2])
    assert own[2].tolist() == [0] * 5


@pytest.mark.parametrize("optimizer", TABLE)
def test_every_option_is_checked_and_named(optimizer):
    step = getattr(glissade, f"{optimizer}_step")
    states = TABLE[optimizer]["states"]
    for option, values in TABLE[optimizer]["options"].items():
        if option == "step":
            continue
        own = [numpy.ones(3, numpy.float32) for _ in range(2 + len(states))]
        wrong = {"flag": 2, "count": -1}.get(values, float("nan"))
        refuses(ValueError, option, lambda: step(*own, **{"step": 1, option: wrong}), own)
        refuses(TypeError, option, lambda: step(*own, **{"step": 1, option: "x"}), own)
        refuses(TypeError, option, lambda: step(*own, **{"step": 1, option: None}), own)


def test_the_number_of_the_step_is_asked_for():
    own = [numpy.ones(3, numpy.float32) for _ in range(4)]
    refuses(ValueError, "step", lambda: glissade.adam_step(*own), own)


def test_a_state_that_the_options_need():
    own = arrays()
    refuses(ValueError, "momentum_buffer", lambda: glissade.rmsprop_step(*own, momentum=0.5), own)
    refuses(TypeError, "square_avg", lambda: glissade.rmsprop_step(*own[:2]), own)


def test_overlap():
    own = arrays()
    refuses(ValueError, "overlap", lambda: glissade.rmsprop_step(own[0], own[0], own[2]), own)
    whole = numpy.zeros(30, numpy.float32)
    opt = glissade.SGD([whole[:10], whole[20:], whole[5:15]])
    refuses(ValueError, "param 2", lambda: opt.step([numpy.ones(10, numpy.float32)] * 3), [whole])


def test_wrong_names_and_numbers():
    own = arrays()
    refuses(TypeError, "alpa", lambda: glissade.rmsprop_step(*own, alpa=0.5), own)
    with pytest.raises(TypeError, match="'alpa'"):
        glissade.RMSprop([own[0]], alpa=0.5)
    with pytest.raises(TypeError, match="'alpa'"):
        glissade.RMSprop([{"params": [own[0]], "alpa": 0.5}])
    with pytest.raises(ValueError, match="preset"):
        glissade.RMSprop([own[0]], preset="adamw")
    refuses(ValueError, "preset", lambda: glissade.rmsprop_step(*own, preset="adamw"), own)
    with pytest.raises(ValueError, match="empty"):
        glissade.RMSprop([])
    with pytest.raises(ValueError, match="there already"):
        glissade.RMSprop([own[0], own[0]])
    opt = glissade.RMSprop([own[0]])
    refuses(ValueError, "grads: there are 2, and 1", lambda: opt.step([own[1]] * 2), own)
    for clip, exception in ((-1, ValueError), (numpy.float32("nan"), ValueError), ("x", TypeError)):
        with pytest.raises(exception, match="clip must be"):
            opt.step([own[1]], clip=clip)
    for grads in (None, 5, (a for a in own)):
        with pytest.raises(TypeError, match="grads must be a sequence"):
            opt.step(grads)
        with pytest.raises(TypeError, match="grads must be a sequence"):
            glissade.grad_norm(grads)
    with pytest.raises(TypeError, match="threads must be an int, not 'x'"):
        glissade.grad_norm([own[1]], threads="x")
    refuses(TypeError, "preset must be a str, not 5", lambda: glissade.rmsprop_step(*own, preset=5), own)
    for threads in ("x", None, 1 << 40):
        opt.threads = threads
        with pytest.raises(TypeError, match="threads must be an int"):
            opt.step([own[1]])
    opt.threads = -1
    with pytest.raises(ValueError, match="threads"):
        opt.step([own[1]])
    assert own[0].tolist() == arrays()[0].tolist() and opt.state[0]["step"] == 0


def test_wrong_params_are_named_at_once():
    good = numpy.ones(3, numpy.float32)
    frozen = good.copy()
    frozen.flags.writeable = False
    for wrong, words in ((5, "params must be an array"), ([good, 5], "param of param 1: <class 'int'> is no array"),
                         ([good, good.astype(float)], "param of param 1: is float64, not float32"),
                         ([numpy.ones(6, numpy.float32)[::2]], "param of param 0: is not contiguous"),
                         ([{"params": good}, {"params": frozen}], "param of param 1: is read-only"),
                         ([{"params": good}, good], "params: each group must be a dict"),
                         ([{"lr": 1.0}], "params: each group must be a dict")):
        with pytest.raises((TypeError, ValueError), match=words):
            glissade.RMSprop(wrong)
    opt = glissade.RMSprop(good)
    with pytest.raises(TypeError, match="param of param 1: is float64"):
        opt.add_param_group({"params": [numpy.ones(2)]})
    assert len(opt.param_groups) == len(opt.state) == 1


def test_groups_have_their_own_params_and_states():
    one, other = numpy.ones(2, numpy.float32), numpy.ones(3, numpy.float32)
    with pytest.raises(ValueError, match="there already"):
        glissade.RMSprop([{"params": [one]}, {"params": [one]}])
    opt = glissade.RMSprop([{"params": [one]}, {"params": [other], "momentum": 0.5}])
    assert ["momentum_buffer" in state for state in opt.state] == [False, True]
    opt.step([one.copy(), other.copy()])
    saved = opt.state_dict()
    (first, second), (one, other) = saved["param_groups"], saved["state"].values()
    opt.load_state_dict({"state": {7: one, 3: other},  # numbers are names
                         "param_groups": [{**first, "params": [7]}, {**second, "params": [3]}]})
    assert repr(opt.state_dict()["state"]) == repr(saved["state"])
    with pytest.raises(TypeError, match="'alpa'"):
        opt.load_state_dict({**saved, "param_groups": [first, {**second, "alpa": 0.5}]})


def test_a_wrong_state_dict_changes_nothing():
    opt = glissade.RMSprop([numpy.ones(3, numpy.float32)], lr=0.5)
    opt.step([numpy.ones(3, numpy.float32)])
    before = repr(opt.state_dict())
    good = opt.state_dict()
    for wrong in (5, {}, {"state": {}}):
        with pytest.raises(TypeError, match="state_dict must be a dict"):
            opt.load_state_dict(wrong)
    for wrong, words in (({**good, "param_groups": []}, "groups"),
                         ({**good, "param_groups": [{**good["param_groups"][0], "params": []}]}, "numbers of params"),
                         ({**good, "param_groups": [{**good["param_groups"][0], "lr": -1.0}]}, "lr"),
                         ({**good, "state": {0: {"step": 1, "square_avg": numpy.ones(4)}}}, "square_avg")):
        with pytest.raises(ValueError, match=words):
            opt.load_state_dict(wrong)
        assert repr(opt.state_dict()) == before
    opt.step([numpy.ones(3, numpy.float32)])
    assert repr(good) == before != repr(opt.state_dict())
    opt.load_state_dict({**good, "state": {}})  # as of params that have had no gradient
    assert opt.state[0]["step"] == 0 and opt.state[0]["square_avg"].tolist() == [0] * 3


def test_empty_arrays_and_no_gradients():
    empty = numpy.zeros((0, 3), numpy.float32)
    glissade.rmsprop_step(empty, empty.copy(), empty.copy())
    opt = glissade.RMSprop([empty])
    opt.step([None])
    assert opt.state[0]["step"] == 0 and opt.step([None], clip=1.0) == 0


@pytest.mark.parametrize("name", [*CLASSES, *(f"{optimizer}_step" for optimizer in TABLE)])
def test_every_argument_is_documented_with_its_default(name):
    made = getattr(glissade, name)
    for parameter in inspect.signature(made).parameters.values():
        assert parameter.name in made.__doc__
        if isinstance(parameter.default, float):
            assert f"{parameter.name}: " in made.__doc__ and f"(default {parameter.default!r})" in made.__doc__
