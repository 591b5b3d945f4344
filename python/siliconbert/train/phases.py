"""The two phases that train a backbone: general distillation, and a task with all its exits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from siliconbert.train import attention, distill, evaluate
from siliconbert.train.batches import Batch, Texts, batches
from siliconbert.train.extra import UNKNOWN
from siliconbert.train.inputs import Inputs
from siliconbert.train.integer import Integers
from siliconbert.train.network import Network
from siliconbert.train.panel import Panel
from siliconbert.train.pruning import Pruner
from siliconbert.train.recipe import Recipe
from siliconbert.train.spans import Learner

LOOK_EVERY = 499  # the general phase reports on every such text of its corpus
VARIANCE_BATCHES = 10

Parts = dict[str, Tensor]


@dataclass
class Phase:
    """What the loop needs: the module to train, the loss of a batch, a line about the present state."""

    module: nn.Module
    loss: Callable[[Batch], tuple[Tensor, Parts]]
    report: Callable[[], str]
    pruner: Pruner | None = None
    spans: Learner | None = None


def variances(teacher: Network, texts: Texts) -> Tensor:
    """Variance of each of the teacher's layers, the unit of hidden_loss; the mean over a few batches."""
    found = []
    with torch.no_grad():
        for b in batches(texts, 4000, 7):
            found.append(torch.stack([h.float().var() for h in teacher.hidden(b.ids, b.types)]))
            if len(found) == VARIANCE_BATCHES:
                break
    return torch.stack(found).mean(0)


class Predictors(nn.ModuleList):
    """Guesses of the teacher's sentence embedding from token 0 of every layer; thrown away after training.

    They make token 0 gather the sentence from the first layer on; without them early exits stay at chance.
    """

    def __init__(self, network: Network):
        """One square matrix a layer."""
        width = network.shape.width
        super().__init__(nn.Linear(width, width) for _ in range(network.shape.layers))

    def guesses(self, states: list[Tensor]) -> list[Tensor]:
        """(sentences, width) of every layer, from the hidden states of layers 0..L."""
        return [m(state[:, 0].float()) for m, state in zip(self, states[1:], strict=True)]


def general(recipe: Recipe, network: Network, teacher: Network, texts: Texts) -> Phase:
    """Hidden states agree with the teacher's; token 0 of every layer predicts its sentence embedding.

    With a schedule for "word" the word table is pruned on the way and stays as it is from the schedule's end
    on, so that all tasks which then start with `frozen_embeddings` share one table.
    """
    pruner = _pruner(recipe, network)
    predictors = Predictors(network).to(network.device)
    unit = variances(teacher, texts)
    looked = Texts(texts.ids[::LOOK_EVERY], texts.types[::LOOK_EVERY])

    def both(b: Batch) -> tuple[list[Tensor], list[Tensor], Tensor]:
        with torch.no_grad():
            theirs = teacher.hidden(b.ids, b.types)
        return network.hidden(b.ids, b.types), theirs, distill.sentence_embedding(theirs[-1])

    def loss(b: Batch) -> tuple[Tensor, Parts]:
        ours, theirs, target = both(b)
        hidden = distill.hidden_loss(ours, theirs, recipe.pairs, unit, recipe.skip_tokens)
        embedding = distill.embedding_loss(predictors.guesses(ours), target)
        total = hidden + recipe.embedding_share * embedding
        return total, {"hidden": hidden.detach(), "embedding": embedding.detach()}

    def report() -> str:
        tokens, errors, cosines = 0, np.zeros(len(recipe.pairs)), np.zeros(len(predictors))
        with torch.no_grad():
            for b in batches(looked, 4000, None):
                ours, theirs, target = both(b)
                count = b.ids.numel()
                for i, pair in enumerate(recipe.pairs):
                    errors[i] += (
                        count * distill.hidden_loss(ours, theirs, [pair], unit, recipe.skip_tokens).item()
                    )
                for i, guess in enumerate(predictors.guesses(ours)):
                    cosines[i] += count * (1 - distill.embedding_loss([guess], target).item())
                tokens += count
        return (
            f"relative error of {[list(p) for p in recipe.pairs]}: {np.round(errors / tokens, 3).tolist()}, "
            f"cosine of every layer: {np.round(cosines / tokens, 3).tolist()}"
        )

    return Phase(nn.ModuleList([network, predictors]), loss, report, pruner)


def task(recipe: Recipe, network: Network, panel: Panel | None, given: Inputs) -> Phase:
    """All exits learn at once: from the teachers' logits, the labels and, with `pairs`, hidden states.

    Where the recipe augments the text, the teachers read every batch; else their logits are computed once.
    """
    texts, teacher = given.train, panel.first if panel else None
    pruner = _pruner(recipe, network)
    predictors = Predictors(network).to(network.device) if recipe.embedding_share else nn.ModuleList()
    spans = Learner(network, recipe.spans) if recipe.spans else None
    if recipe.integer:
        network.integers = Integers(recipe.integer, network)
        network.integers.calibrate(network, batches(given.calibration(recipe.integer.sentences), 4000, None))
    network.dropout = recipe.dropout
    main_only = (0.0,) * (network.shape.layers - 1) + (1.0,)
    weights = torch.tensor(recipe.exit_weights or main_only, device=network.device)
    labels = torch.from_numpy(texts.labels).to(network.device)
    if recipe.augment:
        labels = torch.cat([labels, torch.full_like(labels, UNKNOWN).repeat(recipe.augment.copies)])
    stored = None if panel is None or recipe.augment else panel.logits(texts)
    unit = variances(teacher, texts) if teacher is not None and recipe.pairs else torch.ones(())
    looks = recipe.attention_share > 0
    if looks and teacher is not None:
        attention.agree(network, teacher, recipe.pairs)

    def loss(b: Batch) -> tuple[Tensor, Parts]:
        ours, looked = _read(network, b, looks)
        theirs: list[Tensor] = []
        if teacher is not None and (recipe.pairs or recipe.augment):
            with torch.no_grad():
                theirs, wanted = _read(teacher, b, looks)
        known = None if stored is None else stored[b.index]
        if panel is not None and recipe.augment:
            with torch.no_grad():
                known = panel.judge(b, theirs)
        total = distill.logit_loss(network.logits(ours), weights, labels[b.index], known)
        parts = {"exits": total.detach()}
        if spans is not None:
            total = total + spans.penalty()
        if teacher is None or not recipe.pairs:
            return total, parts
        hidden = distill.hidden_loss(ours, theirs, recipe.pairs, unit, recipe.skip_tokens)
        total, parts = total + recipe.hidden_share * hidden, parts | {"hidden": hidden.detach()}
        if looks:
            on = [(attention.heads_on(network, s), attention.heads_on(teacher, t)) for s, t in recipe.pairs]
            apart = attention.loss(looked, wanted, recipe.pairs, on)
            total, parts = total + recipe.attention_share * apart, parts | {"attention": apart.detach()}
        if isinstance(predictors, Predictors):
            target = distill.sentence_embedding(theirs[-1])
            embedding = distill.embedding_loss(predictors.guesses(ours), target)
            total, parts = (
                total + recipe.embedding_share * embedding,
                parts | {"embedding": embedding.detach()},
            )
        return total, parts

    def report() -> str:
        return evaluate.line(network, given.dev, given.task) + (spans.summary() if spans else "")

    return Phase(nn.ModuleList([network, predictors]), loss, report, pruner, spans)


def _read(network: Network, b: Batch, looks: bool) -> tuple[list[Tensor], dict[int, Tensor]]:
    """Hidden states, and with `looks` the probabilities of every layer."""
    if not looks:
        return network.hidden(b.ids, b.types), {}
    with attention.Watch(network) as found:
        return network.hidden(b.ids, b.types), found


def _pruner(recipe: Recipe, network: Network) -> Pruner | None:
    if recipe.frozen_embeddings:
        for parameter in (network.word, network.position, network.types, *network.norm.parameters()):
            parameter.requires_grad_(False)
    if not recipe.density:
        return None
    pruner = Pruner(network, recipe.density)
    network.effective = lambda product: pruner.apply(product.weight)
    network.table = pruner.apply
    return pruner
