"""The peers of the integer engine: dynamic int8 of ONNX Runtime and of PyTorch, on a network of ours."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import extras
from siliconbert.models import Shape
from siliconbert.models.huggingface import Names

# A batch's token ids (sentences, longest) and which are tokens.
Padded = tuple[NDArray[np.int64], NDArray[np.int64]]


def require() -> None:
    """ImportError with one sentence where a package is missing."""
    extras.require("bench", "bench", "torch", "transformers", "onnx", "onnxruntime")


def padded(sentences: Sequence[Sequence[int]]) -> Padded:
    """A batch filled up to its longest sentence."""
    longest = max(map(len, sentences))
    ids = np.array([[*row, *[0] * (longest - len(row))] for row in sentences], np.int64)
    mask = np.array([[1] * len(row) + [0] * (longest - len(row)) for row in sentences], np.int64)
    return ids, mask


class Fp32:
    """transformers' BertForSequenceClassification with these weights, for comparing answers."""

    def __init__(self, shape: Shape, tensors: Mapping[str, NDArray[np.float32]], attention: str = "sdpa"):
        """Builds the network; `attention` is transformers' word for how it is computed."""
        import torch
        from transformers import BertConfig, BertForSequenceClassification

        config = BertConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=shape.ffn,
            max_position_embeddings=shape.positions,
            layer_norm_eps=shape.epsilon,
            num_labels=shape.classes,
            attn_implementation=attention,
        )
        self.torch: Any = torch
        self.network: Any = BertForSequenceClassification(config).eval()
        names = Names(shape, "bert.")
        given = {names.theirs(name): torch.from_numpy(values) for name, values in tensors.items()}
        self.network.load_state_dict(given, strict=False)

    def logits(self, batch: Padded) -> NDArray[np.float32]:
        """(sentences, classes)."""
        ids, mask = map(self.torch.from_numpy, batch)
        with self.torch.inference_mode():
            return np.asarray(self.network(input_ids=ids, attention_mask=mask).logits.numpy())


class TorchInt8(Fp32):
    """PyTorch's quantize_dynamic: int8 weights of all linear layers, activations quantized as they come."""

    def __init__(self, shape: Shape, tensors: Mapping[str, NDArray[np.float32]], threads: int):
        """Quantizes the network."""
        super().__init__(shape, tensors)
        torch = self.torch
        torch.set_num_threads(threads)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the interface is announced to move
            self.network = torch.ao.quantization.quantize_dynamic(
                self.network, {torch.nn.Linear}, dtype=torch.qint8
            )
        self.version = f"PyTorch {torch.__version__} ({torch.backends.quantized.engine})"


class OnnxInt8:
    """ONNX Runtime's quantize_dynamic, after its own fusion of attention, GELU and norms where it can."""

    def __init__(self, shape: Shape, tensors: Mapping[str, NDArray[np.float32]], threads: int, folder: Path):
        """Exports, fuses and quantizes the network; its files lie in `folder`."""
        onnxruntime = import_module("onnxruntime")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _export(Fp32(shape, tensors, "eager"), folder / "fp32.onnx")
            self.fused = _quantize(folder, shape)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            folder / "int8.onnx", options, providers=["CPUExecutionProvider"]
        )
        self.version = f"ONNX Runtime {onnxruntime.__version__}{' (fused)' if self.fused else ''}"

    def logits(self, batch: Padded) -> NDArray[np.float32]:
        """(sentences, classes)."""
        return np.asarray(self._session.run(None, {"ids": batch[0], "mask": batch[1]})[0])


def seconds(peer: OnnxInt8 | TorchInt8, batches: Sequence[Padded]) -> float:
    """Time of all batches, one after the other."""
    start = time.perf_counter()
    for batch in batches:
        peer.logits(batch)
    return time.perf_counter() - start


def _export(model: Fp32, path: Path) -> None:
    torch = model.torch

    class Classifier(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.network = model.network

        def forward(self, ids: Any, mask: Any) -> Any:
            return self.network(input_ids=ids, attention_mask=mask).logits

    ids = torch.ones((2, 16), dtype=torch.int64)
    axes = {name: {0: "sentences", 1: "tokens"} for name in ("ids", "mask")}
    torch.onnx.export(
        Classifier(),
        (ids, ids),
        str(path),
        input_names=["ids", "mask"],
        output_names=["logits"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )


def _quantize(folder: Path, shape: Shape) -> bool:
    """Writes int8.onnx; returns whether layers could be fused before."""
    quantization = import_module("onnxruntime.quantization")
    fused = import_module("onnxruntime.transformers.optimizer").optimize_model(
        str(folder / "fp32.onnx"), model_type="bert", num_heads=shape.heads, hidden_size=shape.hidden
    )
    found = fused.get_fused_operator_statistics()["Attention"] == shape.layers
    if found:
        fused.save_model_to_file(str(folder / "fused.onnx"))
    quantization.quantize_dynamic(
        folder / ("fused.onnx" if found else "fp32.onnx"),
        folder / "int8.onnx",
        weight_type=quantization.QuantType.QInt8,
        extra_options={"DefaultTensorType": import_module("onnx").TensorProto.FLOAT},
    )
    return bool(found)
