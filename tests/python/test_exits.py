"""Exit rules, thresholds and predictor: the core against its twin, and EdgeBERT's public SST-2 numbers."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from siliconbert import exits
from siliconbert._core import exits as core
from siliconbert.reference import exits as twin

AUTHORS = Path(__file__).resolve().parents[3] / "shared" / "edgebert-sst2"
OPTIONS = [
    {"first": first, "last_ramp": last, "check_before": check}
    for first, last in ((1, None), (1, 4), (3, None), (2, 4))
    for check in (True, False)
]


@pytest.fixture
def random():
    return np.random.default_rng(2)


def coarse(random, shape):
    """Entropies on a grid, so that equal values and values equal to a threshold occur."""
    return random.integers(0, 15, shape).astype(np.float32) / 20


def make_lut(random, first, layers=6):
    keys = np.arange(8) * 0.1
    return exits.Lut(keys, random.integers(0, 15, (8, layers - 1 - first)) / 20)


@pytest.mark.parametrize("classes", [1, 2, 3, 7])
def test_entropy_equals_the_twin(random, classes):
    logits = (random.normal(size=(50, 3, classes)) * 20).astype(np.float32)
    found = exits.entropy(logits)
    assert found.dtype == np.float32 and found.shape == (50, 3)
    np.testing.assert_allclose(found, twin.entropy(logits), rtol=2e-6, atol=1e-12)


def test_entropy_of_known_distributions():
    np.testing.assert_allclose(exits.entropy(np.zeros((1, 3))), math.log(3), rtol=1e-7)
    # p = (0.9, 0.1): -0.9 ln 0.9 - 0.1 ln 0.1 = 0.094824 + 0.230259
    np.testing.assert_allclose(exits.entropy([math.log(9.0), 0.0]), 0.325083, atol=1e-6)
    assert exits.entropy([3e38, -3e38]) == 0


def test_one_output_is_a_score_and_has_no_entropy():
    scores = np.zeros((4, 3, 1), np.float32)
    assert np.isnan(exits.entropy(scores)).all() and np.isnan(twin.entropy(scores)).all()
    assert exits.by_entropy(exits.entropy(scores), 9.0).tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_logits_that_are_not_finite_have_no_entropy(random, bad):
    logits = random.normal(size=(20, 3, 4)).astype(np.float32)
    logits[3, 1, 2] = logits[7, 0, 0] = bad
    found = exits.entropy(logits)
    assert np.isnan(found).sum() == 2 and np.isnan(found[3, 1]) and np.isnan(found[7, 0])
    np.testing.assert_allclose(found, twin.entropy(logits), rtol=2e-6)


@pytest.mark.parametrize("classes", [1, 2, 3, 7])
def test_doubt_equals_the_twin(random, classes):
    logits = (random.normal(size=(50, 3, classes)) * 20).astype(np.float32)
    logits[3, 1, 0] = np.inf
    found = exits.doubt(logits)
    assert found.dtype == np.float32 and np.isnan(found[3, 1])
    np.testing.assert_allclose(found, twin.doubt(logits), rtol=2e-6, atol=1e-12)


def test_confident_exits_are_those_of_the_entropy_where_there_are_two_classes(random):
    logits = random.normal(size=(200, 6, 2)).astype(np.float32) * 3
    for doubt in (0.01, 0.1, 0.3):
        threshold = -doubt * math.log(doubt) - (1 - doubt) * math.log(1 - doubt)
        found = exits.by_confidence(logits, doubt)
        np.testing.assert_array_equal(found, exits.by_entropy(exits.entropy(logits), threshold))


@pytest.mark.parametrize("patience", [1, 2, 3, 5, 6])
def test_by_patience_equals_the_twin(random, patience):
    answers = random.integers(-1, 2, (300, 6))
    found = exits.by_patience(answers, patience)
    np.testing.assert_array_equal(found, twin.by_patience(answers, patience))
    assert found.min() > patience or set(found) == {6}


@pytest.mark.parametrize("options", OPTIONS)
def test_an_undefined_entropy_never_leaves_early(random, options):
    entropy, lut = coarse(random, (300, 6)), make_lut(random, options["first"])
    entropy[random.random(entropy.shape) < 0.3] = np.nan
    np.testing.assert_array_equal(exits.by_entropy(entropy, 0.3), twin.by_entropy(entropy, 0.3))
    found = exits.by_prediction(entropy, lut, 0.3, **options)
    wanted = twin.by_prediction(entropy, lut.keys, lut.entropies, 0.3, **options)
    np.testing.assert_array_equal(found, wanted)
    no_answer = np.full((2, 6), np.nan, np.float32)
    assert exits.by_entropy(no_answer, math.inf).tolist() == [6, 6]
    assert exits.by_prediction(no_answer, lut, 1, **options)[0].tolist() == [6, 6]


@pytest.mark.parametrize("threshold", [-math.inf, 0, 0.05, 0.25, 0.5, 1])
def test_by_entropy_equals_the_twin(random, threshold):
    entropy = coarse(random, (300, 6))
    np.testing.assert_array_equal(exits.by_entropy(entropy, threshold), twin.by_entropy(entropy, threshold))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("threshold", [-math.inf, 0.1, 0.3, 0.5, 1])
def test_by_prediction_equals_the_twin(random, options, threshold):
    entropy, lut = coarse(random, (300, 6)), make_lut(random, options["first"])
    found = exits.by_prediction(entropy, lut, threshold, **options)
    wanted = twin.by_prediction(entropy, lut.keys, lut.entropies, threshold, **options)
    np.testing.assert_array_equal(found, wanted)
    assert np.all(found[0] <= found[1])


def test_a_tie_takes_the_lower_row():
    lut = exits.Lut([0.0, 0.5], [[0.1, 0.9], [0.9, 0.1]])
    rows = [[x, 1, 1, 1] for x in (0.25, 0.250001, 7)]
    assert exits.by_prediction(rows, lut, 0.2, check_before=False)[1].tolist() == [2, 3, 3]


def test_the_rules_of_the_public_code():
    lut = exits.Lut([0.0], [[0.5] * 10])  # never below the threshold: predicts layer 11 of 12
    row = np.full((1, 12), 0.4, dtype=np.float32)
    row[0, 6] = 0.1
    assert [int(x[0]) for x in exits.by_prediction(row, lut, 0.2)] == [7, 11]
    assert [int(x[0]) for x in exits.by_prediction(row, lut, 0.2, check_before=False)] == [11, 11]
    assert [int(x[0]) for x in exits.by_prediction(row, lut, 0.2, last_ramp=10, check_before=False)] == [
        12,
        12,
    ]
    row[0, [6, 10]] = 0.4, 0.1
    assert [int(x[0]) for x in exits.by_prediction(row, lut, 0.2, last_ramp=10)] == [12, 12]


def test_table_3_of_the_paper_from_the_public_data():
    if not AUTHORS.is_dir():
        pytest.skip(f"needs the public SST-2 entropies and table in {AUTHORS}")
    entropy = np.loadtxt(AUTHORS / "dataset_sst2_eval.txt", delimiter=",", dtype=np.float32)
    lut = exits.Lut.from_csv(AUTHORS / "sst2_lookup_table_opt.csv")
    assert entropy.shape == (872, 12)
    early = [f"{exits.by_entropy(entropy, t).mean():.2f}" for t in (0.23, 0.28, 0.46)]
    assert early == ["4.30", "3.94", "2.70"]
    rules = {"last_ramp": 10, "check_before": False}
    predicted = [f"{exits.by_prediction(entropy, lut, t, **rules)[1].mean():.2f}" for t in (0.09, 0.16, 0.28)]
    assert predicted == ["7.78", "4.91", "3.65"]


def make_trace(random, sentences=80, layers=6):
    entropy = coarse(random, (sentences, layers))
    labels = random.integers(0, 3, sentences)
    logits = random.normal(size=(sentences, layers, 3)).astype(np.float32)
    skill = np.linspace(0.5, 2.5, layers)  # later layers know better
    logits[np.arange(sentences), :, labels] += skill.astype(np.float32)
    return SimpleNamespace(entropy=entropy, logits=logits), labels


@pytest.mark.parametrize("max_drop", [0, 0.01, 0.05, 0.1, 0.25, 1])
def test_thresholds_equal_trying_them_all(random, max_drop):
    for _ in range(5):
        trace, labels = make_trace(random)
        correct = trace.logits.argmax(-1) == labels[:, None]
        wanted = twin.threshold_for(
            lambda t, e=trace.entropy: twin.by_entropy(e, t), trace.entropy, correct, max_drop
        )
        assert exits.threshold_for(trace, labels, max_drop) == wanted


@pytest.mark.parametrize("options", OPTIONS)
def test_prediction_thresholds_equal_trying_them_all(random, options):
    trace, labels = make_trace(random)
    lut = make_lut(random, options["first"])
    correct = trace.logits.argmax(-1) == labels[:, None]
    points = np.concatenate([trace.entropy.ravel().astype(float), lut.entropies.ravel()])

    def leave(t):
        return twin.by_prediction(trace.entropy, lut.keys, lut.entropies, t, **options)[0]

    for max_drop in (0, 0.05, 0.2):
        found = exits.threshold_for(trace, labels, max_drop, rule=exits.PredictionRule(lut, **options))
        wanted = twin.threshold_for(leave, points, correct, max_drop)
        # The core looks at the table rows in use, the twin at all: the same exits, perhaps at a later point.
        np.testing.assert_array_equal(math.isnan(found), math.isnan(wanted))
        if not math.isnan(found):
            np.testing.assert_array_equal(leave(found), leave(wanted))
            assert found <= wanted


@pytest.mark.parametrize("max_drop", [0, 0.05, 0.2, 1])
def test_confidence_and_patience_keep_the_drop_and_nothing_faster_does(random, max_drop):
    for _ in range(5):
        trace, labels = make_trace(random)
        correct, sentences = trace.logits.argmax(-1) == labels[:, None], np.arange(len(labels))
        least = correct[:, -1].sum() - max_drop * len(labels) - 1e-9
        doubts = exits.doubt(trace.logits)
        found = exits.threshold_for(trace, labels, max_drop, exits.ConfidenceRule())
        wanted = twin.threshold_for(lambda t, d=doubts: twin.by_entropy(d, t), doubts, correct, max_drop)
        assert found == wanted

        answers, best = trace.logits.argmax(-1), exits.patience_for(trace, labels, max_drop)
        right = [correct[sentences, twin.by_patience(answers, p) - 1].sum() for p in range(1, 7)]
        assert min(right[best - 1 :]) >= least and (best == 1 or right[best - 2] < least)


def test_a_whole_number_of_sentences_is_within_the_drop():
    # 100 sentences, 29 of which are lost at layer 1: 0.29 * 100 is 28.999999999999996.
    labels = np.zeros(100, dtype=int)
    logits = np.zeros((100, 2, 2), dtype=np.float32)
    logits[:29, 0, 1] = 1
    entropy = np.full((100, 2), 0.5, dtype=np.float32)
    trace = SimpleNamespace(entropy=entropy, logits=logits)
    assert exits.threshold_for(trace, labels, 0.29) > 0.5
    assert exits.threshold_for(trace, labels, 0.28) == 0.5


def train_entropies(random, sentences=70):
    start = random.uniform(0, 0.69, sentences)
    return np.stack([start * 0.8**k + 0.02 * random.normal(size=sentences) for k in range(6)], axis=1)


def test_the_predictor_equals_the_twin(random):
    entropy = train_entropies(random)
    x = np.linspace(0, 1, 21)
    for first in (1, 2):
        found = exits.Predictor.train(entropy, seed=5, epochs=2, first=first).predict(x)
        assert found.shape == (21, 5 - first)
        network = twin.train_predictor(entropy, seed=5, epochs=2, first=first)
        np.testing.assert_allclose(found, twin.predict(network, x), rtol=1e-9, atol=1e-12)


def test_the_predictor_learns_and_repeats(random):
    entropy = train_entropies(random, 3000)
    first = exits.Predictor.train(entropy, seed=1)
    again = exits.Predictor.train(entropy, seed=1)
    other = exits.Predictor.train(entropy, seed=2)
    x = np.linspace(0, 0.7, 8)
    np.testing.assert_array_equal(first.predict(x), again.predict(x))
    assert not np.array_equal(first.predict(x), other.predict(x))
    error = first.predict(entropy[:, 0]) - entropy[:, 1:5]
    assert np.mean(error**2) < 2 * 0.02**2 * 2  # noise of input and target, doubled


def test_the_table_is_the_predictor_clipped_at_zero(random):
    predictor = exits.Predictor.train(train_entropies(random, 300) - 0.1, epochs=20)
    lut = predictor.distil(bins=50, width=0.02)
    np.testing.assert_allclose(lut.keys, np.arange(50) / 50)
    raw = predictor.predict(lut.keys)
    assert raw.min() < 0
    np.testing.assert_array_equal(lut.entropies, np.maximum(raw, 0))


def test_a_table_returns_from_its_file(random, tmp_path):
    lut = exits.Lut(np.arange(5) * 0.1, random.uniform(size=(5, 10)))
    lut.to_csv(tmp_path / "lut.csv")
    again = exits.Lut.from_csv(tmp_path / "lut.csv")
    np.testing.assert_array_equal(again.keys, lut.keys)
    np.testing.assert_array_equal(again.entropies, lut.entropies)
    assert [p.name for p in tmp_path.iterdir()] == ["lut.csv"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0,1,2\n", r"must have 4 columns \(entropy, then layers 2..4\), got 3 in row 1"),
        ("0,1,2,3\n0.1,1,2,3,4\n", "got 5 in row 2"),
        ("0,1,2,3\n0.1,1,x,3\n", "must hold numbers, got '0.1,1,x,3' in row 2"),
        ("0,1,2,3\n0,1,2,3\n", "keys must ascend, got 0 in row 2"),
        ("0,1,2,nan\n", "entropies must be finite, got nan"),
        ("", "must have at least one row"),
    ],
)
def test_a_bad_table_file_is_named(tmp_path, text, complaint):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"^Lut.from_csv: .*bad\.csv.*{complaint}"):
        exits.Lut.from_csv(path, layers=5)


def test_bad_arguments_are_named(random):
    entropy, lut = coarse(random, (4, 6)), make_lut(random, 1)
    with pytest.raises(ValueError, match=r"^by_entropy: entropy must have 2 dimensions .*got shape \(6,\)"):
        exits.by_entropy(entropy[0], 0.1)
    with pytest.raises(ValueError, match=r"^by_entropy: threshold must be a number"):
        exits.by_entropy(entropy, math.nan)
    with pytest.raises(ValueError, match=r"^by_patience: patience must be at least 1, got 0"):
        exits.by_patience([[0, 1]], 0)
    with pytest.raises(ValueError, match=r"^by_patience: answers must have 2 dimensions"):
        exits.by_patience([0, 1], 1)
    with pytest.raises(ValueError, match=r"^by_prediction: lut must predict layers 3..5 of 6, got 4 columns"):
        exits.by_prediction(entropy, lut, 0.1, first=2)
    with pytest.raises(ValueError, match=r"^by_prediction: first must be in 1..4, got 5"):
        exits.by_prediction(entropy, lut, 0.1, first=5)
    with pytest.raises(ValueError, match=r"^by_prediction: last_ramp must be in 1..5, got 6"):
        exits.by_prediction(entropy, lut, 0.1, last_ramp=6)
    with pytest.raises(ValueError, match=r"^threshold_for: max_drop must be at least 0, got -"):
        trace, labels = make_trace(random)
        exits.threshold_for(trace, labels, -0.5)
    with pytest.raises(ValueError, match=r"^threshold_for: labels must be \(N,\)"):
        exits.threshold_for(trace, labels[1:])
    with pytest.raises(ValueError, match=r"^Predictor.train: entropy must be finite"):
        exits.Predictor.train(np.full((4, 6), np.nan))
    with pytest.raises(ValueError, match=r"^Predictor.train: epochs must be at least 1, got 0"):
        exits.Predictor.train(entropy, epochs=0)


def test_leaving_really_early_is_what_replay_says(random):
    """A network that drops the sentences that left shows the rule the same entropies, layer by layer."""
    entropy, lut = coarse(random, (200, 6)), make_lut(random, 1)
    alone = [exits.by_prediction(row[None], lut, 0.3)[0][0] for row in entropy]
    np.testing.assert_array_equal(exits.by_prediction(entropy, lut, 0.3)[0], alone)
    assert issubclass(core.ByPrediction, core.Leave) and issubclass(core.ByEntropy, core.Leave)


def test_a_table_knows_the_layer_that_it_predicts_from(random, tmp_path):
    entropy = train_entropies(random)
    lut = exits.Predictor.train(entropy, first=3).distil()
    assert lut.first == 3 and lut.entropies.shape == (100, 2)
    found = exits.by_prediction(entropy, lut, 0.2)
    np.testing.assert_array_equal(found, exits.by_prediction(entropy, lut, 0.2, first=3))
    assert exits.PredictionRule(lut).core(6) is not None
    lut.to_csv(tmp_path / "lut.csv")
    assert exits.Lut.from_csv(tmp_path / "lut.csv", layers=6, first=3).first == 3
