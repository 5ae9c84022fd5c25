"""Makes <optimizer>.torch_sparse.txt, what torch.optim computes on the sparse gradients of nn.Embedding(sparse=True), which
glissade must reproduce bit for bit: see torch_vectors.py for torch and its roots, and how to run it."""

import warnings
from pathlib import Path

import torch

import vector_file
from torch_vectors import RoundedRoots, floats

ROWS, WIDTH, LAST = 13, 5, 9

ADAM = dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, maximize=False)
ADAGRAD = dict(lr=1e-2, lr_decay=0.0, initial_accumulator_value=0.0, eps=1e-10, maximize=False)
SGD = dict(lr=1e-3, maximize=False)

OPTIMIZERS = {
    "adam": ("SparseAdam", ADAM, ("exp_avg", "exp_avg_sq"), [
        {}, dict(lr=0.07, eps=1e-5), dict(beta1=0.3, beta2=0.61), dict(beta1=0.0, beta2=0.9, maximize=True),
        dict(beta1=0.77, eps=0.013, maximize=True), dict(lr=1.0, beta2=0.123456789)]),
    "adagrad": ("Adagrad", ADAGRAD, ("sum",), [
        {}, dict(lr=0.5, lr_decay=0.3), dict(initial_accumulator_value=0.1, eps=1e-6), dict(lr=0.1, maximize=True),
        dict(lr=11.1, lr_decay=1e-4, initial_accumulator_value=1e-9, eps=0.021, maximize=True)]),
    "sgd": ("SGD", SGD, (), [{}, dict(lr=0.7), dict(lr=0.1, maximize=True), dict(lr=17.3)]),
}


def named(step):
    """Some rows of each step; the test has the same."""
    return [row for row in range(ROWS) if vector_file.mixed(step * 7919 + row) % 3 == 0]


def inputs(first):
    return floats([vector_file.ordinary_float(vector_file.mixed((first + i) & 0xFFFFFFFF)) for i in range(ROWS * WIDTH)])


def run(optimizer, states, options):
    arguments = {name: x for name, x in options.items() if not name.startswith("beta")}
    if "beta1" in options:
        arguments["betas"] = options["beta1"], options["beta2"]
    table = torch.nn.Embedding(ROWS, WIDTH, sparse=True)
    table.weight.data = inputs(0).reshape(ROWS, WIDTH)
    stepper = getattr(torch.optim, optimizer)(table.parameters(), **arguments)
    for step in range(1, LAST + 1):
        rows = torch.tensor(named(step)[::-1])
        stepper.zero_grad()
        grad = inputs(step * 1000003).reshape(ROWS, WIDTH)[rows]
        (table(rows) * grad).sum().backward()
        assert table.weight.grad.is_sparse
        with RoundedRoots():
            stepper.step()
    arrays = {"param": table.weight.detach(), **{name: stepper.state[table.weight][name] for name in states}}
    return {LAST: {name: x.flatten().tolist() for name, x in arrays.items()}}


def main():
    warnings.simplefilter("ignore")
    for name, (optimizer, defaults, states, changes) in OPTIMIZERS.items():
        cases = []
        for change in changes:
            options = defaults | change
            ours = options | ({} if name == "sgd" else {"torch_sparse": True})
            cases.append((ours, run(optimizer, states, options)))
        made_by = f"torch.optim.{optimizer} {torch.__version__.split('+')[0]}, torch_sparse_vectors.py"
        vector_file.write(Path(__file__).with_name(f"{name}.torch_sparse.txt"), made_by, cases)


if __name__ == "__main__":
    main()
