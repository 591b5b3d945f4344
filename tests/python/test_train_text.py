"""Further text for a task: labels by name, no text of a dev split, nothing twice, every source named."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from siliconbert.train import corpus, distill, extra, recipe  # noqa: E402


def written(folder, name, rows, columns=("sentence1", "sentence2", "gold_label")):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join("\t".join(row) for row in (columns, *rows)) + "\n")


@pytest.fixture
def texts(tmp_path):
    """MNLI with two training pairs and one dev pair; SNLI and QNLI lines, some of which leak or repeat."""
    glue = tmp_path / "glue"
    written(glue / "MNLI", "train.tsv", [("A cat.", "It is a cat.", "entailment"), ("B", "C", "neutral")])
    written(glue / "MNLI", "dev_matched.tsv", [("Held out!", "Never seen.", "contradiction")])
    written(glue / "MNLI", "dev_mismatched.tsv", [("Elsewhere", "Kept apart", "neutral")])
    lines = [
        ("Two dogs.", "Some dogs.", "entailment"),
        ("two  dogs", "some dogs", "entailment"),  # there already
        ("Fresh", "held OUT", "neutral"),  # text of dev
        ("Fresh", "kept apart.", "neutral"),  # text of dev_mismatched
        ("a cat", "it is a cat", "neutral"),  # a training pair
        ("Fresh", "...", "neutral"),  # nothing but marks
        ("Six", "Seven", "contradiction"),
    ]
    more = tmp_path / "nli-extra"
    more.mkdir()
    records = [dict(zip(("premise", "hypothesis", "label"), line, strict=True)) for line in lines]
    (more / "snli_dev.jsonl").write_text("\n".join(map(json.dumps, records)))
    written(more, "qnli_test_unlabelled.tsv", [("0", "Who?", "Somebody.")], ("index", "question", "sentence"))
    return glue, tmp_path


def test_labels_follow_their_names_and_leaks_are_dropped_and_counted(texts):
    found = corpus.extended("mnli", ["snli_dev"], ["qnli_test"], *texts)
    assert found.sentences[2:] == [("Two dogs.", "Some dogs."), ("Six", "Seven"), ("Who?", "Somebody.")]
    assert found.labels.tolist() == [0, 1, 0, 2, extra.UNKNOWN]
    assert found.notes[0] == (
        "snli_dev: 2 of 7 taken with labels; 2 hold text of mnli's dev split, 3 were there or empty"
    )
    for said in ("MNLI (official split)", "train", "SNLI dev", "QNLI test, which has no labels (text only)"):
        assert said in found.provenance


def test_a_task_of_two_classes_takes_three_and_one_sentence_takes_parts(texts):
    glue, folder = texts
    written(glue / "RTE", "train.tsv", [("P", "H", "entailment")], ("sentence1", "sentence2", "label"))
    written(glue / "RTE", "dev.tsv", [("Six", "H", "entailment")], ("sentence1", "sentence2", "label"))
    found = corpus.extended("rte", ["snli_dev", "mnli"], [], glue, folder)
    assert ("Six", "Seven") not in found.sentences
    assert found.labels[found.sentences.index(("B", "C"))] == 1  # neutral: not entailed
    written(glue / "SST-2", "train.tsv", [("fine", "1")], ("sentence", "label"))
    written(glue / "SST-2", "dev.tsv", [("seven", "1")], ("sentence", "label"))
    single = corpus.extended("sst2", [], ["snli_dev"], glue, folder)
    assert "Two dogs." in single.sentences and "Seven" not in single.sentences
    assert single.sentences.count("Fresh") == 1 and (single.labels[1:] == extra.UNKNOWN).all()


def test_what_does_not_fit_is_refused(texts):
    glue, folder = texts
    with pytest.raises(ValueError, match="extra must have the classes of mnli, qnli_test has no classes"):
        corpus.extended("mnli", ["qnli_test"], [], glue, folder)
    with pytest.raises(ValueError, match=r"needs the file nli-extra/anli_test.jsonl, which is not there"):
        corpus.extended("mnli", ["anli_test"], [], glue, folder)
    written(glue / "SST-2", "train.tsv", [("fine", "1")], ("sentence", "label"))
    with pytest.raises(ValueError, match="must have pairs for a task of pairs, sst2 has none"):
        corpus.extended("mnli", [], ["sst2"], glue, folder)


def test_recipes_name_their_text_and_have_a_teacher_for_what_has_no_labels(tmp_path):
    path = tmp_path / "r.yaml"
    head = (
        "name: x\nphase: task\nstart: package\ndata: mnli\nepochs: 1\nlr: 0.1\nseed: 1\nbudget_minutes: 1\n"
    )
    path.write_text(head + "extra: [snli_dev, anli_test]\n")
    assert recipe.read(path).extra == ("snli_dev", "anli_test")
    path.write_text(head + "unlabelled: [qqp]\n")
    with pytest.raises(ValueError, match=r"r.yaml: text without labels, made up or not, needs a teacher"):
        recipe.read(path)
    path.write_text(head + "extra: [the_web]\n")
    with pytest.raises(ValueError, match=r"extra must be a list of cola, mnli, .*, got \['the_web'\]"):
        recipe.read(path)
    path.write_text(head.replace("mnli", "general") + "extra: [qqp]\n")
    with pytest.raises(ValueError, match="extra text is for a task, data is general"):
        recipe.read(path)


def test_a_sentence_without_a_label_teaches_by_the_teachers_logits_alone():
    torch.manual_seed(0)
    ours, theirs, weight = torch.randn(4, 3), torch.randn(4, 3), torch.ones(1)
    labels, none = torch.tensor([0, 2, 1, 1]), torch.full((4,), extra.UNKNOWN)
    kl = distill.logit_loss([ours], weight, none, theirs)
    soft = torch.log_softmax(theirs / 2, -1)
    plain = (soft.exp() * (soft - torch.log_softmax(ours / 2, -1))).sum() / 4 * 4 * 0.9
    assert kl.item() == pytest.approx(plain.item(), rel=1e-5)
    half = torch.tensor([0, 2, extra.UNKNOWN, extra.UNKNOWN])
    hard = -torch.log_softmax(ours, -1)[torch.arange(2), half[:2]].sum() / 4 * 0.1
    assert distill.logit_loss([ours], weight, half, theirs).item() == pytest.approx(
        (kl + hard).item(), rel=1e-5
    )
    every = distill.logit_loss([ours], weight, labels, None)
    assert every.item() == pytest.approx(torch.nn.functional.cross_entropy(ours, labels).item(), rel=1e-6)
    assert np.isfinite(distill.logit_loss([ours], weight, none, theirs).item())
