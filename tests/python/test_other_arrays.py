"""Arrays and tables of other libraries, which siliconbert does not import: torch, DLPack, datasets."""

import importlib.util
import subprocess
import sys

import numpy as np
import pyarrow
import pytest

import siliconbert as sb

RNG = np.random.default_rng(5)
WEIGHTS = RNG.normal(size=(12, 16)).astype(np.float32)
FORMAT = sb.formats.get("adaptivfloat8")


def speaks(protocol):
    """Makes arrays of a library that nobody knows: one protocol and nothing else."""
    methods = {
        "dlpack": {
            "__dlpack__": lambda self, **options: self.values.__dlpack__(**options),
            "__dlpack_device__": lambda self: self.values.__dlpack_device__(),
        },
        "array": {"__array__": lambda self, dtype=None, copy=None: np.asarray(self.values, dtype)},
    }[protocol]
    kind = type("Foreign", (), methods)

    def make(values):
        made = kind()
        made.values = values
        return made

    return make


def torch_tensor(values):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    found = torch.from_numpy(values.copy())
    return found.requires_grad_() if values.dtype == np.float32 else found


MAKERS = {"dlpack": speaks("dlpack"), "array": speaks("array"), "torch": torch_tensor}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_stage_takes_arrays_of_others(kind):
    make = MAKERS[kind]
    fitted = sb.formats.fit(make(WEIGHTS), FORMAT)
    assert fitted == sb.formats.fit(WEIGHTS, FORMAT)
    codes = sb.formats.encode(make(WEIGHTS), fitted)
    np.testing.assert_array_equal(codes, sb.formats.encode(WEIGHTS, fitted))
    np.testing.assert_array_equal(sb.formats.decode(make(codes), fitted), sb.formats.decode(codes, fitted))
    np.testing.assert_array_equal(
        sb.formats.quantize(make(WEIGHTS), FORMAT), sb.formats.quantize(WEIGHTS, FORMAT)
    )
    mask = sb.sparsity.prune(make(WEIGHTS), sb.sparsity.Unstructured(), 0.5)
    np.testing.assert_array_equal(mask, sb.sparsity.prune(WEIGHTS, sb.sparsity.Unstructured(), 0.5))
    assert sb.sparsity.density(make(mask)) == sb.sparsity.density(mask)
    image = sb.storage.store(make(WEIGHTS), make(mask), fitted)
    assert image.image == sb.storage.store(WEIGHTS, mask, fitted).image
    layer = sb.models.BlockLinear(make(WEIGHTS), block=(4, 4))
    np.testing.assert_array_equal(layer(make(WEIGHTS)), sb.models.BlockLinear(WEIGHTS, block=(4, 4))(WEIGHTS))


@pytest.mark.parametrize("kind", MAKERS)
def test_exits_take_arrays_of_others(kind):
    make = MAKERS[kind]
    logits = RNG.normal(size=(9, 4, 3)).astype(np.float32)
    entropy = sb.exits.entropy(make(logits))
    np.testing.assert_array_equal(entropy, sb.exits.entropy(logits))
    np.testing.assert_array_equal(sb.exits.doubt(make(logits)), sb.exits.doubt(logits))
    np.testing.assert_array_equal(sb.exits.by_entropy(make(entropy), 0.9), sb.exits.by_entropy(entropy, 0.9))
    answers = logits.argmax(-1)
    np.testing.assert_array_equal(sb.exits.by_patience(make(answers), 1), sb.exits.by_patience(answers, 1))


def test_half_precision_of_torch_and_memory_that_is_not_copied():
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    from siliconbert.arrays import as_array

    halves = torch.from_numpy(WEIGHTS).bfloat16()
    np.testing.assert_array_equal(
        sb.formats.encode(halves, sb.formats.fit(halves, FORMAT)),
        sb.formats.encode(halves.float().numpy(), sb.formats.fit(halves.float().numpy(), FORMAT)),
    )
    tensor = torch.from_numpy(WEIGHTS.copy()).requires_grad_()
    assert as_array(tensor, np.float32).ctypes.data == tensor.data_ptr()


def test_siliconbert_imports_none_of_them():
    code = (
        "import sys, numpy as np, siliconbert as sb\n"
        "sb.formats.quantize(np.ones(3, np.float32), sb.formats.get('int8'))\n"
        "sb.models, sb.campaign.Rows, sb.data\n"
        "print(sorted({'torch', 'datasets', 'pandas', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


ROWS = {"idx": [0, 1, 2], "sentence": ["good fun", "slow and dull", "very good"], "label": [1, 0, 1]}
CLASSES = ("negative", "positive")


class Frame:
    """Named columns and nothing else that a list has not."""

    def __init__(self, rows):
        self.columns, self.rows = list(rows), rows

    def __getitem__(self, name):
        return self.rows[name]


def hugging_face(rows):
    datasets = pytest.importorskip("datasets", reason="needs datasets")
    features = {"idx": datasets.Value("int64"), "sentence": datasets.Value("string")}
    features["label"] = datasets.ClassLabel(names=list(CLASSES))
    return datasets.Dataset.from_dict(rows, datasets.Features(features))


def frame(rows):
    return pytest.importorskip("pandas", reason="needs pandas").DataFrame(rows)


TABLES = {"dict": dict, "columns": Frame, "arrow": pyarrow.table, "pandas": frame, "datasets": hugging_face}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_others_are_sentences_and_labels(kind):
    rows = TABLES[kind](ROWS)
    found = sb.data.from_table(rows, classes=None if kind == "datasets" else CLASSES)
    assert found.sentences == ROWS["sentence"] and found.labels.tolist() == [1, 0, 1]
    assert found.classes == CLASSES and found.labels.dtype == np.int64


@pytest.mark.parametrize("kind", TABLES)
def test_a_model_reads_tables_of_others(kind):
    model = sb.models.load("edgebert-mini/sst2")
    expected = model.trace(ROWS["sentence"])
    found = model.trace(TABLES[kind](ROWS))
    assert found.sentences == expected.sentences
    np.testing.assert_array_equal(found.logits, expected.logits)


def test_columns_of_a_datasets_set_are_sentences():
    model = sb.models.load("edgebert-mini/sst2")
    assert model.trace(hugging_face(ROWS)["sentence"]).sentences == model.trace(ROWS["sentence"]).sentences


def test_pairs_names_and_scores():
    pairs = {"premise": ["a", "b"], "hypothesis": ["c", "d"], "label": [0.5, 4.0]}
    found = sb.data.from_table(pairs)
    assert found.sentences == [("a", "c"), ("b", "d")] and found.labels.dtype == np.float64
    named = sb.data.from_table(
        {"text": ["x", "y"], "answer": ["no", "yes"]}, label="answer", classes=("no", "yes")
    )
    assert named.labels.tolist() == [0, 1]
    assert sb.data.from_table({**pairs, "label": [1, 0]}, sentences="premise").sentences == ["a", "b"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ({"text": ["a"]}, "rows must have a column label, got"),
        (7, "rows must have a column label, got int"),
        (
            {"a": ["x"], "b": ["x"], "c": ["x"], "label": [0]},
            "sentences must name one column of text or two",
        ),
        ({"a": [1], "label": [0]}, "sentences must name one column of text"),
        ({"a": ["x", "y"], "label": [0, -1]}, "label must be a class number from 0 on; row 1 has -1"),
        ({"a": ["x", "y"], "label": ["no", 1]}, "label must be a class number from 0 on; row 0 has 'no'"),
    ],
)
def test_tables_that_will_not_do_are_one_sentence(rows, sentence):
    with pytest.raises(ValueError, match=f"data.from_table: {sentence}"):
        sb.data.from_table(rows)


def test_results_are_arrow_tables():
    model = sb.models.load("edgebert-mini/sst2")
    found = sb.data.from_table(ROWS, classes=CLASSES)
    trace = model.trace(found)
    assert trace.table().num_rows == 3 and "entropy_12" in trace.table().column_names
    stored = model.store("embeddings.word")
    trials = stored.trials(sb.faults.CellMisread(), found, trials=range(4), rule=None)
    table = trials.table()
    assert (
        table["trial"].to_pylist() == [0, 1, 2, 3] and table["correct"].to_pylist() == trials.correct.tolist()
    )
    assert "events_values" in table.column_names
    if importlib.util.find_spec("pandas"):
        assert table.to_pandas()["accuracy"].tolist() == trials.accuracy.tolist()
