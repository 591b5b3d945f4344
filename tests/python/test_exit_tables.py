"""EdgeBERT's algorithm tables on a tiny model: spans, exits, rules, steps of compression, exponent bits."""

from dataclasses import replace

import numpy as np
import pytest

from siliconbert import exits, formats, models, report
from siliconbert.campaign import ablation, answers, over_tasks, span_table, storage_faults, twins
from siliconbert.campaign.setup import Call, Subject, prepare
from siliconbert.data.answers import write
from siliconbert.models import Spans
from tiny_model import LAYERS, write_tiny

HEADS = 4


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def call(tiny):
    return Call(model=str(tiny / "model"), glue=tiny / "glue", threads=2)


def made(table, call, folder=None):
    found = report.make(report.experiments.load(f"edgebert/{table}").run(call), folder)
    return found, {(cell.ours.row, cell.ours.quantity.name): cell for cell in found.cells}


def test_table_3_has_no_sentence_past_its_prediction(call, tmp_path):
    found, cells = made("table_3", call, tmp_path)
    assert "latency-aware sentences that run past their predicted layer: 0" in found.outcome.header
    assert cells["model", "accuracy_full"].paper.value == 92.2
    # The accelerator runs the paper's twelve layers for no model of four.
    assert ("model", "energy_base") not in cells and ("model", "energy_base_own") in cells
    for row in ("1 %", "2 %", "5 %"):
        assert cells[row, "ee_layer"].ours.low <= cells[row, "ee_layer"].ours.value <= LAYERS
        drop = cells["model", "accuracy_full"].ours.value - cells[row, "ee_accuracy"].ours.value
        assert drop <= float(row.split()[0]) + 1e-6


def test_table_3_of_a_compressed_model_names_its_format(tiny, call, tmp_path):
    model = models.load(tiny / "model").pruned({"layers.": 0.5})
    model.quantized("adaptivfloat8", [[1, 3, 2], [1, 4, 5, 2]]).save(tmp_path / "small.safetensors")
    _, cells = made("table_3", replace(call, model=str(tmp_path / "small.safetensors")))
    assert cells["model", "weight_bits"].agrees and cells["model", "exponent_bits"].agrees
    assert cells["model", "encoder_sparsity"].ours.value == pytest.approx(50, abs=0.1)


def test_rules_keep_the_drop_and_faster_settings_lose_more(call, tmp_path):
    found, cells = made("exit_rules", call, tmp_path)
    full = cells["model", "accuracy_full"].ours.value
    names = {row.split(", ")[1] for row, _ in cells if ", " in row}
    assert {
        "entropy",
        "confidence",
        "patience",
        "prediction from layer 1",
        "prediction from layer 2",
    } <= names
    for (row, quantity), cell in cells.items():
        if quantity == "accuracy":
            assert full - cell.ours.value <= float(row.split()[0]) + 1e-6
    for name in ("entropy", "confidence", "patience"):
        layers = [cells[f"{drop} %, {name}", "layer"].ours.value for drop in (1, 2, 5)]
        assert layers == sorted(layers, reverse=True)
    assert [path.suffix for path in found.files] == [".csv", ".pdf", ".png"]
    # Two classes: the same sentences are sure under both.
    assert cells["1 %, entropy", "layer"].ours.value == pytest.approx(
        cells["1 %, confidence", "layer"].ours.value
    )


def test_exponent_widths_have_a_curve_and_a_best(tiny, call, tmp_path):
    found, cells = made("exponent_width", call, tmp_path)
    ratios = [cells[f"{bits} exponent bits", "sqnr"].ours.value for bits in range(1, 7)]
    best = cells["best by error", "exponent_bits"].ours.value
    assert ratios[int(best) - 1] == max(ratios)
    firsts = [cells[f"{bits} exponent bits", "first_choice"].ours.value for bits in range(1, 7)]
    model = models.load(tiny / "model")
    searched = [
        formats.search(model.tensors[name], 8, ["adaptivfloat"], per=["tensor"])[0].format.exponent_bits
        for name in model.matrices()
    ]
    assert firsts == [searched.count(bits) for bits in range(1, 7)]
    assert len(found.outcome.figures) == 1
    small = tmp_path / "small.safetensors"
    models.load(tiny / "model").quantized("adaptivfloat8", [[1, 3, 2]]).save(small)
    found, cells = made("exponent_width", replace(call, model=str(small)))
    assert ("best by error", "exponent_bits") not in cells
    assert ("4 exponent bits", "sqnr") not in cells  # nothing changes
    assert any("rounded before" in line for line in found.outcome.header)


def files(folder, tiny, changed):
    """Predictions of twins: the model's own, with the answers of so many sentences changed."""
    subject = prepare(str(tiny / "model"), "sst2", glue=tiny / "glue")
    trace, labels = subject.trace(), subject.data.labels
    wrong = np.flatnonzero(~trace.correct(labels)[:, -1])
    for name, count in changed.items():
        logits = trace.logits.copy()
        logits[wrong[:count], -1] = logits[wrong[:count], -1, ::-1]
        given = answers.of(replace(trace, logits=logits), subject.data, ("made up",))
        write(folder / f"{name}_predictions.csv", given)
    return subject, trace.correct(labels)[:, -1]


def test_twins_are_found_by_name_and_seed(tiny, tmp_path):
    subject, right = files(tmp_path, tiny, {"model-dense": 3, "model-dense-seed2": 5, "model-denser": 1})
    found = twins.Twins(tmp_path, subject).of("-dense")
    assert {seed: int(each.sum() - right.sum()) for seed, each in found.items()} == {1: 3, 2: 5}
    assert twins.Twins(tmp_path, subject).of("-pruned") == {}
    change = twins.change(found, {1: right, 2: right, 3: right})
    assert change.lost == {1: 3, 2: 5} and change.difference.value == pytest.approx(-4 / 60)
    assert change.bootstrap.value == change.difference.value and "+3 (seed 1, McNemar p" in change.line()
    quick = Subject(subject.model, subject.data.quick(10), 60)
    assert len(twins.Twins(tmp_path, quick).of("-dense")[1]) == 10


def test_the_ablation_counts_what_every_step_lost_and_names_what_lacks(tiny, call, tmp_path):
    files(tmp_path, tiny, {"model-dense": 9, "model-pruned": 4})
    memory = storage_faults.Plan("embeddings.word", "adaptivfloat8", ("rram-mlc2",), "rram-slc")
    steps = {"none": "-dense", "+ pruning": "-pruned", "+ spans": "", "+ AdaptivFloat": "-adaptivfloat8"}
    plan = ablation.Plan(steps, "+ faults", memory, tmp_path)
    outcome = ablation.one_model("edgebert/ablation", "sst2", replace(call, trials=3), plan)
    cells = {(m.row, m.quantity.name): m for m in outcome.measurements}
    assert cells["+ pruning", "lost"].value == pytest.approx(5)
    last = cells["+ AdaptivFloat", "lost"], cells["+ AdaptivFloat", "lost_in_all"]
    assert [m.value for m in last] == pytest.approx([4, 9]) and last[1].low <= 9 <= last[1].high
    assert ("+ spans", "accuracy") not in cells and ("+ faults", "accuracy") in cells
    missing = [line for line in outcome.header if line.startswith("missing")]
    assert missing == ["missing: + spans; there is no model_predictions.csv among the results"]
    (figure,) = outcome.figures
    assert figure.labels[2] == "+ spans (missing)" and np.isnan(figure.series["wrong"][2])
    assert report.make(outcome, tmp_path / "out").files


def test_the_ablation_works_without_any_twin(call):
    found, _ = made("ablation", replace(call, trials=2))
    assert sum(line.startswith("missing") for line in found.outcome.header) == 3


def test_a_head_off_saves_what_the_paper_says(call):
    """Sec. 3.2: 1.22 times with 8 heads off, 1.18 times with 7."""
    found, cells = made("table_1", call)
    assert cells["7 of 12 heads off", "operations_factor"].agrees
    assert span_table.operations_factor("albert-base", 128, [{"heads_off": 8}]) == pytest.approx(
        1.2197, abs=1e-4
    )
    assert span_table.operations_factor("albert-base", 128, [{"heads_off": 8}, {}]) < 1.22
    assert "no spans in model" in found.outcome.header


def test_table_1_of_a_model_with_spans(tiny, call, tmp_path):
    spans = Spans([[0.0, 5.0, 0.0, 101.0]])
    model = models.load(tiny / "model").with_spans(spans)
    model.save(tmp_path / "spans.safetensors")
    files(tmp_path, tiny, {"spans-pruned": 3, "spans": 1})
    plan = span_table.Plan("albert-base", {"sst2": 7}, 128, tmp_path, "-pruned", "")
    tasks = over_tasks.Plan(("sst2",), ("a",), "sst2")
    outcome = span_table.run(
        "edgebert/table_1", replace(call, model=str(tmp_path / "spans.safetensors")), tasks, plan
    )
    made_of = report.make(outcome, tmp_path / "out")
    cells = {(cell.ours.row, cell.ours.quantity.name): cell for cell in made_of.cells}
    assert cells["head 4", "span"].ours.value == 101 and cells["head 4", "span"].paper.value == 101
    assert cells["head 2", "span"].paper.value == 36  # the second widest of both
    assert cells["model", "average_span"].ours.value == 26.5
    # Each of the 4 heads of 6 columns has 3 * 128 * 24 * 6 + 2 * 128 * 128 * 6 products of 1277952 in all.
    assert cells["model", "operations_factor_own"].ours.value == pytest.approx(1277952 / 774144)
    assert cells["model", "operations_factor_window_own"].ours.value > 1277952 / 774144
    assert cells["model", "heads_off"].ours.value == 2 and cells["model", "heads_off"].paper.value == 7
    assert cells["model", "twin_change"].ours.value == pytest.approx(-100 * 2 / 60)
    bare = model.with_spans(None).trace(prepare(str(tiny / "model"), "sst2", glue=tiny / "glue").data)
    labels = prepare(str(tiny / "model"), "sst2", glue=tiny / "glue").data.labels
    assert cells["model", "accuracy_without"].ours.value == pytest.approx(100 * bare.accuracy(labels)[-1])
    assert len(made_of.files) == 3


def test_spans_of_layers_with_own_weights_are_summed_up():
    rows = span_table._spans(Spans([[0.0, 4.0], [8.0, 0.0], [0.0, 0.0]]))
    found = {(m.row, m.quantity.name): m.value for m in rows}
    assert found["model", "heads_off"] == 4 and found["layers 3 of 3", "heads_off"] == 2
    assert found["layers 2 of 3", "average_span"] == 4


def test_a_shipped_table_predicts_from_its_own_layer(tiny, call):
    from siliconbert import data
    from siliconbert.campaign.prediction import with_lut, with_shipped_lut

    model = models.load(tiny / "model")
    training = data.load("sst2", split="train", folder=tiny / "glue")
    shipped = with_shipped_lut(model, training, first=2)
    assert exits.Lut(**shipped.card["lut"]).first == 2
    for first in (0, LAYERS - 1):
        with pytest.raises(ValueError, match=r"prediction: first must be in 1\.\.2"):
            with_shipped_lut(model, training, first=first)
    _, lut, origin = with_lut(call, call.model, "sst2")
    assert lut.first == 1 and "300 sentences of sst2, its training split" in origin
