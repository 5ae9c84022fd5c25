"""Trains a classifier of handwritten digits with torch.optim and with glissade.torch, from the same start on the same
batches: python3 examples/python/digits.py [NAME] [PICTURE.png], NAME an optimizer such as RMSprop (or AdamW, SGD, ...).

Prints the losses, the accuracy and the time in the optimizer; with matplotlib and a PICTURE draws both losses.
"""
import pathlib
import sys
import time

import glissade.torch
import torch

EPOCHS, BATCH = 30, 32


def load():
    lines = (pathlib.Path(__file__).parents[1] / "digits.csv").read_text().split()
    table = torch.tensor([[float(x) for x in line.split(",")] for line in lines])
    table = table[torch.randperm(len(table), generator=torch.Generator().manual_seed(1))]
    images, labels = table[:, :64] / 16, table[:, 64].long()
    test = len(table) // 5
    return (images[test:], labels[test:]), (images[:test], labels[:test])


def train(make, train_set, test_set):
    """The mean loss of each epoch, the accuracy at the end, and the seconds in opt.step()."""
    torch.manual_seed(2)
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    opt = make(model.parameters())
    order = torch.Generator().manual_seed(3)
    images, labels = train_set
    losses, seconds = [], 0.0
    for _ in range(EPOCHS):
        total = 0.0
        batches = torch.randperm(len(images), generator=order).split(BATCH)
        for batch in batches:
            opt.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(images[batch]), labels[batch])
            loss.backward()
            start = time.perf_counter()
            opt.step()
            seconds += time.perf_counter() - start
            total += loss.item()
        losses.append(total / len(batches))
    with torch.no_grad():
        images, labels = test_set
        accuracy = (model(images).argmax(1) == labels).float().mean().item()
    return losses, accuracy, seconds


def main(name="RMSprop", picture=None):
    torch.set_num_threads(1)
    sets = load()
    results = {}
    for module, label in ((torch.optim, f"torch.optim.{name}"), (glissade.torch, f"glissade.torch.{name}")):
        if not hasattr(module, name):
            continue  # torch has no Lion
        losses, accuracy, seconds = train(getattr(module, name), *sets)
        results[label] = losses
        steps = EPOCHS * -(-len(sets[0][0]) // BATCH)
        print(f"{label:24} loss {losses[0]:.4f} … {losses[-1]:.4f}, accuracy {accuracy:.1%}, "
              f"{1e6 * seconds / steps:.1f} µs per step")
    if picture:
        from matplotlib import pyplot

        for (label, losses), style in zip(results.items(), ("-", "--")):
            pyplot.plot(range(1, EPOCHS + 1), losses, style, label=label)
        pyplot.xlabel("epoch")
        pyplot.ylabel("loss")
        pyplot.yscale("log")
        pyplot.legend()
        pyplot.savefig(picture, dpi=150)


if __name__ == "__main__":
    main(*sys.argv[1:])
