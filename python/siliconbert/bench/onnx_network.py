"""A classifier of transformers in ONNX Runtime: exported, fused as far as it can, in fp32 or dynamic int8."""

from __future__ import annotations

import logging
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert import extras
from siliconbert.bench.padded import Padded


def require() -> None:
    """ImportError with one sentence where a package of the peers is missing."""
    extras.require("bench", "bench", "torch", "transformers", "onnx", "onnxruntime")


class Onnx:
    """A network whose attention is computed in plain steps ("eager"), which the fusion knows."""

    def __init__(self, network: Any, threads: int, folder: Path, int8: bool):
        """Exports, fuses and, where asked, quantizes `network`; its files lie in `folder`."""
        onnxruntime = import_module("onnxruntime")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _export(network, folder / "plain.onnx")
            self.fused = _fuse(folder, network.config)
            if int8:
                _quantize(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            folder / ("int8.onnx" if int8 else "fused.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.version = f"ONNX Runtime {onnxruntime.__version__}{' (fused)' if self.fused else ''}"

    def logits(self, batch: Padded) -> NDArray[np.float32]:
        """(sentences, classes)."""
        return np.asarray(self._session.run(None, {"ids": batch[0], "mask": batch[1]})[0])


def _export(network: Any, path: Path) -> None:
    import torch

    class Classifier(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

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


def _fuse(folder: Path, config: Any) -> bool:
    """Writes fused.onnx, with what could be fused; returns whether that was the attention of all layers."""
    optimizer = import_module("onnxruntime.transformers.optimizer")
    sizes = {"num_heads": config.num_attention_heads, "hidden_size": config.hidden_size}
    fused = optimizer.optimize_model(str(folder / "plain.onnx"), model_type="bert", **sizes)
    fused.save_model_to_file(str(folder / "fused.onnx"))
    return bool(fused.get_fused_operator_statistics()["Attention"] == config.num_hidden_layers)


def _quantize(folder: Path) -> None:
    quantization = import_module("onnxruntime.quantization")
    logging.disable(logging.WARNING)  # it would advise what was done already
    try:
        quantization.quantize_dynamic(
            folder / "fused.onnx",
            folder / "int8.onnx",
            weight_type=quantization.QuantType.QInt8,
            extra_options={"DefaultTensorType": import_module("onnx").TensorProto.FLOAT},
        )
    finally:
        logging.disable(logging.NOTSET)
