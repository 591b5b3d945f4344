"""The student's start: tables by a frequency-weighted SVD, the shared layer a copy of a teacher's layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from siliconbert.train.batches import Texts, batches
from siliconbert.train.network import Network, Shape
from siliconbert.train.recipe import Recipe


def make(shape: Shape, teacher: Network, layer: int, texts: Texts) -> Network:
    """A fresh ALBERT; a word counts in the SVD one time more than it occurs in `texts`."""
    network: Network = Network(shape).to(teacher.device)
    counts = np.bincount(np.concatenate(texts.ids), minlength=shape.vocab).astype(np.float64)
    with torch.no_grad():
        table = teacher.word + teacher.types[0]
        mean = torch.from_numpy(counts / counts.sum()).to(table) @ table
        weight = torch.from_numpy(np.sqrt(counts + 1.0)).to(table)[:, None]
        basis = torch.linalg.svd((table - mean) * weight, full_matrices=False)[2][: shape.embedding]
        spread = ((table - mean) @ basis.T).std()
        network.word.copy_((table - mean) @ basis.T / spread)
        network.position.copy_(teacher.position @ basis.T / spread)
        network.types.copy_((teacher.types - teacher.types[0]) @ basis.T / spread)
        assert network.mapping is not None  # an ALBERT has one
        network.mapping.weight.copy_((basis * teacher.norm.weight).T)
        network.mapping.bias.copy_(teacher.norm.bias)
        network.layers[0].load_state_dict(teacher.layers[layer - 1].state_dict())
    return network


def fit_embeddings(
    network: Network, teacher: Network, texts: Texts, recipe: Recipe, log: Callable[[str], None]
) -> None:
    """Fits tables, norm and mapping alone to the teacher's layer 0, in seconds."""
    assert network.mapping is not None  # an ALBERT has one
    parts = [
        network.word,
        network.position,
        network.types,
        *network.norm.parameters(),
        *network.mapping.parameters(),
    ]
    optimizer = torch.optim.AdamW(parts, lr=recipe.embedding_lr, weight_decay=0.0, fused=True)
    for step, b in enumerate(batches(texts, recipe.batch_tokens, recipe.seed), 1):
        for group in optimizer.param_groups:
            group["lr"] = recipe.embedding_lr * (1 - step / (recipe.embedding_steps + 1))
        with torch.no_grad():
            target = teacher.embed(b.ids, b.types, torch.float32)
        loss = (network.embed(b.ids, b.types, torch.float32) - target).square().mean() / target.var()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step == 1 or step % 100 == 0:
            log(f"embeddings: step {step} relative error {loss.item():.4f}")
        if step >= recipe.embedding_steps:
            break
