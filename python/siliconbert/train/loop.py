"""The training loop: resumable, logged, stopped by a loss that is not finite."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from siliconbert.train import checkpoint
from siliconbert.train.admm import Admm
from siliconbert.train.batches import Batch, Texts, batches, plan
from siliconbert.train.pruning import Pruner
from siliconbert.train.recipe import Recipe
from siliconbert.train.spans import Learner

LOG_EVERY = 50  # steps
PRUNE_EVERY = 16  # steps; the masks lag the schedule by at most this
SMOOTHING = 0.97  # of the logged losses
BETA2 = 0.98  # Adam; short runs want a shorter memory than 0.999

Loss = Callable[[Batch], tuple[Tensor, dict[str, Tensor]]]


class Log:
    """Lines with the minutes since the start, to a file and to the terminal."""

    def __init__(self, path: Path):
        """Starts the clock."""
        self.path, self.start = path, time.time()

    def __call__(self, text: str) -> None:
        """Writes one line."""
        line = f"{(time.time() - self.start) / 60:6.2f} min  {text}"
        print(line, flush=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")


class Timer:
    """True once every `minutes`."""

    def __init__(self, minutes: float):
        """Starts the clock."""
        self.seconds, self.last = 60 * minutes, time.time()

    def due(self) -> bool:
        """True if the time is over; the next one starts now."""
        if time.time() - self.last < self.seconds:
            return False
        self.last = time.time()
        return True


@dataclass
class Loop:
    """Trains the parameters of `module` on `texts`; checkpoints lie in `out`, see checkpoint.

    fresh : the text of each epoch in the place of `texts`
    tell  : is told the step and how many there are
    """

    recipe: Recipe
    module: nn.Module
    texts: Texts
    loss: Loss
    evaluate: Callable[[], str]
    out: Path
    log: Log
    pruner: Pruner | Admm | None = None
    fresh: Callable[[int], Texts] | None = None
    spans: Learner | None = None
    tell: Callable[[int, int], None] | None = None

    def __post_init__(self) -> None:
        """Makes the optimizer and counts the steps."""
        # Spans are tokens, not weights: a rate of their own, and no part in the gradient's length.
        spans = [self.spans.spans.values] if self.spans else []
        others = {id(p) for p in spans}
        self.parameters = [p for p in self.module.parameters() if p.requires_grad and id(p) not in others]
        groups: list[dict[str, Any]] = [{"params": self.parameters}]
        if self.spans is not None:
            groups.append({"params": spans, "rate": self.spans.plan.lr, "weight_decay": 0.0})
        if self.pruner is not None and (scores := self.pruner.scores()):
            groups.append({"params": scores, "peak": self.recipe.score_lr, "weight_decay": 0.0})
        self.optimizer = torch.optim.AdamW(
            groups,
            lr=self.recipe.lr,
            betas=(0.9, BETA2),
            weight_decay=self.recipe.weight_decay,
            fused=True,
        )
        self.step, self.first, self.spent, self.start, self.seen = 0, 0, 0.0, time.time(), 0
        self.running: dict[str, float] = {}
        self.total = self._count()

    def run(self, state: checkpoint.State | None) -> float:
        """Runs to the last step, from a checkpoint if there is one; minutes taken, over all resumptions."""
        if state is not None:
            self._restore(state)
        self.log(f"{self.texts.size()} an epoch, {self.total} steps, lr {self.recipe.lr}")
        evaluation, saving = Timer(self.recipe.evaluate_minutes), Timer(self.recipe.checkpoint_minutes)
        self.module.train()
        for number, batch in self._ahead():
            self._one(number, batch)
            if self.tell is not None:
                self.tell(number, self.total)
            if number % LOG_EVERY == 0:
                self._report()
            if evaluation.due():
                self.log("dev " + self.evaluate())
            if saving.due():
                self._save()
        if self.pruner is not None:
            self.pruner.finish()
        self._save()
        self.log(f"dev {self.evaluate()}  done in {self._minutes():.1f} min")
        return self._minutes()

    def _epochs(self) -> Iterator[tuple[Texts, int]]:
        """Text and seed of each epoch."""
        for epoch in range(self.recipe.epochs):
            texts = self.texts if self.fresh is None else self.fresh(epoch)
            yield texts, 1000 * self.recipe.seed + epoch

    def _count(self) -> int:
        steps, most = 0, self.recipe.steps or math.inf
        for texts, seed in self._epochs():
            steps += len(plan([len(x) for x in texts.ids], self.recipe.batch_tokens, seed))
            if steps >= most:
                return int(most)
        return steps

    def _ahead(self) -> Iterator[tuple[int, Batch]]:
        """Step numbers (from 1) and batches not trained on yet; the order depends on the seed alone."""
        number = 0
        for texts, seed in self._epochs():
            for batch in batches(texts, self.recipe.batch_tokens, seed):
                number += 1
                if number > self.total:
                    return
                if number > self.step:
                    yield number, batch

    def _one(self, number: int, batch: Batch) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = group.get("rate") or self._rate(number, group.get("peak", self.recipe.lr))
        if self.pruner is not None and (number - 1) % PRUNE_EVERY == 0:
            self.pruner.update(number / self.total)
        loss, parts = self.loss(batch)
        self._finite("loss", loss, number)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        length = nn.utils.clip_grad_norm_(self.parameters, self.recipe.clip, foreach=True)
        self._finite("gradient's length", length, number)
        self.optimizer.step()
        if isinstance(self.pruner, Admm):
            self.pruner.pull()
        if self.spans is not None:
            self.spans.settle(number, self.total)
        self.step, self.seen = number, self.seen + batch.ids.numel()
        for name, value in {"loss": loss.detach(), **parts}.items():
            self.running[name] = SMOOTHING * self.running.get(name, float(value)) + (1 - SMOOTHING) * float(
                value
            )

    def _finite(self, name: str, value: Tensor, number: int) -> None:
        if torch.isfinite(value):
            return
        said = f"the {name} became {value.item()} at step {number}; the last good checkpoint is kept"
        self.log(f"stopped: {said}")
        raise FloatingPointError(f"train: {self.recipe.name}: {said}")

    def _rate(self, number: int, peak: float) -> float:
        warm = max(1, int(self.recipe.warmup * self.total))
        return peak * min(number / warm, max(0.0, (self.total - number) / max(1, self.total - warm)))

    def _minutes(self) -> float:
        return self.spent + (time.time() - self.start) / 60

    def _report(self) -> None:
        losses = " ".join(f"{name} {value:.4f}" for name, value in self.running.items())
        kept = "".join(
            f" density.{k} {v:.3f}" for k, v in (self.pruner.densities() if self.pruner else {}).items()
        )
        kept += self.spans.summary() if self.spans else ""
        taken = time.time() - self.start
        left = taken / 60 * (self.total - self.step) / max(1, self.step - self.first)
        self.log(
            f"step {self.step}/{self.total} lr {self._rate(self.step, self.recipe.lr):.2e} {losses}{kept}  "
            f"{self.seen / taken / 1000:.1f}k tokens/s, {left:.0f} min left"
        )

    def _save(self) -> None:
        largest = torch.stack([p.detach().abs().max() for p in self.parameters]).max()
        self._finite("largest weight", largest, self.step)
        frozen = [name for name, p in self.module.named_parameters() if not p.requires_grad]
        checkpoint.write(
            self.out,
            {
                "recipe": self.recipe.plain(),
                "text": self.texts.size(),
                "weights": self.module.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "minutes": self._minutes(),
                "pruner": self.pruner.state() if self.pruner else {},
                "frozen": frozen,
                "random": self._random(),
            },
        )

    def _random(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self.parameters[0].is_cuda:
            states["cuda"] = torch.cuda.get_rng_state()
        return states

    def _restore(self, state: checkpoint.State) -> None:
        self.module.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = self.first = state["step"]
        self.spent = state["minutes"]
        if self.pruner is not None:
            self.pruner.restore(state["pruner"])
        for name, parameter in self.module.named_parameters():
            if name in state["frozen"]:
                parameter.requires_grad_(False)
        torch.set_rng_state(state["random"]["cpu"])
        if "cuda" in state["random"] and torch.cuda.is_available():
            torch.cuda.set_rng_state(state["random"]["cuda"])
        self.log(f"resumed at step {self.step}")
