"""Recipes on a pretrained ALBERT or BERT from a folder: the phases run, and the engine runs the result."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

import tokenizers  # noqa: E402

import siliconbert as sb  # noqa: E402
from siliconbert import train  # noqa: E402
from siliconbert.train import export, network, pretrained, recipe  # noqa: E402

RECIPES = Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes" / "albert-base"
WORDS = [
    "film",
    "of",
    "great",
    "charm",
    "but",
    "little",
    "sense",
    "and",
    "less",
    "wit",
    "is",
    "what",
    "you",
    "get",
]
SMALL = {"layers": 4, "width": 48, "heads": 4, "ffn": 96, "embedding": 16, "vocab": 100}


def unigram(vocabulary):
    """A tokenizer as ALBERT has it: Unigram pieces with a mark before every word."""
    pieces = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", *(f"\u2581{w}" for w in WORDS)]
    pieces += [f"\u2581filler{i}" for i in range(vocabulary - len(pieces))]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram([(p, -1.0) for p in pieces], unk_id=1))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


def base_folder(folder, kind="albert", **sizes):
    """A randomly initialised network in a folder as the hub has them: no classifier, no ramps."""
    sizes = SMALL | sizes
    sizes["embedding"] = sizes["embedding"] if kind == "albert" else sizes["width"]
    torch.manual_seed(3)
    net = network.Network(network.Shape(kind, **sizes, activation="gelu_new" if kind == "albert" else "gelu"))
    unigram(sizes["vocab"]).save(str(folder.parent / "t.json"))
    export.save(net, folder, {}, folder.parent / "t.json")
    (folder / "card.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    for key in ("num_labels", "id2label", "label2id"):
        del config[key]
    (folder / "config.json").write_text(json.dumps(config))
    tensors = export.shards.read(folder)
    kept = {k: v for k, v in tensors.items() if not k.startswith(("ramps.", "classifier."))}
    export.save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def sentences(count, rng):
    return [" ".join(rng.choice(WORDS, rng.integers(3, 9))) for _ in range(count)]


@pytest.fixture(scope="module")
def glue(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("glue"), np.random.default_rng(0)
    for split, count in (("train", 80), ("dev", 20)):
        lines = ["sentence\tlabel"] + [f"{s}\t{i % 2}" for i, s in enumerate(sentences(count, rng))]
        names = ("entailment", "neutral", "contradiction")
        pairs = zip(sentences(count, rng), sentences(count, rng), strict=True)
        rows = [f"{a}\t{b}\t{names[i % 3]}" for i, (a, b) in enumerate(pairs)]
        for task, text in (("SST-2", lines), ("MNLI", ["sentence1\tsentence2\tgold_label", *rows])):
            (folder / task).mkdir(exist_ok=True)
            (folder / task / f"{split}.tsv").write_text("\n".join(text) + "\n")
    return folder


def chain(task, out, base, glue, **changes):
    """The three recipes of a task for a few steps; the last model's folder."""
    folder = out / "recipes"
    folder.mkdir(parents=True)
    for stage in ("-teacher", "", "-ramps"):
        text = (RECIPES / f"albert-base-{task}{stage}.yaml").read_text()
        for key in ("epochs", "batch_tokens", "batch"):
            value = {"epochs": 1, "batch_tokens": 200, "batch": 16}[key]
            text = "\n".join(f"{key}: {value}" if x.startswith(f"{key}:") else x for x in text.split("\n"))
        path = folder / f"{task}{stage}.yaml"
        path.write_text(text + ("" if stage == "-ramps" else "steps: 4\n"))
        model = train.run(path, out, glue=glue, base=base)
    return model


def same_as_engine(folder, task, glue, atol):
    data = sb.data.load(task, "dev", glue)
    trace = sb.models.load(folder).trace(data)
    net = export.load(folder).eval()
    for i, (ids, types) in enumerate(zip(*encoded(folder, data), strict=True)):
        with torch.no_grad():
            states = net.hidden(torch.tensor(ids)[None], torch.tensor(types)[None], torch.float32)
            logits = torch.cat(net.logits(states)).numpy()
        np.testing.assert_allclose(trace.logits[i], logits, atol=atol)


def encoded(folder, data):
    coded = sb.data.Tokenizer(folder / "tokenizer.json").encode(data.sentences)
    return [x.astype(np.int64) for x in coded.ids], [x.astype(np.int64) for x in coded.types]


@pytest.mark.parametrize(("kind", "task"), [("albert", "sst2"), ("albert", "mnli"), ("bert", "sst2")])
def test_all_phases_run_on_a_folder_and_the_engine_runs_the_result(tmp_path, glue, kind, task):
    base = base_folder(tmp_path / "base", kind)
    folder = chain(task, tmp_path / "out", base, glue)
    config = json.loads((folder / "config.json").read_text())
    assert config["hidden_act"] == ("gelu_new" if kind == "albert" else "gelu")
    assert len(config["id2label"]) == (3 if task == "mnli" else 2) and "attention_spans" in config
    card = json.loads((folder / "card.json").read_text())
    assert card["base"] == "albert-base-v2" and len(card["stages"]) == 2
    tensors = export.shards.read(folder)
    word = tensors[f"{kind}.embeddings.word_embeddings.weight"]
    assert float((word != 0).float().mean()) == pytest.approx(0.4, abs=0.01)
    start = export.shards.read(base)[f"{kind}.embeddings.word_embeddings.weight"]
    assert torch.equal(word[word != 0], start[word != 0])  # frozen
    same_as_engine(folder, task, glue, 2e-4)


@pytest.mark.long
def test_albert_base_at_its_full_size(tmp_path, glue):
    sizes = {"layers": 12, "width": 768, "heads": 12, "ffn": 3072, "embedding": 128, "vocab": 30000}
    folder = chain("sst2", tmp_path / "out", base_folder(tmp_path / "base", **sizes), glue)
    same_as_engine(folder, "sst2", glue, 2e-3)


def test_gelu_by_tanh_is_not_gelu_by_erf():
    torch.manual_seed(1)
    new = network.Network(network.Shape("albert", **SMALL, activation="gelu_new")).eval()
    old = network.Network(network.Shape("albert", **SMALL)).eval()
    old.load_state_dict(new.state_dict())
    ids = torch.arange(5, 15)[None]
    both = [net.hidden(ids, torch.zeros_like(ids), torch.float32)[-1].detach() for net in (new, old)]
    assert 1e-6 < float((both[0] - both[1]).abs().max()) < 1e-2


def test_recipes_of_albert_base_are_at_the_papers_settings():
    """facts: keep 50, 50, 20, 40 % of the encoder; 60 % of the word table pruned; length 128."""
    kept = {"sst2": 0.5, "mnli": 0.5, "qqp": 0.2, "qnli": 0.4}
    order = [p.recipe for p in train.plan(RECIPES)]
    assert len(order) == 12 and all(r.base == "albert-base-v2" and r.limit == 128 for r in order)
    for r in order:
        if r.density:
            assert r.density["encoder"].density == kept[r.data] and r.density["word"].density == 0.4
            assert r.spans is not None and r.teacher == f"albert-base-{r.data}-teacher"


def test_a_base_that_is_not_to_be_had_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match=r"base 'albert-x' is no folder here .*; put its .* and give --base FOLDER"
    ):
        pretrained.find("albert-x")
    with pytest.raises(ValueError, match=r"--base must be a folder with config.json, .*, got 'nowhere'"):
        pretrained.find("albert-x", "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"must hold config.json, .*; config.json is missing"):
        pretrained.find(str(tmp_path / "empty"))
    base = base_folder(tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    for key, value in (("hidden_act", "relu6"), ("num_hidden_groups", 2), ("hidden_size", 47)):
        (base / "config.json").write_text(json.dumps(config | {key: value}))
        with pytest.raises(ValueError, match=r"base|Shape"):
            pretrained.find(str(base))
    (base / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 1e-5}))
    with pytest.raises(ValueError, match="layer_norm_eps must be 1e-12"):
        export.load(base)


def test_no_answer_of_the_hub_is_one_sentence(monkeypatch):
    def refuse(name, file):
        raise OSError("cannot be reached\nand more lines")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", refuse)
    with pytest.raises(
        ValueError, match=r"did not come from the Hugging Face hub \(cannot be reached\); put"
    ):
        pretrained.find("albert-x")


def test_recipes_say_where_they_start(tmp_path):
    text = (RECIPES / "albert-base-sst2-teacher.yaml").read_text()
    path = tmp_path / "r.yaml"
    path.write_text(text.replace("start: base", "start: package"))
    with pytest.raises(ValueError, match="a recipe with a base must start from base, not from package"):
        recipe.read(path)
    path.write_text(text.replace("base: albert-base-v2\n", ""))
    with pytest.raises(ValueError, match="start and teacher may be base where the recipe has a base"):
        recipe.read(path)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("exit_weights: [1, 2]", r"exit_weights must be as many as layers \(4\), got 2"),
        (
            "teacher: base\npairs: [[5, 1]]",
            r"pairs must be of layers 0..4 and, of the teacher, 0..4, got \[5, 1\]",
        ),
    ],
)
def test_layers_that_are_not_there_are_one_sentence(tmp_path, glue, line, sentence):
    path = tmp_path / "r.yaml"
    path.write_text((RECIPES / "albert-base-sst2-teacher.yaml").read_text() + line + "\n")
    with pytest.raises(ValueError, match=sentence):
        train.run(path, tmp_path, glue=glue, base=base_folder(tmp_path / "base"))


def test_text_of_one_class_is_one_sentence(tmp_path, glue):
    shutil.copytree(glue / "SST-2", tmp_path / "glue" / "SST-2")
    train_file = tmp_path / "glue" / "SST-2" / "train.tsv"
    train_file.write_text(train_file.read_text().replace("\t1", "\t0"))
    with pytest.raises(ValueError, match="sst2 train must have two labels or more"):
        train.run(
            RECIPES / "albert-base-sst2-teacher.yaml",
            tmp_path,
            glue=tmp_path / "glue",
            base=base_folder(tmp_path / "base"),
        )
