"""Trains one small model in the engines that people train with, by torch's AdamW and by glissade.torch's, and compares
the losses: engines.py [NAME...], names of ENGINES. It needs, in this order, in a virtual environment with glissade:

    pip install torch==2.13.0
    pip install torch==2.13.0 transformers==5.23.0 accelerate==1.15.0 lightning==2.6.6 deepspeed==0.19.8

DeepSpeed runs on two processes of this machine and compiles a part of itself at first, the others run on one. No model
is downloaded.
"""
import logging
import os
import socket
import sys
import tempfile
import warnings

os.environ.update(DS_ACCELERATOR="cpu", DS_SKIP_CUDA_CHECK="1", TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1",
                  LOCAL_SIZE="2")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import glissade.torch
import torch
import torch.multiprocessing

STEPS, BATCH, MAX_NORM, OPTIONS = 20, 16, 0.1, {"lr": 1e-2, "weight_decay": 0.1}
CLASSES = torch.optim.AdamW, glissade.torch.AdamW


def make_model():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Tanh(), torch.nn.Linear(32, 4))


def make_batches(seed=2):
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(STEPS, BATCH, 16, generator=random)
    return list(zip(x, (x[..., :4] - x[..., 4:8]).argmax(-1)))


def loss_of(model, batch):
    return torch.nn.functional.cross_entropy(model(batch[0]), batch[1])


def plain(make):
    model = make_model()
    opt = make(model.parameters(), **OPTIONS)
    losses = []
    for batch in make_batches():
        opt.zero_grad()
        loss = loss_of(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
        opt.step()
        losses.append(loss.item())
    return losses


def accelerate(make):
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    model = make_model()
    model, opt, batches = accelerator.prepare(model, make(model.parameters(), **OPTIONS),
                                              torch.utils.data.DataLoader(make_batches(), batch_size=None))
    losses = []
    for batch in batches:
        opt.zero_grad()
        loss = loss_of(model, batch)
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(model.parameters(), MAX_NORM)
        opt.step()
        losses.append(loss.item())
    return losses


def lightning(make):
    from lightning import LightningModule, Trainer

    losses = []

    class Module(LightningModule):
        def __init__(self):
            super().__init__()
            self.model = make_model()

        def configure_optimizers(self):
            return make(self.parameters(), **OPTIONS)

        def training_step(self, batch, _):
            loss = loss_of(self.model, batch)
            losses.append(loss.item())
            return loss

    Trainer(max_epochs=1, accelerator="cpu", devices=1, gradient_clip_val=MAX_NORM, logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False).fit(
        Module(), torch.utils.data.DataLoader(make_batches(), batch_size=None))
    return losses


def trainer(make):
    """HF's Trainer on a small GPT-2 that is made here."""
    import transformers

    class Losses(transformers.TrainerCallback):
        def on_log(self, args, state, control, logs=None, **_):
            if "loss" in logs:
                losses.append(logs["loss"])

    losses = []
    torch.manual_seed(1)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=64, n_positions=32, n_embd=32, n_layer=2,
                                                                 n_head=2, bos_token_id=0, eos_token_id=0))
    random = torch.Generator().manual_seed(2)
    starts = torch.randint(64, (STEPS * BATCH, 1), generator=random)
    texts = [{"input_ids": text, "labels": text} for text in (starts + 3 * torch.arange(32)) % 64]
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(folder, per_device_train_batch_size=BATCH, max_steps=STEPS, seed=3,
                                                   use_cpu=True, max_grad_norm=MAX_NORM, logging_steps=1, report_to=[],
                                                   save_strategy="no", disable_tqdm=True)
        engine = transformers.Trainer(model, arguments, train_dataset=texts, callbacks=[Losses()],
                                      optimizer_cls_and_kwargs=(make, OPTIONS))
        engine.remove_callback(transformers.PrinterCallback)
        engine.train()
    return losses


def deepspeed(make, stage):
    with tempfile.TemporaryDirectory() as folder:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        torch.multiprocessing.spawn(_deepspeed, (CLASSES.index(make), stage, folder, port), nprocs=2)
        return torch.load(f"{folder}/losses")


def _deepspeed(rank, which, stage, folder, port):
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1",
                      MASTER_PORT=str(port))
    torch.set_num_threads(1)
    import deepspeed

    deepspeed.init_distributed("gloo")
    model = make_model()
    engine, *_ = deepspeed.initialize(
        model=model, optimizer=CLASSES[which](model.parameters(), **OPTIONS),
        config={"train_micro_batch_size_per_gpu": BATCH, "gradient_clipping": MAX_NORM,
                "zero_optimization": {"stage": stage}, "zero_allow_untested_optimizer": True})
    losses = []
    for batch in make_batches(2 + rank):
        loss = loss_of(engine, batch)
        engine.backward(loss)
        engine.step()
        losses.append(loss.item())
    if rank == 0:
        torch.save(losses, f"{folder}/losses")


ENGINES = {"plain": plain, "accelerate": accelerate, "lightning": lightning, "trainer": trainer,
           **{f"deepspeed-{stage}": lambda make, stage=stage: deepspeed(make, stage) for stage in (1, 2, 3)}}


def main():
    torch.set_num_threads(1)
    wrong = False
    for name in sys.argv[1:] or ENGINES:
        of_torch, ours = map(ENGINES[name], CLASSES)
        difference = max(abs(a - b) / a for a, b in zip(of_torch, ours, strict=True))
        print(f"{name:12} loss {of_torch[0]:.4f} … {of_torch[-1]:.4f} by torch, {ours[-1]:.4f} by glissade; "
              f"largest relative difference of {len(ours)} losses {difference:.1e}", flush=True)
        wrong |= not (len(ours) == STEPS and difference < 1e-5 and ours[-1] < ours[0])
    sys.exit(wrong)


if __name__ == "__main__":
    main()
