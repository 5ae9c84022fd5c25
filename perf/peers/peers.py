"""What the library is compared with: each peer makes, for its params and grads, a step and a way to read the params."""
from typing import NamedTuple


class Peer(NamedTuple):
    name: str
    make: object  # (params, grads): (step, read)
    # What the library computes in its place.
    optimizer: str
    preset: str
    options: dict


def torch_peers(threads, compiled):
    import torch

    torch.set_num_threads(threads)

    def with_torch(make, wrap=lambda step: step):
        def build(params, grads):
            tensors = [torch.from_numpy(p.copy()) for p in params]
            for tensor, grad in zip(tensors, grads):
                tensor.grad = torch.from_numpy(grad)
            return wrap(make(tensors).step), lambda: [tensor.numpy() for tensor in tensors]
        return build

    optim = torch.optim
    rmsprop = ("rmsprop", "RMSPROP_TORCH", {})
    peers = [
        Peer("torch RMSprop, loop", with_torch(lambda t: optim.RMSprop(t, foreach=False)), *rmsprop),
        Peer("torch RMSprop, foreach", with_torch(lambda t: optim.RMSprop(t, foreach=True)), *rmsprop),
        Peer("torch fused AdamW", with_torch(lambda t: optim.AdamW(t, fused=True)), "adam", "ADAMW_TORCH", {}),
        Peer("torch fused SGD, momentum", with_torch(lambda t: optim.SGD(t, lr=1e-2, momentum=.9, fused=True)),
             "sgd", "SGD_TORCH", {"lr": 1e-2, "momentum": .9}),
        Peer("torch fused Adagrad", with_torch(lambda t: optim.Adagrad(t, fused=True)), "adagrad", "ADAGRAD_TORCH", {}),
    ]
    if compiled:
        def compiled_step(step):
            torch._dynamo.reset()
            return torch.compile(lambda: step(), fullgraph=False)
        peers.insert(2, Peer("torch.compile of RMSprop",
                             with_torch(lambda t: optim.RMSprop(t, foreach=True), compiled_step), *rmsprop))
    return peers


def jax_peers():
    import jax
    import optax

    def optax_rmsprop(params, grads):
        rule = optax.rmsprop(1e-3, decay=.9, eps=1e-8)
        state = [[jax.numpy.asarray(p.copy()) for p in params], None]
        gradients = [jax.numpy.asarray(g) for g in grads]
        state[1] = rule.init(state[0])

        def update(p, s, g):
            updates, s = rule.update(g, s, p)
            return optax.apply_updates(p, updates), s

        jitted = jax.jit(update, donate_argnums=(0, 1))

        def step():
            state[0], state[1] = jax.block_until_ready(jitted(*state, gradients))

        return step, lambda: state[0]

    return [Peer("optax.rmsprop under jit", optax_rmsprop, "rmsprop", "RMSPROP_OPTAX", {})]
