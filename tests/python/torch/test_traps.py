"""What has gone wrong, or would, between an optimizer with a step of its own and the rest of torch."""
import copy
import gc
import math
import subprocess
import sys
import warnings
import weakref

import glissade
import glissade.torch
import pytest
import torch
from common import RoundedRoots, give_grads, make_params, of_torch, ours, same

ALL = sorted(set(glissade.torch.__all__) - {"float32_state"})
every_optimizer = pytest.mark.parametrize("name", ALL)


def pair(name="RMSprop", **options):
    """The same params twice, with our optimizer and torch's."""
    a, b = make_params(), make_params()
    return a, b, ours(name, a, **options), of_torch(name, b, **options)


def step(a, b, one, two, number):
    give_grads((a, b), number)
    with RoundedRoots():
        one.step()
        two.step()
    assert same(a, b) and same(one.state_dict()["state"], two.state_dict()["state"])


def test_state_that_is_replaced():
    a, b, one, two = pair(momentum=0.5)
    step(a, b, one, two, 1)
    for params, opt in ((a, one), (b, two)):
        opt.state[params[0]] = {key: value.clone() + 1 for key, value in opt.state[params[0]].items()}
        opt.state[params[1]]["square_avg"] = opt.state[params[1]]["square_avg"] * 2
    step(a, b, one, two, 2)
    for opt in (one, two):
        opt.state = type(opt.state)(dict, {p: {k: v * 2 for k, v in s.items()} for p, s in opt.state.items()})
    step(a, b, one, two, 3)
    for params, opt in ((a, one), (b, two)):
        del opt.state[params[2]]
    step(a, b, one, two, 4)


MISFITS = [("square_avg", torch.zeros(4, 5), "has another shape"), ("square_avg", torch.zeros(15), "has another shape"),
           ("square_avg", torch.zeros(3, 5, dtype=torch.float64), "is float64, not float32"),
           ("square_avg", torch.zeros(3, 5, dtype=torch.int32), "is int32, not float32"),
           ("square_avg", torch.zeros(5, 3).t(), "does not lie in memory as its param"),
           ("step", torch.zeros(2), "is not a single number"), ("step", torch.tensor(0.5), "is no count of steps"),
           ("step", torch.tensor(-1.0), "is no count of steps")]


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("array, wrong, words", MISFITS, ids=[f"{x[0]}-{x[1].dtype}-{x[1].shape}" for x in MISFITS])
def test_states_that_do_not_fit(array, wrong, words, in_place):
    params = [torch.nn.Parameter(torch.ones(3, 5)) for _ in range(2)]
    opt = ours("RMSprop", params, strict=True)
    for p in params:
        p.grad = torch.ones(3, 5)
    for _ in range(2):
        opt.step()
    before, state = copy.deepcopy(params), opt.state[params[1]]
    if in_place:
        right = state[array].data
        state[array].data = wrong.clone()
    else:
        right, state[array] = state[array], wrong.clone()
    with pytest.raises((TypeError, ValueError), match=f"{array} of param 1: {words}"):
        opt.step()
    assert same(params, before)
    if in_place:
        state[array].data = right
    else:
        state[array] = right
    opt.step()
    assert [int(s["step"]) for s in opt.state.values()] == [3, 3] and same(params[0], params[1])


def test_params_and_memory_that_are_replaced():
    a, b, one, two = pair()
    step(a, b, one, two, 1)
    for p, q in zip(a, b):
        p.data, q.data = p.data * 2, q.data * 2
    step(a, b, one, two, 2)
    for params, opt in ((a, one), (b, two)):
        del opt.state[params[0]]
        params[0] = torch.nn.Parameter(params[0].detach().clone() * 3)
    one.param_groups[0]["params"] = list(a)  # as DeepSpeed and Accelerate do
    two.param_groups[0]["params"] = list(b)
    step(a, b, one, two, 3)
    for params, opt in ((a, one), (b, two)):
        del opt.state[opt.param_groups[0]["params"].pop()]
    step(a, b, one, two, 4)
    for params, opt in ((a, one), (b, two)):
        opt.state[params[1]]["square_avg"].share_memory_()
        params[1].data.resize_(7)
    step(a, b, one, two, 5)


def test_states_that_are_dropped_are_freed():
    params = [torch.nn.Parameter(torch.ones(3)) for _ in range(3)]
    opt = ours("RMSprop", params)

    def step():
        for p in params:
            p.grad = torch.ones(3)
        opt.step()

    def average(i):
        return weakref.ref(opt.state[params[i]]["square_avg"])

    for _ in range(2):
        step()
    replaced = average(0)
    opt.state[params[0]] = {key: value.clone() for key, value in opt.state[params[0]].items()}
    step()
    assert replaced() is None
    frozen, gone = average(1), average(2)
    params[1].grad = params[2].grad = None
    del opt.state[params[1]], opt.state[opt.param_groups[0]["params"].pop()]
    opt.step()
    assert frozen() is None and gone() is None
    step()
    loaded = average(0)
    opt.load_state_dict(copy.deepcopy(opt.state_dict()))
    assert loaded() is None
    step()
    last = average(0)
    del opt
    gc.collect()
    assert last() is None


def test_states_of_a_param_that_becomes_torchs_are_freed():
    p = torch.nn.Parameter(torch.ones(3))
    opt = ours("RMSprop", [p])
    for _ in range(2):
        p.grad = torch.ones(3)
        opt.step()
    old = weakref.ref(opt.state[p]["square_avg"])
    p.data, p.grad = p.data.double(), None
    p.grad = torch.ones(3, dtype=torch.float64)
    opt.state[p]["square_avg"] = opt.state[p]["square_avg"].double()
    opt.step()
    assert old() is None and opt.state[p]["step"] == 3


def test_an_optimizer_that_its_params_refer_to_is_collected():
    def train():
        params = make_params(shapes=((3,), (4,)))
        opt = ours("RMSprop", params, strict=True)
        params[0].of = opt
        params[1].register_hook(lambda grad: grad * len(opt.state))
        for _ in range(3):
            opt.zero_grad()
            sum(p.square().sum() for p in params).backward()
            opt.step()
        return [weakref.ref(x) for x in (opt, *params, opt.state[params[0]]["square_avg"])]

    left = train()
    gc.collect()
    assert [ref() for ref in left] == [None] * 4


def test_no_state_is_made_for_params_without_gradients():
    a, _, one, _ = pair()
    one.step()
    assert not one.state
    a[0].grad = torch.ones_like(a[0])
    one.step()
    assert list(one.state) == [a[0]]
    a[3].grad = torch.ones_like(a[3])
    one.step()
    assert list(one.state) == [a[0], a[3]] and [int(s["step"]) for s in one.state.values()] == [2, 1]


def test_sgd_has_buffers_only_with_momentum():
    a, b, one, two = pair("SGD", lr=0.1)
    step(a, b, one, two, 1)
    assert not one.state
    for opt in (one, two):
        opt.param_groups[0]["momentum"] = 0.5
    step(a, b, one, two, 2)
    step(a, b, one, two, 3)
    a[0].grad = None
    assert set(one.state) == set(a)


@every_optimizer
def test_a_step_between_forward_and_backward_is_noticed(name):
    p = torch.nn.Parameter(torch.ones(3))
    opt = ours(name, [p], strict=True)
    for _ in range(2):
        loss = (p * p).sum()
        p.grad = torch.ones(3)
        opt.step()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


@pytest.mark.parametrize("count", [1, 64, 65, 200])
def test_a_step_is_noticed_at_each_of_many_params(count):
    params = [torch.nn.Parameter(torch.ones(3)) for _ in range(count)]
    opt = ours("SGD", params, strict=True)
    for p in params:
        p.grad = torch.ones(3)
    versions = [p._version for p in params]
    opt.step()
    assert all(p._version > before for p, before in zip(params, versions))


@every_optimizer
def test_negated_views_have_their_sign(name):
    a, b = ([torch.nn.Parameter(torch.ones(4)), torch.nn.Parameter(torch.ones(1))] for _ in range(2))
    one, two = ours(name, a), ours(name, b)
    for _ in range(2):
        for p, q in zip(a, b):
            p.grad = torch._neg_view(torch.arange(1.0, len(p) + 1))
            q.grad = -torch.arange(1.0, len(q) + 1)
            assert p.grad.is_neg() and p.grad.is_contiguous()
        one.step()
        two.step()
    for p, q in zip(a, b):
        torch.testing.assert_close(p, q, rtol=1e-6, atol=1e-7)
    strict = ours(name, a, strict=True)
    before = copy.deepcopy(a)
    with pytest.raises(ValueError, match="grad of param 0: is a negated view"):
        strict.step()
    assert same(a, before)


def test_params_that_are_negated_views():
    def run(make):
        p = torch.nn.Parameter(torch._neg_view(torch.ones(3)))
        assert p.is_neg()
        opt = make("SGD", [p], lr=0.5)
        p.grad = torch.ones(3)
        opt.step()
        return p.detach().resolve_neg()

    assert run(ours).tolist() == run(of_torch).tolist() == [-1.5] * 3


def test_the_imaginary_part_of_a_conjugate():
    def run(make):
        p = torch.nn.Parameter(torch.ones(1))
        opt = make("SGD", [p], lr=1.0)
        z = torch.complex(torch.zeros(1), p)
        (z.conj() * torch.tensor([2 + 3j])).imag.sum().backward()
        opt.step()
        return p.item()

    assert run(ours) == run(of_torch) == 3.0


def test_order_in_memory():
    def run(make, format):
        torch.manual_seed(1)
        p = torch.nn.Parameter(torch.randn(2, 3, 4, 5).to(memory_format=format))
        opt = make("RMSprop", [p])
        for i in range(3):
            p.grad = torch.randn(2, 3, 4, 5).to(memory_format=format if i < 2 else torch.contiguous_format)
            with RoundedRoots():
                opt.step()
        return p, opt.state_dict()["state"]

    for format in (torch.channels_last, torch.contiguous_format):
        assert same(run(ours, format), run(of_torch, format))
    p = torch.nn.Parameter(torch.ones(4).expand(3, 4).clone().t())
    p.grad = torch.ones(4, 3)
    with pytest.raises(ValueError, match="grad of param 0: does not lie in memory as its param"):
        ours("SGD", [p], strict=True).step()
    assert torch.equal(p, torch.ones(4, 3))


class Special(torch.Tensor):
    """A type with operations of its own."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return super().__torch_function__(func, types, args, kwargs or {})


def test_strict_names_what_cannot_be_done_and_changes_nothing():
    from torch._subclasses.fake_tensor import FakeTensorMode

    gaps = torch.nn.Parameter(torch.ones(6)[::2])
    double = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    special = torch.ones(3).as_subclass(Special).requires_grad_()
    with FakeTensorMode():
        fake = torch.nn.Parameter(torch.ones(3))
        fake.grad = torch.ones(3)
    with torch.device("meta"):
        meta = torch.nn.Parameter(torch.ones(3))
        meta.grad = torch.ones(3)
    for wrong, words in ((gaps, "not contiguous"), (double, "is float64"), (special, "no memory"),
                         (fake, "no memory"), (meta, "no memory")):
        good = torch.nn.Parameter(torch.ones(3))
        good.grad = torch.ones(3)
        if wrong.grad is None:
            wrong.grad = torch.ones_like(wrong)
        opt = ours("SGD", [good, wrong], strict=True)
        with pytest.raises((TypeError, ValueError, RuntimeError), match=words):
            opt.step()
        assert torch.equal(good, torch.ones(3))
        opt.strict = False
        if wrong is not fake:
            opt.step()
            assert not torch.equal(good, torch.ones(3))
    with pytest.raises(ValueError, match="differentiable is True"):
        p = torch.ones(3)
        p.grad = torch.ones(3)
        ours("SGD", [p], differentiable=True, strict=True).step()


def test_options_that_glissade_refuses_go_to_torch():
    def run(make):
        params = make_params()
        opt = make("RMSprop", [{"params": params[:2], "alpha": 1.0}, {"params": params[2:]}])
        give_grads((params,), 1)
        with RoundedRoots():
            opt.step()
        return params

    assert same(run(ours), run(of_torch))
    params = make_params()
    give_grads((params,), 1)
    with pytest.raises(ValueError, match="alpha must be"):
        ours("RMSprop", params, alpha=1.0, strict=True).step()


def test_params_that_share_memory():
    def run(make):
        whole = torch.arange(10.0)
        params = [torch.nn.Parameter(whole[:6]), torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(whole[4:])]
        opt = make("SGD", params, lr=0.5, momentum=0.5)
        for _ in range(3):
            for p in params:
                p.grad = p.detach() * 2
            opt.step()
        return whole, params[1]

    assert same(run(ours), run(of_torch))


def test_gradients_may_share_memory():
    grad = torch.ones(5)
    a, b = torch.nn.Parameter(torch.ones(5)), torch.nn.Parameter(torch.ones(5))
    a.grad = b.grad = grad
    ours("SGD", [a, b], lr=0.5, strict=True).step()
    assert a.tolist() == b.tolist() == [0.5] * 5
    a.grad = a.detach()  # its own memory
    ours("SGD", [a], lr=0.5).step()
    assert a.tolist() == [0.25] * 5


@every_optimizer
def test_step_clipped(name):
    a, b = make_params(3), make_params(3)
    one, two = ours(name, a, strict=True), ours(name, b, strict=True)
    for number in range(3):
        give_grads((a, b), number)
        norm = glissade.grad_norm([p.grad for p in a])
        grads = [p.grad.clone() for p in a]
        assert one.step_clipped(0.5) == norm > 0.5
        assert same([p.grad for p in a], grads)
        for p in b:
            p.grad *= torch.tensor(0.5 / (norm + 1e-6), dtype=torch.float32)
        two.step()
    assert same(a, b)
    before = copy.deepcopy((a, one.state_dict()))
    a[0].grad[0, 0] = math.nan
    assert math.isnan(one.step_clipped(0.5))
    assert same((a, one.state_dict()), before)
    seen = []
    one.register_step_post_hook(lambda *_: seen.append(1))
    give_grads((a,), 1)
    one.step_clipped(math.inf)
    assert seen == [1]


def test_step_clipped_with_tensors_that_glissade_cannot_do():
    def params():
        return [torch.nn.Parameter(torch.ones(4)), torch.nn.Parameter(torch.ones(4, dtype=torch.float64))]

    a, b = params(), params()
    one, two = ours("Adam", a), of_torch("Adam", b)
    give_grads((a, b), 1)
    expected = torch.nn.utils.clip_grad_norm_(b, 0.5)
    assert one.step_clipped(0.5) == expected.item()
    two.step()
    assert same(a, b)
    a[1].grad[0] = math.inf
    before = copy.deepcopy(a)
    assert one.step_clipped(0.5) == math.inf and same(a, before)


def test_a_profiler_sees_the_step():
    params = make_params()
    opt = ours("RMSprop", params)
    give_grads((params,), 1)
    with torch.profiler.profile() as profile:
        opt.step()
    assert "Optimizer.step#RMSprop.step" in [event.key for event in profile.key_averages()]


def test_fused_is_never_the_default():
    for name in ALL:
        opt = ours(name, make_params())
        assert not opt.defaults.get("fused") and not getattr(opt, "_step_supports_amp_scaling", False)


@every_optimizer
def test_an_exception_in_a_hook_or_closure_loses_nothing(name):
    a, b = make_params(), make_params()
    one, two = ours(name, a), ours(name, b)

    def stop(*_):
        raise KeyError("stop")

    for number in range(3):
        give_grads((a, b), number)
        handle = one.register_step_pre_hook(stop)
        with pytest.raises(KeyError):
            one.step()
        handle.remove()
        with pytest.raises(KeyError):
            one.step(stop)
        with pytest.raises(KeyError):
            one.step_clipped(1.0, stop)
        one.step()
        two.step()
        handle = one.register_step_post_hook(stop)
        give_grads((a, b), 100 + number)
        with pytest.raises(KeyError):
            one.step()  # which is taken
        handle.remove()
        two.step()
    assert same(a, b) and same(one.state_dict(), two.state_dict())


@every_optimizer
@pytest.mark.parametrize("what", ["model", "step"])
def test_torch_compile(name, what):
    def run(compiled):
        torch.manual_seed(1)
        torch._dynamo.reset()
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
        opt = ours(name, model.parameters(), strict=True)
        called = torch.compile(model, backend="eager") if compiled and what == "model" else model

        def train(x):
            opt.zero_grad()
            loss = called(x).square().sum()
            loss.backward()
            opt.step()
            return loss

        if compiled and what == "step":
            train = torch.compile(train, backend="eager")
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Dynamo does not know how to trace.*glissade")
            for _ in range(4):
                train(torch.randn(3, 4))
        return list(model.parameters())

    assert same(run(True), run(False))


def test_lion():
    a, b = make_params(), make_params()
    options = {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1}
    one, two = ours("Lion", a, **options, strict=True), glissade.torch._Lion(b, **options)
    for number in range(5):
        give_grads((a, b), number)
        one.step()
        two.step()
    assert same(a, b) and same(one.state_dict(), two.state_dict())
    for dtype in (torch.float64, torch.complex64, torch.bfloat16):
        params = make_params(dtype=dtype)
        before = copy.deepcopy(params)
        opt = ours("Lion", params, lr=0.25, maximize=True)
        give_grads((params,), 1)
        opt.step()
        assert not torch.equal(params[0], before[0])
    with pytest.raises(ValueError, match="Invalid learning rate"):
        ours("Lion", params, lr=-1)
    with pytest.raises(ValueError, match="Invalid beta parameter at index 1"):
        ours("Lion", params, betas=(0.5, 1.0))
    with pytest.raises(ValueError, match="Invalid weight_decay"):
        ours("Lion", params, weight_decay=-1)


def test_torch_tensors_in_the_functions():
    p, g, v = torch.ones(3), torch.ones(3), torch.zeros(3)
    glissade.rmsprop_step(p, g, v, alpha=0.75)
    assert v.tolist() == [0.25] * 3
    q = torch.nn.Parameter(torch.ones(3))
    glissade.sgd_step(q, torch.full((3,), 2.0), lr=0.5)
    assert q.tolist() == [0.0] * 3
    with pytest.raises(ValueError, match="grad: is a negated view"):
        glissade.sgd_step(q, torch._neg_view(torch.ones(3)))
    with pytest.raises(TypeError, match="grad: is float64"):
        glissade.sgd_step(q, torch.ones(3, dtype=torch.float64))
    assert glissade.grad_norm([torch.full((4,), 2.0)]) == 4


def test_a_torch_without_the_exchange_api():
    """Older versions lend their tensors by capsules."""
    code = """
import torch
del torch.Tensor.__dlpack_c_exchange_api__
import glissade.torch
p, q = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3))
for make, of in ((glissade.torch.Adam, p), (torch.optim.Adam, q)):
    opt = make([of], **({"strict": True} if of is p else {"foreach": False}))
    for _ in range(2):
        of.grad = torch.ones(3)
        opt.step()
assert torch.equal(p, q)
p.grad = torch._neg_view(torch.ones(3))
try:
    glissade.torch.Adam([p], strict=True).step()
except ValueError as fault:
    print(fault)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.stdout.strip() == "grad of param 0: is a negated view", result.stderr


def test_a_torch_that_gives_an_option_among_the_lists(monkeypatch):
    """As 2.6 in AdamW's _init_group."""
    init_group = torch.optim.AdamW._init_group

    def of_2_6(self, group, params, grads, amsgrad, averages, squares, largest, steps):
        assert amsgrad is True and averages == []
        return init_group(self, group, params, grads, averages, squares, largest, steps)

    monkeypatch.setattr(torch.optim.AdamW, "_init_group", of_2_6)
    params = make_params()
    opt = ours("AdamW", params, amsgrad=True, strict=True)
    give_grads((params,), 1)
    opt.step()
    assert "max_exp_avg_sq" in opt.state[params[0]]


def test_numpys_classes_work_beside_torch():
    import numpy

    param = numpy.ones(3, numpy.float32)
    opt = glissade.RMSprop([param])
    opt.step([numpy.ones(3, numpy.float32)])
    assert (param < 1).all()


def test_a_class_of_params_may_have_its_own_grad():
    class Own(torch.nn.Parameter):
        @property
        def grad(self):
            return torch.full((3,), 2.0)

    params = [torch.nn.Parameter(torch.zeros(3)), Own(torch.zeros(3)), torch.nn.Parameter(torch.zeros(3))]
    params[0].grad = params[2].grad = torch.ones(3)
    glissade.torch.SGD(params, lr=1.0, strict=True).step()
    assert [p.detach().tolist() for p in params] == [[-1.0] * 3, [-2.0] * 3, [-1.0] * 3]
