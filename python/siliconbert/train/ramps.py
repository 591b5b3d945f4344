"""Stage 2: the pruned backbone is frozen; every ramp is trained on stored token-0 states (minutes)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from siliconbert.train import distill
from siliconbert.train.batches import Texts, batches
from siliconbert.train.network import Network
from siliconbert.train.recipe import Recipe


def first_states(network: Network, texts: Texts) -> Tensor:
    """Token-0 states of layers 1..L: (L, sentences, width), bfloat16."""
    shape = network.shape
    out = torch.zeros(shape.layers, len(texts), shape.width, dtype=torch.bfloat16, device=network.device)
    with torch.no_grad():
        for b in batches(texts, 4000, None):
            for layer, state in enumerate(network.hidden(b.ids, b.types)[1:]):
                out[layer, b.index] = state[:, 0]
    return out


def train_ramps(
    network: Network,
    states: Tensor,
    labels: Tensor,
    teacher: Tensor | None,
    recipe: Recipe,
    log: Callable[[str], None],
) -> None:
    """Trains heads 1..L-1 at once, with equal weight; the main classifier stays as stage 1 left it."""
    network.begin_ramps(recipe.kind)
    ramps = nn.ModuleList(list(network.heads)[:-1])
    optimizer = torch.optim.AdamW(
        ramps.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True
    )
    count = states.shape[1]
    steps, step = count // recipe.batch, 0
    weights = torch.ones(len(ramps), device=network.device)
    labels = labels.to(network.device)
    for epoch in range(recipe.epochs):
        order = np.random.default_rng(recipe.seed + epoch).permutation(count)
        running = 0.0
        for index in order[: steps * recipe.batch].reshape(steps, recipe.batch):
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = recipe.lr * (1 - step / (recipe.epochs * steps + 1))
            logits = [head(states[layer, index].float()) for layer, head in enumerate(ramps)]
            loss = distill.logit_loss(
                logits, weights, labels[index], None if teacher is None else teacher[index]
            )
            if not torch.isfinite(loss):
                raise FloatingPointError(f"train: the loss of the ramps became {loss.item()} at step {step}")
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            running += loss.item()
        log(f"ramps: epoch {epoch + 1}/{recipe.epochs} loss {running / max(1, steps):.4f}")
