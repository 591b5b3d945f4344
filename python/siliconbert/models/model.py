"""A model: its shape, its weights as the engine uses them, and what can be done with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from siliconbert import _core, exits, formats, html, sparsity, storage
from siliconbert.data import Data, Tokenizer
from siliconbert.faults import Fault, check_places
from siliconbert.formats import AdaptivFloat, Format
from siliconbert.models import early_exit
from siliconbert.models.blocks import DENSEST, BlockNumber, Blocks
from siliconbert.models.compressed import LARGEST_FILE, write_compressed
from siliconbert.models.early_exit import Run
from siliconbert.models.engine import products
from siliconbert.models.huggingface import write_huggingface
from siliconbert.models.integer import Integer, IntegerModel, build
from siliconbert.models.judge import Rule
from siliconbert.models.sentences import Sentences, Tokens, gather, read_tokenizer
from siliconbert.models.shape import Shape
from siliconbert.models.spans import Spans
from siliconbert.models.tensors import for_core, shapes_of
from siliconbert.models.trace import Trace
from siliconbert.models.trials import Trials, checked_numbers, run

if TYPE_CHECKING:
    from siliconbert.models.stored import Stored

# Enough sentences for the largest activation of every place to settle.
CALIBRATION_SENTENCES = 256

Progress = Callable[[int], None]
Self = TypeVar("Self", bound="Model")


@dataclass(frozen=True)
class Activations:
    """The AdaptivFloat format of every operand of a product that is not a weight: one bias a place.

    >>> from siliconbert import models
    >>> used = models.load("edgebert-mini/sst2").activations
    >>> used.width, used.exponent_bits, used.bias["layer.1.query"]
    (8, 4, -13)
    """

    width: int
    exponent_bits: int
    bias: Mapping[str, int]

    def engine(self) -> dict[str, Any]:
        """What the core's Encoder takes."""
        return {"width": self.width, "exponent_bits": self.exponent_bits, "bias": dict(self.bias)}


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A BERT or ALBERT with its weights decoded to float32.

    tensors     : canonical name ("layers.0.query.weight") -> float32, zeros where pruned; those of a large
                  model lie in its file, which must stay, and are read whenever they are asked for
    masks       : matrix -> bool, which weights are kept; a matrix that is not named is dense
    formats     : matrix -> the format whose values its kept weights are; a tensor that is not named is plain
                  float32
    activations : None where the network runs in fp32
    vocabulary  : the text of tokenizer.json; None where the model takes token ids only
    card        : recipe, seed, data, accuracy, licences
    spans       : None where every head sees the whole sentence
    sfu         : whether softmax and layer norm run in 16 bits, see with_sfu
    blocks      : None where all products are dense, see with_cscb

    >>> from siliconbert import models
    >>> model = models.load("edgebert-mini/sst2")
    >>> model.trace(["a fine film", "a dull one"]).logits.shape  # (sentences, exits, classes)
    (2, 12, 2)
    """

    name: str
    shape: Shape
    tensors: Mapping[str, NDArray[np.float32]]
    masks: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    formats: Mapping[str, Format] = field(default_factory=dict)
    activations: Activations | None = None
    vocabulary: bytes | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    spans: Spans | None = None
    sfu: bool = False
    blocks: Blocks | None = None

    def __repr__(self) -> str:
        """One line: name, sizes, weights kept and their format; the tensors would fill pages.

        >>> import siliconbert as sb
        >>> sb.models.load("edgebert-mini/sst2")  # doctest: +ELLIPSIS
        Model('edgebert-mini/sst2': albert, 12 layers of width 384, ... weights kept, AdaptivFloat8)
        """
        shape, values = self.shape, sum(map(prod, shapes_of(self.tensors).values()))
        kept = values - sum(int(mask.size - mask.sum()) for mask in self.masks.values())
        number = (
            " and ".join(sorted({f"{type(fmt).__name__}{fmt.width}" for fmt in self.formats.values()}))
            or "float32"
        )
        return (
            f"{type(self).__name__}({self.name!r}: {shape.model_type}, {shape.layers} layers of width "
            f"{shape.hidden}, {kept:,} of {values:,} weights kept, {number})"
        )

    def _repr_html_(self) -> str:
        return html.record(repr(self), self._facts())

    def _facts(self) -> dict[str, Any]:
        shape = self.shape
        return {
            "layers": f"{shape.layers} of {shape.groups} sets of weights",
            "width, heads, neurons": [shape.hidden, shape.heads, shape.ffn],
            "word table": f"{shape.vocabulary:,} x {shape.embedding}",
            "exits": "after every layer" if self.ramps else "after the last layer",
            "classes": ", ".join(self.classes) or shape.classes or None,
            "heads off": None if self.spans is None else self.spans.heads_off,
            "activations": "float32" if self.activations is None else f"{self.activations.width} bits",
        }

    @cached_property
    def encoder(self) -> Any:
        """The network in the core, made when first needed."""
        return self.encoder_on(products())

    def encoder_on(self, back_end: Any) -> Any:
        """The network in the core, its dense products by a back end of one's own choice.

        >>> from siliconbert import models
        >>> model = models.load("edgebert-mini/sst2")
        >>> model.encoder_on(products()).path == model.encoder.path
        True
        """
        active = self.activations.engine() if self.activations else None
        spans = self.spans.plain() if self.spans else None
        shape = self.shape.engine() | {"fixed_point": self.sfu}
        back_end = back_end if self.blocks is None else self.blocks.products(back_end)
        return _core.transformer.Encoder(back_end, shape, for_core(self.tensors), active, spans)

    @cached_property
    def tokenizer(self) -> Tokenizer | None:
        """Text to token ids; errors: ValueError where the model's tokenizer.json cannot be read."""
        return read_tokenizer(self.vocabulary, self.name)

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same weights, sizes, formats, spans and special functions only."""
        digest = hashlib.sha256(repr((self.shape, self.activations)).encode())
        digest.update(self.shape.decoder.encode())
        if self.sfu:
            digest.update(b"sfu")
        if self.blocks is not None:
            digest.update(repr(self.blocks).encode())
        if self.spans is not None:
            digest.update(repr(self.spans.plain()).encode())
        for name in sorted(self.tensors):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.tensors[name]).tobytes())
        return digest.hexdigest()[:16]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the outputs, as the card has them; none where it has not."""
        return self.shape.class_names(self.card)

    @property
    def ramps(self) -> bool:
        """Whether there is a classifier after every layer, not only after the last."""
        return "ramps.1.classifier.weight" in self.tensors

    @property
    def linear_ramps(self) -> bool:
        """Whether those classifiers are linear: on token 0 itself, without a pooler."""
        return self.ramps and "ramps.1.pooler.weight" not in self.tensors

    def matrices(self) -> list[str]:
        """The names of the weight matrices and tables, the word table first."""
        return [name for name, size in shapes_of(self.tensors).items() if len(size) == 2]

    def mask(self, name: str) -> NDArray[np.bool_]:
        """Which weights of a matrix are kept."""
        return self.masks[name] if name in self.masks else np.ones(shapes_of(self.tensors)[name], bool)

    def tokens(self, data: Sentences, caller: str = "Model.tokens") -> Tokens:
        """The data as the engine takes it."""
        return gather(data, self.tokenizer, self.shape.positions, caller)

    def trace(
        self,
        data: Sentences,
        threads: int | None = None,
        clean: Trace | None = None,
        progress: Progress | None = None,
        faults: Fault | None = None,
        seed: int = 0,
        trial: int = 0,
    ) -> Trace:
        """Logits and entropy after every layer in one pass.

        data     : labelled data, or a list of sentences, of (first, second) pairs, or of token-id lists
        threads  : None for all processors; the result is the same at any count
        clean    : this data's trace on the model before its faults; only sentences that the faults touch run
                   again
        progress : called with the number of finished sentences now and then
        faults   : what disturbs activations on their way into a product, faults.ActivationFlip(...) say; see
                   Shape.places. Bits are those of the format's code, or of the float32 where there is none; a
                   value's element is token * width + column (head, token, token for probabilities), the same
                   with attention spans, under which heads that are off and probabilities outside windows have
                   no values that could flip. What it does to stored cells is left to faults.inject
        seed, trial : of these faults; a sentence's number in `data` is the rest of their address
        errors   : ValueError for no or empty sentences, ids outside the vocabulary, a `clean` of something
                   else
        """
        tokens = self.tokens(data, "Model.trace")
        self._check_classifier()
        if faults is None:
            return self._trace(tokens, clean, threads or 0, progress=progress)
        if faults.activations is None:
            raise ValueError(f"Model.trace: faults must disturb activations, got {faults.label}")
        if clean is not None:
            raise ValueError("Model.trace: clean must be None where faults disturb every sentence")
        check_places(faults, self.shape.places(), "Model.trace")
        options = {"progress": progress, "faults": faults.activations, "seed": seed, "trial": trial}
        trace = self._trace(tokens, None, threads or 0, **options)
        return replace(trace, model=f"{trace.model}, {faults.label}, seed {seed}, trial {trial}")

    def run(
        self,
        data: Sentences,
        threshold: float,
        rule: exits.EntropyRule | exits.PredictionRule | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Run:
        """Runs every sentence up to the layer after which the rule lets it leave, and no further.

        Layers and logits have the bits that the rule finds in trace(): of the exit taken, those of that exit.
        Sentences that go on are packed together after every layer; an exit is computed where the rule looks
        at it or a sentence takes it.

        data      : as in trace
        threshold : nats, or doubt for ConfidenceRule; exits.threshold_for finds one
        rule      : exits.EntropyRule() (the default), ConfidenceRule() or PredictionRule(lut, ...). A rule of
                    one's own sees all entropies at once, so it can only be replayed on a trace
        threads   : None for all processors; the result is the same at any count
        progress  : called with the number of finished sentences now and then
        errors    : ValueError for a model without an exit after every layer, another rule, a threshold that
                    is NaN, and as in trace

        >>> from siliconbert import models
        >>> model = models.load("edgebert-mini/sst2")
        >>> run = model.run(["a fine film", "well, it is what it is"], threshold=0.2)
        >>> trace = model.trace(["a fine film", "well, it is what it is"])
        >>> bool((run.layer == exits.by_entropy(trace.entropy, 0.2)).all())
        True
        >>> bool((run.logits == trace.logits[[0, 1], run.layer - 1]).all())
        True
        """
        chosen = exits.EntropyRule() if rule is None else rule
        if not isinstance(chosen, exits.EntropyRule | exits.PredictionRule):
            raise ValueError(
                "Model.run: rule must be EntropyRule(), ConfidenceRule() or PredictionRule(...), "
                f"got {chosen!r}"
            )
        tokens = self.tokens(data, "Model.run")
        self._check_classifier()
        layers = self.shape.layers
        found = early_exit.run(self.encoder, tokens, chosen, layers, threshold, threads or 0, progress)
        path, model = self.encoder.path, self._identity()
        return Run(*found, layers, path, model, tokens.fingerprint(), tokens.truncated)

    def trials(
        self,
        fault: Fault,
        data: Data,
        clean: Trace | None = None,
        seed: int = 0,
        trials: Iterable[int] = range(100),
        threads: int | None = None,
        rule: Rule | None = None,
        progress: Progress | None = None,
        reuse: bool = True,
    ) -> Trials:
        """Right and wrong answers of every trial; only sentences that a fault touches run again.

        Trials run side by side, one thread each, with a copy of the image and of the stored tensor for each
        thread (4 bytes an element, and the stored bits): faults are written into the copies and taken out
        again. A trial whose faulty matrix has values that bf16 does not hold runs in fp32.

        fault    : what happens to the cells of the stored tensor (see store), and to activations
        data     : sentences with labels
        clean    : the trace of `data` on this model; made here where it is None
        seed     : of the faults; trial numbers are the other half of a fault's address
        threads  : None for all processors; the result is the same at any count
        rule     : exit layer (1-based) of each sentence from the entropies (N, exits), NaN where a logit is
                   not finite; called once without faults and once for each trial that touched a sentence, in
                   their order. None for the last exit
        progress : called with the number of finished trials now and then
        reuse    : False reruns every sentence in every trial, which changes nothing but the time and `rerun`
        errors   : ValueError for no trials, labels outside the classes, a `clean` of something else, faults
                   of cells where no tensor is stored
        """
        numbers = checked_numbers(trials)
        tokens = self.tokens(data, "Model.trials")
        self._check_classifier()
        memory = self._memory(fault)
        check_places(fault, self.shape.places(), "Model.trials")
        clean = self._trace(tokens, None, threads or 0) if clean is None else self.checked(clean, tokens)
        where = (tokens.ids, tokens.types, tokens.offsets)
        core = _core.transformer.Trials(self.encoder, *where, seed, memory, fault.activations, reuse)
        return run(core, clean, data.labels, rule, seed, numbers, threads or 0, progress)

    def hidden(self, data: Sentences, threads: int | None = None) -> list[NDArray[np.float32]]:
        """States after the last layer, (tokens, hidden) for each sentence."""
        tokens = self.tokens(data, "Model.hidden")
        states = self.encoder.hidden(tokens.ids, tokens.types, tokens.offsets, threads or 0)
        return np.split(states, tokens.offsets[1:-1])

    def pruned(self, density: Mapping[str, float], pattern: sparsity.Pattern | None = None) -> Model:
        """The model with the smallest weights of each named matrix set to zero.

        density : name of a matrix, or the start of several ("layers."), -> kept fraction, 0 < density <= 1
        pattern : how they are chosen in each matrix of (outputs, inputs); None for sparsity.Unstructured()
        """
        masks = dict(self.masks)
        for start, kept in density.items():
            names = [name for name in self.matrices() if name.startswith(start)]
            if not names:
                raise ValueError(
                    f"Model.pruned: density must name matrices such as {self.matrices()[0]}, got {start!r}"
                )
            for name in names:
                chosen = sparsity.prune(self.tensors[name], pattern or sparsity.Unstructured(), kept)
                masks[name] = chosen & self.mask(name)
        tensors = {
            name: np.where(masks[name], v, np.float32(0)) if name in masks else v
            for name, v in self.tensors.items()
        }
        return replace(self, tensors=tensors, masks=masks)

    def quantized(self, fmt: Format | str, data: Sentences, threads: int | None = None) -> Model:
        """The model with weights and both sides of every product in AdaptivFloat.

        Each matrix's parameters come from its kept weights (those that are not zero), each activation's from
        the largest magnitude that the sentences in `data` give it in an fp32 run of the quantized weights.

        fmt  : a format or its name; AdaptivFloat, variant algorithm1
        data : training sentences, or others that are not evaluated
        """
        fmt = formats.get(fmt) if isinstance(fmt, str) else fmt
        if not isinstance(fmt, AdaptivFloat) or fmt.variant != "algorithm1" or fmt.per != "tensor":
            raise ValueError(f"Model.quantized: fmt must be AdaptivFloat of variant algorithm1, got {fmt}")
        tensors, masks, fitted = dict(self.tensors), dict(self.masks), {}
        for name in self.matrices():
            masks[name] = self.mask(name) & (tensors[name] != 0)
            fitted[name] = formats.fit(tensors[name][masks[name]], fmt)
            tensors[name] = np.where(
                masks[name], formats.quantize(tensors[name], fitted[name]), np.float32(0)
            )
        plain = replace(self, tensors=tensors, masks=masks, formats=fitted, activations=None)
        tokens = plain.tokens(data, "Model.quantized")
        largest = plain.encoder.calibrate(tokens.ids, tokens.types, tokens.offsets, threads or 0)
        bias = {place: _bias(most, fmt) for place, most in largest.items()}
        return replace(plain, activations=Activations(fmt.width, fmt.exponent_bits, bias))

    def integer(
        self,
        largest: Mapping[str, float],
        settings: Integer | None = None,
        clip: Mapping[str, float] | None = None,
    ) -> IntegerModel:
        """The model on integers: FQ-BERT's arithmetic, defined in siliconbert.reference.integer.

        Its weights are taken as they are, with whatever format they were rounded to; a format of its
        activations is dropped.

        largest  : place -> magnitude that gets the largest code, by calibration or an EMA while training;
                   see models.integer_places
        settings : widths and which parts are integers; None for Integer(), everything at w4/a8
        clip     : "layers.0.query.weight" -> magnitude beyond which weights are cut; else the largest weight
        errors   : ValueError for an ALBERT, attention spans or the 16-bit unit, missing or other places,
                   and where a layer's sums or multipliers do not fit 32 bits
        source   : Liu, Li, Cheng, DATE 2021, Sec. II
        """
        return build(self, largest, settings or Integer(), clip)

    def rounded(self, fmt: Format | str, threads: int | None = None) -> Model:
        """The model with every matrix rounded to a format, its parameters fitted to the kept weights.

        Biases and layer norms stay as they are, and the network runs in fp32: what is left is what the
        format alone does. Pruned weights stay zero.

        fmt : a format or its name
        """
        fmt = formats.get(fmt) if isinstance(fmt, str) else fmt
        tensors, fitted = dict(self.tensors), {}
        for name in self.matrices():
            mask = self.mask(name)
            fitted[name] = formats.fit(tensors[name], fmt, mask=mask)
            near = formats.quantize(tensors[name], fitted[name], threads)
            tensors[name] = np.where(mask, near, np.float32(0))
        return replace(self, tensors=tensors, formats=fitted, activations=None)

    def with_spans(self: Self, spans: Spans | None) -> Self:
        """The same model with these attention spans, or None for none.

        errors: ValueError where they have other weight sets or heads than the model
        """
        if spans is not None:
            spans.fitting(self.shape, "Model.with_spans")
        return replace(self, spans=spans)

    def with_sfu(self: Self, sfu: bool = True) -> Self:
        """The same model with softmax, layer norm and residual additions as EdgeBERT's 16-bit unit does them.

        Q6.10 with straight lines for exp, ln and 1/sqrt: hardware.fixed_point. Exact stay the embeddings'
        norm, whose variance is a few of its codes, and GELU and tanh, which the unit lacks. Not kept in files
        """
        return replace(self, sfu=sfu)

    def with_cscb(self: Self, block: tuple[int, int] = (16, 16), number: BlockNumber = "fp32") -> Self:
        """The same model, its block-sparse matrices multiplied by kept blocks only, see BlockLinear.

        These are the products of whose blocks at most half hold a value other than zero; all others stay
        dense, in fp32. NaN in an activation does not pass a block that is not kept. Not kept in files.

        block  : (outputs, inputs): Block((16, 16), "row") prunes for it
        number : "fp32"; "int8" for block-sparse products in 8 bits
        errors : ValueError where no matrix has so few blocks
        """
        chosen = Blocks(block, number)
        names = [name for name in self.matrices() if name.endswith(".weight")]
        if all(sparsity.block_density(self.tensors[name], block) > DENSEST for name in names):
            raise ValueError(
                f"Model.with_cscb: block must be one of which a matrix keeps at most {DENSEST:.0%}, "
                f"none of {self.name} does at {block[0]} x {block[1]}"
            )
        return replace(self, blocks=chosen)

    def save(self, path: str | Path, table: str | Path | None = None, most_bytes: int = LARGEST_FILE) -> None:
        """Writes the compressed model file; it appears complete or not at all.

        table      : file beside it that takes the word table and the tokenizer, to be shared by models of
                     other tasks
        most_bytes : a file that would be larger is refused
        errors     : ValueError, with nothing left behind
        """
        write_compressed(self, Path(path), None if table is None else Path(table), most_bytes)

    def save_huggingface(self, folder: str | Path) -> None:
        """Writes config.json, model.safetensors, tokenizer.json and card.json as transformers reads them.

        Pruned and quantized weights are decoded to float32. What transformers cannot express (masks, formats,
        attention spans, classifiers between layers) goes into siliconbert.safetensors beside them, which
        models.load reads back: the model is the same then, and so are the codes of its compressed file. A
        warning names it. with_sfu and with_cscb are not kept, as in save().

        folder : new or empty; it appears complete or not at all
        errors : ValueError
        """
        write_huggingface(self, Path(folder))

    def store(
        self,
        tensor: str,
        fmt: Format | str | None = None,
        layout: storage.LayoutLike = "bitmask",
        cells: Mapping[str, str] | None = None,
        ecc: str | Mapping[str, str | None] | None = None,
        *,
        gray: bool | Mapping[str, bool] = False,
        order: str | Sequence[int] | None = None,
        seed: int = 0,
    ) -> Stored:
        """The same model with one of its matrices in a memory image.

        tensor : name of a matrix, "embeddings.word" for instance
        fmt    : format of the stored values, fitted to the kept weights; None for the matrix's own
        cells  : region -> name of the cell that holds it, "*" for the others; see faults.names()
        The other options are those of storage.store.
        """
        from siliconbert.models.stored import store

        held = storage.EDGEBERT_CELLS if cells is None else cells
        return store(self, tensor, fmt, layout, held, ecc, gray=gray, order=order, seed=seed)

    def _check_classifier(self) -> None:
        if not self.shape.classes:
            raise ValueError(
                f"Model.trace: the model must have a classifier, {self.name} has none (hidden() works)"
            )

    def checked(self, clean: Trace, tokens: Tokens) -> Trace:
        """The trace, refused unless it is this model's, of these sentences, on this numeric path."""
        for what, ours, theirs in (
            ("of the model", self._identity(), clean.model),
            ("of the sentences", tokens.fingerprint(), clean.sentences),
            ("computed on", self.encoder.path, clean.path),
        ):
            if ours != theirs:
                raise ValueError(
                    f"Model.trace: clean must be a trace {what} {ours!r}, got one {what} {theirs!r}"
                )
        return clean

    def _memory(self, fault: Fault) -> dict[str, Any] | None:
        """The stored tensor as the core's Trials take it."""
        if any(part.activations is None for part in getattr(fault, "parts", (fault,))):
            raise ValueError(
                "Model.trials: fault must disturb activations only because no tensor is stored (see store), "
                f"got {fault.label}"
            )
        return None

    def _trace(self, tokens: Tokens, clean: Trace | None, threads: int, **options: Any) -> Trace:
        if clean is not None:
            raise ValueError(
                "Model.trace: clean is for models that sb.faults.inject made, this one has no faults"
            )
        return self._finish(tokens, self._logits(tokens, threads, **options))

    def _logits(self, tokens: Tokens, threads: int, **options: Any) -> NDArray[np.float32]:
        where = (tokens.ids, tokens.types, tokens.offsets)
        found: NDArray[np.float32] = self.encoder.trace(*where, threads, **options)
        return found

    def _finish(self, tokens: Tokens, logits: NDArray[np.float32]) -> Trace:
        return Trace(
            logits,
            np.asarray(exits.entropy(logits), np.float32),
            tuple(self.encoder.exits),
            self.encoder.path,
            self._identity(),
            tokens.fingerprint(),
            tokens.truncated,
        )

    def _identity(self) -> str:
        return f"{self.name} {self.fingerprint}"


def _bias(largest: float, fmt: AdaptivFloat) -> int:
    """The bias that gives the largest magnitude the highest exponent."""
    bias = formats.fit([largest], fmt).bias
    assert bias is not None
    return bias
