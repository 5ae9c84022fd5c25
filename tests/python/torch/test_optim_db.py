"""What torch asks of its optimizers (test_optim.py), of the classes of glissade.torch, over torch's own list of them."""
import copy
import io
import pickle
import warnings

import glissade.torch
import pytest
import torch
from common import RoundedRoots, give_grads, make_params, of_torch, ours, same, without
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

INFOS = {info.optim_cls.__name__: info for info in optim_db if info.optim_cls.__name__ in glissade.torch.__all__}
NAMES = sorted(INFOS)
every_optimizer = pytest.mark.parametrize("name", NAMES)


def inputs(name):
    """What torch's own tests give to the constructor."""
    return [dict(given.kwargs) for given in INFOS[name].optim_inputs_func(device="cpu")]


def test_the_list_has_all_optimizers_but_lion():
    assert {*NAMES, "Lion", "float32_state"} == set(glissade.torch.__all__)


@every_optimizer
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.complex64])
def test_the_bits_of_torch(name, dtype):
    for options in inputs(name):
        options = {key: value.item() if isinstance(value, torch.Tensor) else value for key, value in options.items()}
        a, b = make_params(1, dtype), make_params(1, dtype)
        one, two = ours(name, a, **options), of_torch(name, b, **options)
        with RoundedRoots():  # of torch's share of the steps as well
            for step in range(6):
                give_grads((a, b), step)
                one.step()
                two.step()
        assert same(a, b), options
        assert same(without(one.state_dict(), "foreach"), without(two.state_dict(), "foreach")), options


@every_optimizer
def test_differentiable_steps_are_those_of_torch(name):
    def run(make):
        start = torch.linspace(-1, 1, 6, requires_grad=True)
        p = start.clone()
        p.grad = start * 2 + 1
        opt = make(name, [p], lr=0.25, differentiable=True)
        opt.step()
        return torch.autograd.grad(p.sum(), start)

    assert same(run(ours), run(of_torch))


@every_optimizer
def test_the_modes_of_torch_change_nothing(name):
    info = INFOS[name]
    for options in inputs(name):
        results = []
        modes = [{}] + [{mode: True} for mode in info.supported_impls if mode != "differentiable"] + [{"foreach": False}]
        for mode in modes:
            if isinstance(options.get("lr"), torch.Tensor) and mode.get("foreach"):
                continue
            params = make_params(2)
            opt = ours(name, params, **options, **mode, strict=True)
            for step in range(3):
                give_grads((params,), step)
                opt.step()
            results.append((params, opt.state_dict()["state"]))
        assert all(same(results[0], other) for other in results)


@every_optimizer
def test_errors(name):
    for given in INFOS[name].optim_error_inputs_func("cpu", torch.float32):
        what = given.optimizer_error_input
        params = what.params if what.params is not None else make_params()
        if given.error_on == OptimizerErrorEnum.CONSTRUCTION_ERROR:
            if issubclass(given.error_type, Warning):
                with pytest.warns(given.error_type, match=given.error_regex):
                    ours(name, params, **what.kwargs)
            else:
                with pytest.raises(given.error_type, match=given.error_regex):
                    ours(name, params, **what.kwargs)
        else:
            opt = ours(name, params, **what.kwargs)
            with pytest.raises(given.error_type, match=given.error_regex):
                opt.step()


@every_optimizer
@pytest.mark.parametrize("contiguous", [True, False])
def test_the_loss_falls_or_rises(name, contiguous):
    for options in inputs(name):
        for schedulers in ((), *INFOS[name].scheduler_inputs):
            torch.manual_seed(3)
            if contiguous:
                weight, bias = torch.nn.Parameter(torch.randn(10, 5)), torch.nn.Parameter(torch.randn(10))
            else:
                weight, bias = (torch.nn.Parameter(torch.randn(10, 5, 2)[..., 0]),
                                torch.nn.Parameter(torch.randn(10, 2)[..., 0]))
            input = torch.randn(5)
            opt = ours(name, [weight, bias], **copy.deepcopy(options))
            made = [scheduler(opt) for scheduler in schedulers]

            def closure():
                opt.zero_grad()
                loss = (weight.mv(input) + bias).pow(2).sum()
                loss.backward()
                return loss

            first = closure().item()
            for _ in range(20):
                loss = opt.step(closure)
                for scheduler in made:
                    if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
                        scheduler.step(loss)
                    else:
                        scheduler.step()
            assert closure().item() > first if options.get("maximize") else closure().item() < first


@every_optimizer
def test_a_tensor_as_lr_gives_the_bits_of_its_number(name):
    a, b = make_params(4), make_params(4)
    lr = torch.tensor(0.03125)
    one, two = ours(name, a, lr=lr, strict=True), ours(name, b, lr=0.03125, strict=True)
    for step in range(4):
        give_grads((a, b), step)
        one.step()
        two.step()
        one.param_groups[0]["lr"].mul_(0.5)
        two.param_groups[0]["lr"] *= 0.5
    assert same(a, b) and one.param_groups[0]["lr"] is lr
    one = ours(name, a, lr=torch.tensor([0.03125]))
    give_grads((a,), 9)
    one.step()


@every_optimizer
def test_types_may_be_mixed(name):
    def mixed():
        return [make_params(5, dtype, ((4, 3),))[0]
                for dtype in (torch.float32, torch.float64, torch.float32, torch.bfloat16, torch.complex64)]

    a, b = mixed(), mixed()
    one, two = ours(name, a), of_torch(name, b)
    with RoundedRoots():
        for step in range(3):
            give_grads((a, b), step)
            one.step()
            two.step()
    assert same(a, b) and same(one.state_dict()["state"], two.state_dict()["state"])


@every_optimizer
def test_groups(name):
    for option, value in (("lr", 0.25), ("weight_decay", 0.125)):
        a, b = make_params(6), make_params(6)
        one = ours(name, [{"params": a[:2]}, {"params": a[2:], option: value}])
        two = of_torch(name, [{"params": b[:2]}, {"params": b[2:], option: value}])
        for step in range(3):
            give_grads((a, b), step)
            one.step()
            with RoundedRoots():
                two.step()
        assert same(a, b) and one.param_groups[1][option] == value
        more = make_params(7)
        before = copy.deepcopy(more)
        one.add_param_group({"params": more})
        give_grads((more,), 1)
        one.step()
        assert not torch.equal(more[0], before[0])


@every_optimizer
def test_params_without_a_gradient_stay(name):
    for options in inputs(name):
        params = make_params(8)
        before = copy.deepcopy(params)
        opt = ours(name, params, **options)
        opt.step()
        assert same(params, before)
        assert all(not state or state["step"] == 0 for state in opt.state.values())
        params[1].grad = torch.ones_like(params[1])
        opt.step()
        assert not torch.equal(params[1], before[1]) and same(params[0], before[0])


@every_optimizer
def test_gradients_of_zero(name):
    for options in inputs(name):
        if options.get("weight_decay", name == "AdamW"):
            continue
        params = make_params(8)
        before = copy.deepcopy(params)
        opt = ours(name, params, **options)
        for _ in range(2):
            for p in params:
                p.grad = torch.zeros_like(p)
            opt.step()
        assert same(params, before)


@every_optimizer
def test_hooks(name):
    seen = []
    params = make_params(9)
    opt = ours(name, params)
    other = getattr(torch.optim, name)(make_params(9))  # torch then hooks its own class
    give_grads((params,), 1)
    handles = [
        opt.register_step_pre_hook(lambda o, args, kwargs: seen.append("before")),
        opt.register_step_post_hook(lambda o, args, kwargs: seen.append("after")),
        register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append("before all")),
        register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append("after all"))]
    try:
        opt.step()
        assert seen == ["before all", "before", "after", "after all"]
        opt.add_param_group({"params": make_params(9, torch.float64)})
        give_grads((opt.param_groups[1]["params"],), 1)
        seen.clear()
        opt.step()  # part of it by torch
        assert seen == ["before all", "before", "after", "after all"]
    finally:
        for handle in handles:
            handle.remove()
    give_grads((other.param_groups[0]["params"],), 1)
    other.step()
    seen.clear()
    opt.step()
    assert seen == []


@every_optimizer
def test_hooks_of_state_dicts(name):
    opt = ours(name, make_params(9))
    seen = []
    opt.register_state_dict_pre_hook(lambda o: seen.append("pre"))
    opt.register_state_dict_post_hook(lambda o, state: seen.append("post"))
    opt.register_load_state_dict_pre_hook(lambda o, state: seen.append("load pre"))
    opt.register_load_state_dict_post_hook(lambda o: seen.append("load post"))
    opt.load_state_dict(opt.state_dict())
    assert seen == ["pre", "post", "load pre", "load post"]


@every_optimizer
def test_repr_and_signature_are_those_of_torch(name):
    import inspect

    a, b = ours(name, make_params(9)), getattr(torch.optim, name)(make_params(9))
    assert repr(a) == repr(b)
    own, of = inspect.signature(type(a)), inspect.signature(type(b))
    assert [*of.parameters, "strict", "state_dtype", "bf16_params", "seed"] == list(own.parameters)
    for parameter in of.parameters.values():
        assert own.parameters[parameter.name] == parameter
    assert isinstance(a, type(b))


@every_optimizer
@pytest.mark.parametrize("direction", ["from torch", "to torch"])
def test_checkpoints_of_torch(name, direction):
    """A run that begins in one and goes on in the other has the bits of one run."""
    for options in inputs(name):
        options = {key: value.item() if isinstance(value, torch.Tensor) else value for key, value in options.items()}
        a, b = make_params(10), make_params(10)
        first, second = (of_torch, ours) if direction == "from torch" else (ours, of_torch)
        whole, opt = of_torch(name, a, **options), first(name, b, **options)
        with RoundedRoots():
            for step in range(8):
                give_grads((a, b), step)
                whole.step()
                opt.step()
                if step == 3:
                    file = io.BytesIO()
                    torch.save(opt.state_dict(), file)
                    opt = second(name, b, **{**options, "lr": 1.0})
                    opt.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
        assert same(a, b), options
        assert same(without(whole.state_dict(), "foreach"), without(opt.state_dict(), "foreach"))


@every_optimizer
def test_old_state_dicts(name):
    for options in inputs(name):
        for flag in INFOS[name].not_og_supported_flags:
            if flag in options:
                continue
            params = make_params(11)
            opt = ours(name, params, **options)
            give_grads((params,), 1)
            opt.step()
            saved = without(opt.state_dict(), flag)
            for state in saved["state"].values():  # the step was once no tensor
                if "step" in state:
                    state["step"] = state["step"].item()
            opt.load_state_dict(saved)
            give_grads((params,), 2)
            opt.step()
            for state in opt.state.values():
                assert "step" not in state or (torch.is_tensor(state["step"]) and state["step"] == 2)


@every_optimizer
def test_state_of_another_type_and_of_named_params(name):
    params = make_params(12)
    opt = ours(name, [(f"p{i}", p) for i, p in enumerate(params)])
    give_grads((params,), 1)
    opt.step()
    assert opt.state_dict()["param_groups"][0]["param_names"] == [f"p{i}" for i in range(len(params))]
    doubles = [torch.nn.Parameter(p.detach().double()) for p in params]
    other = ours(name, doubles)
    other.load_state_dict(opt.state_dict())
    give_grads((doubles,), 2)
    other.step()
    for state in other.state.values():
        for key, value in state.items():
            assert value.dtype == (torch.float32 if key == "step" else torch.float64)


@every_optimizer
def test_copies_and_pickles(name):
    for options in inputs(name):
        params = make_params(13)
        opt = ours(name, params, **options, strict=True)
        give_grads((params,), 1)
        opt.step()
        copied = copy.deepcopy(opt)
        pickled = pickle.loads(pickle.dumps(opt))
        grads = [p.grad for p in params]
        for other in (copied, pickled):
            assert other.strict and {k for k in vars(opt) if k[0] != "_"} <= {k for k in vars(other)}
            for p, grad in zip(other.param_groups[0]["params"], grads):
                p.grad = grad.clone()
            other.step()
        opt.step()
        for other in (copied, pickled):
            assert same(params, other.param_groups[0]["params"])
            assert same(opt.state_dict(), other.state_dict())


@every_optimizer
def test_the_default_type(name):
    torch.set_default_dtype(torch.float64)
    try:
        a, b = make_params(14), make_params(14)
        one, two = ours(name, a), of_torch(name, b)
        for step in range(3):
            give_grads((a, b), step)
            with RoundedRoots():  # also ours: torch takes NAdam's, whose product is float64 then
                one.step()
                two.step()
        assert same(a, b) and same(one.state_dict()["state"], two.state_dict()["state"])
        assert all("step" not in s or s["step"].dtype == torch.float64 for s in one.state.values())
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", [name for name in NAMES if INFOS[name].supports_sparse])
def test_sparse_gradients(name):
    def run(make):
        p = torch.nn.Parameter(torch.tensor([1.5, 1.5]))
        opt = make(name, [p], lr=0.01)
        for step in range(5):
            i = step % 2
            p.grad = torch.sparse_coo_tensor([[i, i]], [0.25, 0.5], (2,))
            opt.step()
        return p

    assert same(run(ours), run(of_torch))


@pytest.mark.parametrize("name", [name for name in NAMES if not INFOS[name].supports_sparse])
def test_sparse_gradients_raise_as_in_torch(name):
    p = torch.nn.Parameter(torch.ones(2))
    p.grad = torch.sparse_coo_tensor([[0]], [1.0], (2,))
    with pytest.raises(RuntimeError, match="does not support sparse gradients"):
        ours(name, [p]).step()


@pytest.mark.parametrize("name", [name for name in NAMES if "fused" in INFOS[name].supported_impls])
def test_meta_params_raise_as_in_torch(name):
    with torch.device("meta"):
        p = torch.nn.Parameter(torch.ones(2))
        p.grad = torch.ones(2)
    with pytest.raises(RuntimeError, match="`fused=True` requires all the params to be floating point"):
        ours(name, [p], fused=True).step()


@pytest.mark.parametrize("name", [name for name in NAMES if "fused" in INFOS[name].supported_impls])
@pytest.mark.parametrize("fused", [True, False])
def test_grad_scaler(name, fused):
    def run(make):
        params = make_params(15)
        opt = make(name, params, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
        for step in range(6):
            opt.zero_grad()
            loss = sum((p * p).sum() for p in params)
            if step == 3:
                loss = loss * float("inf")
            scaler.scale(loss).backward()
            with RoundedRoots():  # the next gradients depend on it
                scaler.step(opt)
            scaler.update()
        return params, scaler.get_scale(), [p.grad for p in params], opt.state_dict()["state"]

    own, torchs = run(ours), run(lambda name, params, fused: getattr(torch.optim, name)(
        params, fused=fused, **({} if fused else {"foreach": False})))
    assert own[1] == torchs[1]
    assert same(own[2], torchs[2])
    for a, b in zip(own[0], torchs[0]):
        torch.testing.assert_close(a, b, rtol=2e-6, atol=1e-7)  # torch's fused kernels differ from its loop
    assert [s.get("step") for s in own[3].values()] == [s.get("step") for s in torchs[3].values()]


@every_optimizer
def test_schedulers_that_change_more_than_lr(name):
    def run(make):
        params = make_params(16)
        options = {"momentum": 0.5} if name in ("SGD", "RMSprop") else {}
        opt = make(name, params, **options)
        cycles = "betas" in opt.defaults or "momentum" in opt.defaults
        scheduler = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.1, total_steps=10, cycle_momentum=cycles)
        for step in range(9):
            give_grads((params,), step)
            with RoundedRoots():
                opt.step()
            scheduler.step()
        return params, opt.state_dict()["state"]

    assert same(run(ours), run(of_torch))


@every_optimizer
def test_duplicate_params(name):
    def run(make):
        a, b = make_params(17, shapes=((5,), (3,)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opt = make(name, [a, b, a])
        for step in range(3):
            give_grads(([a, b],), step)
            with RoundedRoots():
                opt.step()
        return a, b, [dict(s) for s in opt.state.values()]

    assert same(run(ours), run(of_torch))
