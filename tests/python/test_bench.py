"""The benches' parts: verdicts, the child process, and a peer that computes what ours does. No timings."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from siliconbert import exits, faults, models
from siliconbert.bench import campaign, cscb, early_exit, network, reuse, spans, trace, trace_peers
from siliconbert.bench import schedule as schedule_bench
from siliconbert.bench.processor import CLASSES, parse
from siliconbert.bench.result import Result, Timing
from siliconbert.bench.worker import Worker
from small_models import ALBERT, sentences, small_model


class Divides:
    def __init__(self, number):
        self.share = 1 / number

    def by(self, number):
        return self.share / number


def test_a_floor_is_kept_or_not_and_json_says_so():
    assert Timing("x", 1, 1, 1, ratio=10, floor=10).verdict == "kept"
    assert Timing("x", 1, 1, 1, ratio=9.9, floor=10).verdict == "BELOW THE FLOOR"
    assert Timing("x", 1, 1, 1, ratio=9.9).verdict == Timing("x", 1, 1, 1, floor=10).verdict == ""
    result = Result(("a",), (Timing("x", 1, 1, 1, 2, 1),), ("b",), 3.0)
    assert result.json()["timings"][0]["verdict"] == "kept"


def test_every_floor_is_of_a_known_class_of_processor():
    assert set(campaign.FLOORS) | set(trace.FLOORS) | set(trace.LOOP_FLOORS) <= set(CLASSES)
    assert parse("flags : amx_bf16 amx_int8 avx512_vnni avx512_bf16").kind == "A"
    assert parse("").kind == "C"


def test_the_child_answers_and_its_errors_arrive():
    with Worker(Divides, 4) as child:
        assert child.ask("by", 2) == 0.125
        with pytest.raises(ZeroDivisionError):
            child.ask("by", 0)
        assert child.peak_mib() > 1
    with Worker(Divides, 0) as child, pytest.raises(ZeroDivisionError):
        child.ask("by", 1)


@pytest.mark.parametrize("best, apart", [(False, 1e-5), (True, 5e-2)], ids=["plain", "best"])
@pytest.mark.filterwarnings("ignore")
def test_the_peer_computes_our_answers_from_a_faulty_image(best, apart):
    pytest.importorskip("torch", reason="the peer needs torch")
    pytest.importorskip("transformers", reason="the peer needs transformers")
    from siliconbert.bench.albert import BATCH, Albert

    shape = replace(ALBERT, groups=1, positions=128)
    plain = small_model(shape).pruned({"embeddings.word": 0.5})
    stored = plain.store("embeddings.word", "adaptivfloat8", cells={"*": "rram-mlc3"})

    bad, events = stored.inject(faults.CellMisread(), seed=1, trial=0)
    assert len(events)
    ids = sentences(shape, np.random.default_rng(3).integers(2, 30, BATCH + 5))
    _, logits = Albert(stored, stored.tokens(ids), 1, best).trial("embeddings.word", bad.image)
    ours = bad.trace(ids).logits[:, -1]
    assert np.abs(logits - ours).max() <= apart * np.abs(ours).max()


@pytest.mark.parametrize("model", [campaign.ALBERT_BASE, "edgebert-mini/sst2"])
def test_ours_runs_alone(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = campaign.run(peers=False, sentences=3, trials=2, repeats=2, threads=1, model=model)
    assert ("random weights" in found.header[1]) == (model == campaign.ALBERT_BASE)
    assert [timing.name for timing in found.timings] == ["ours"] and found.peak_mib > 1
    assert "not compared with a peer" in found.footer[0]


def test_a_loop_is_compared_with_ours_and_its_wrong_answers_are_not_timed(monkeypatch):
    class Loop:
        name = "a loop"

        def __init__(self, stored, tokens, threads, best):
            self.best = best

        def trial(self, tensor, image):
            return (0.5 if self.best else 9.0), logits

    logits = np.float32([[1, -2], [0.5, 2]])
    monkeypatch.setattr(campaign, "Albert", Loop)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loops = campaign._Peers("edgebert-mini/sst2", 2, None, 1)
        assert loops.timings(2.0) == []
        with pytest.raises(RuntimeError, match="must be within"):
            loops.time()
        loops._expected = logits
        loops._seconds[campaign.PLAIN].clear()
        loops.time()
        loops.time(campaign.BEST)
    assert "within 0.0e+00" in loops.checked
    assert [(t.median, t.ratio) for t in loops.timings(0.25)] == [(9.0, 36.0), (0.5, 2.0)]


def test_every_peer_of_a_trace_is_compared_with_ours_in_like_numbers():
    speeds = {"fp32": 80.0, "adaptivfloat8": 400.0, trace.LOOP: 10.0}
    speeds |= {"PyTorch fp32": 40.0, "PyTorch bf16, compiled": 100.0, "ONNX Runtime int8": 200.0}
    rows = {row.name: row for row in trace.timings({name: [speed] * 3 for name, speed in speeds.items()})}
    assert [row.ratio for row in rows.values()] == [8, 40, None, 2, 4, 2]
    assert [row.ratio for row in trace.timings({"fp32": [1.0], "adaptivfloat8": [2.0]})] == [None, None]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_the_peers_of_a_trace_compute_our_last_exit(tmp_path):
    for name in ("torch", "transformers", "onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"the peers need {name}")
    network.write(tmp_path)
    ids = [[2, 70, 900, 3], [2, 29_000, 3], [2, 5, 6, 7, 8, 9, 3]]
    peers = trace_peers.Peers(tmp_path, 1, trace_peers.batches(ids))
    assert {"PyTorch fp32", "PyTorch bf16", "ONNX Runtime fp32", "ONNX Runtime int8"} <= set(peers.names)
    expected = models.load(tmp_path).trace(ids).logits[:, -1]
    assert "ONNX Runtime fp32" in peers.check(ids, expected)
    with pytest.raises(RuntimeError, match="must be within"):
        peers.check(ids, expected + 1)


def test_reuse_is_timed_and_checked():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = reuse.run(sentences=6, trials=2, plain=1, repeats=1, threads=1)
    assert [timing.floor for timing in found.timings] == [None, reuse.FLOOR, None, 1, 1]
    assert "the same with and without reuse" in found.footer[0]


def test_runs_with_early_exit_are_checked_before_they_are_timed():
    model, ids = small_model(), sentences(ALBERT, [5, 9, 12, 30, 2, 7])
    trace = model.trace(ids)
    limit = early_exit.forced(trace)
    assert exits.by_entropy(trace.entropy, limit).mean() > 3  # of 4: nearest to the 6 that is asked for
    lut = exits.Lut([0.1, 0.9], [[0.9, 0.1], [0.1, 0.1]])
    rules = (("entropy", exits.EntropyRule(), 0.8), ("lut", exits.PredictionRule(lut), 0.8))
    case = early_exit.Case("small", model, ids, trace, rules)
    timings, lines = early_exit.compare(case, repeats=1, threads=1)
    assert [t.name for t in timings][2:] == ["small, entropy", "small, lut"] and len(lines) == 3
    assert timings[0].ratio is None and timings[1].floor == 1 / 1.03
    wrong = replace(case, trace=replace(trace, logits=trace.logits + 1))
    with pytest.raises(RuntimeError, match="must equal their trace's replay"):
        early_exit.compare(wrong, repeats=1, threads=1)


@pytest.mark.parametrize("off", spans.HEADS_OFF)
def test_the_counted_saving_of_heads_that_are_off(off):
    tokens, hidden, ffn, width = 128, 768, 3072, 64
    layer = 4 * tokens * hidden**2 + 2 * tokens * hidden * ffn + 2 * 12 * tokens**2 * width
    layer += hidden**2 + 2 * hidden  # the exit's pooler and classifier
    head = 3 * tokens * hidden * width + 2 * tokens**2 * width
    counted = spans.count(off)
    assert counted.macs == 12 * layer
    assert counted.share == pytest.approx(off * head / layer)
    assert counted.more == pytest.approx(off * (head + tokens * hidden * width) / layer)


@pytest.mark.parametrize("off", spans.HEADS_OFF)
def test_the_timed_spans_are_as_said(off):
    made = spans.spans(12, off)
    assert made.heads_off == off
    assert made.values[made.values > 0].mean() == pytest.approx(24)
    assert spans.FLOOR == 0.8 and spans.LENGTH == 128


def test_the_scheduler_bench_checks_what_it_times(monkeypatch):
    monkeypatch.setattr(schedule_bench, "CASES", schedule_bench.CASES[:2])
    result = schedule_bench.run(peers=False, repeats=1)
    assert len(result.timings) == 2 and all(t.ratio > 0 for t in result.timings)
    text = "\n".join(result.footer)
    assert "gap at most 0.000 %" in text and "greedy_stop: 27.1392 ms (+163.63 %) mm1 32" in text
    wrong = replace(schedule_bench.CASES[0], tolerance=-1.0)
    with pytest.raises(RuntimeError, match="gap must be at most -1"):
        schedule_bench._check(wrong, {"exact": schedule_bench.CASES[0].plan()})


def test_block_products_and_their_peers_agree():
    pytest.importorskip("scipy", reason="the peer needs SciPy")
    given = cscb.problem(cscb.Case(33, 50, 0.8), inputs=96)
    assert given.x.ctypes.data % 64 == 0
    runs, difference = cscb.checked(given, peers=True)
    assert difference < 1e-6 and set(runs) == {"CSCB fp32", "CSCB int8", "dense fp32", "SciPy BSR"}
    took = {name: [2.0 + i, 3.0, 4.0] for i, name in enumerate(runs)}
    ratios = {timing.name.split(": ")[1]: timing.ratio for timing in cscb._timings(given.case, took)}
    assert ratios == {"CSCB fp32": None, "CSCB int8": None, "dense fp32": 4 / 3, "SciPy BSR": 4 / 3}


def test_every_floor_of_block_products_is_of_a_case():
    assert set(cscb.DENSE_FLOORS) == {(case.pruned, case.rows) for case in cscb.cases()}
    assert set(cscb.SCIPY_FLOORS) <= set(cscb.PRUNED)
