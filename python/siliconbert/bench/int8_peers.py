"""The peers of the integer engine: dynamic int8 of ONNX Runtime and of PyTorch, on a network of ours."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siliconbert.bench.onnx_network import Onnx
from siliconbert.bench.padded import Padded
from siliconbert.models import Shape
from siliconbert.models.huggingface import Names


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


class OnnxInt8(Onnx):
    """ONNX Runtime's quantize_dynamic, after its own fusion of attention, GELU and norms where it can."""

    def __init__(self, shape: Shape, tensors: Mapping[str, NDArray[np.float32]], threads: int, folder: Path):
        """Exports, fuses and quantizes the network; its files lie in `folder`."""
        super().__init__(Fp32(shape, tensors, "eager").network, threads, folder, int8=True)
