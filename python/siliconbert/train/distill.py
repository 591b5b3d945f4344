"""Losses: agreement with hidden states, with the sentence embedding, and with the logits of a teacher."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812, the usual name
from torch import Tensor

from siliconbert.train.extra import UNKNOWN

Pairs = Sequence[tuple[int, int]]  # (student layer, teacher layer), 0 = embeddings


def hidden_loss(
    student: list[Tensor], teacher: list[Tensor], pairs: Pairs, variances: Tensor, skip: int = 0
) -> Tensor:
    """Mean over `pairs` of the squared error in units of the teacher layer's variance, from token `skip` on.

    A sentence encoder never reads its token 0; `skip` = 1 leaves the student's free to gather the sentence
    for the exits.
    """
    losses = [
        (student[s][:, skip:] - teacher[t][:, skip:]).float().square().mean() / variances[t] for s, t in pairs
    ]
    return torch.stack(losses).mean()


def sentence_embedding(last: Tensor) -> Tensor:
    """The sentence encoder's output: mean of the last hidden states over the tokens, length 1."""
    return F.normalize(last.float().mean(1), dim=-1)


def embedding_loss(predicted: Sequence[Tensor], target: Tensor) -> Tensor:
    """Mean over layers of 1 - cosine."""
    return torch.stack([1.0 - (F.normalize(p, dim=-1) * target).sum(-1).mean() for p in predicted]).mean()


def logit_loss(
    logits: Sequence[Tensor],
    weights: Tensor,
    labels: Tensor,
    teacher: Tensor | None,
    temperature: float = 2.0,
    share: float = 0.9,
) -> Tensor:
    """Weighted over exits: share * KL(teacher || student) * T^2 + (1 - share) * cross-entropy.

    Labels that are scores (float32) instead of classes: squared errors of the one output take both places. A
    sentence whose label is extra.UNKNOWN has no cross-entropy and no such error.
    """
    losses = []
    for x in logits:
        if labels.is_floating_point():
            losses.append(_score_loss(x[:, 0], labels, teacher, share))
            continue
        loss = F.cross_entropy(x, labels, ignore_index=UNKNOWN, reduction="sum") / len(labels)
        if teacher is not None:
            kl = F.kl_div(
                F.log_softmax(x / temperature, -1),
                F.log_softmax(teacher / temperature, -1),
                reduction="batchmean",
                log_target=True,
            )
            loss = share * kl * temperature**2 + (1.0 - share) * loss
        losses.append(loss)
    return (torch.stack(losses) * weights).sum() / weights.sum()


def _score_loss(x: Tensor, labels: Tensor, teacher: Tensor | None, share: float) -> Tensor:
    loss = torch.where(labels == UNKNOWN, 0.0, (x - labels).square()).mean()
    return loss if teacher is None else share * F.mse_loss(x, teacher[:, 0]) + (1.0 - share) * loss
