"""The peers of `bench integer` compute what a float network of ours does. No timings."""

import numpy as np
import pytest

from siliconbert.bench import int8_peers, integer
from siliconbert.bench.padded import padded
from siliconbert.bench.processor import CLASSES, here
from small_models import SHAPES, small_model, some_ids

BERT = SHAPES["bert"]


def test_floors_are_of_known_classes_and_rows_compare_with_the_faster_peer():
    assert set(integer.FLOORS) <= set(CLASSES)
    times = {}
    for case, scale in zip(integer.CASES, (1, 2), strict=True):
        for name, seconds in (("ours", 0.5), (integer.ONNX, 1.5), ("b", 1.0)):
            times[case, name] = [scale * seconds] * 3
    batches = {case: [[[1, 2]] * 4] for case in integer.CASES}
    rows = integer._timings(times, batches)
    assert [row.median for row in rows] == [125, 375, 250, 250, 750, 500]
    assert [row.ratio for row in rows] == [2.0, 3.0, 2.0] * 2
    assert [row.floor is None for row in rows[:3]] == [not integer.FLOORS.get(here().kind)] * 2 + [True]


def test_batches_are_filled_up_to_their_longest_sentence():
    ids, mask = padded([[5, 6, 7], [8]])
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]] and mask.tolist() == [[1, 1, 1], [1, 0, 0]]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_peers_are_near_the_float_network(tmp_path):
    for name in ("torch", "transformers", "onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"the peers need {name}")
    model = small_model(BERT, ramps=False)
    sentences = some_ids(count=3)
    batch = padded(sentences)
    expected = model.trace(sentences).logits[:, -1]
    np.testing.assert_allclose(int8_peers.Fp32(BERT, model.tensors).logits(batch), expected, atol=1e-4)
    peers = [
        int8_peers.TorchInt8(BERT, model.tensors, 1),
        int8_peers.OnnxInt8(BERT, model.tensors, 1, tmp_path),
    ]
    for peer in peers:
        assert np.abs(peer.logits(batch) - expected).max() < 0.2 * np.abs(expected).max()
