"""Made-up sentences: whole words, near words, n-grams; the same for a seed, other ones every epoch."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install 'siliconbert[train]')")

from siliconbert import train  # noqa: E402
from siliconbert.data import Tokenizer  # noqa: E402
from siliconbert.train import augment, batches, extra, inputs, recipe  # noqa: E402

CLS, SEP = 2, 3
STARTS = np.arange(40) < 30  # tokens 30..39 continue a word


def texts(count=400):
    """Pairs and single sentences of words of one token and of two."""
    rng = np.random.default_rng(0)
    ids, types = [], []
    for i in range(count):
        parts = [rng.integers(5, 30, rng.integers(1, 9)) for _ in range(1 + i % 2)]
        parts = [np.repeat(p, 1 + (p == 7)) for p in parts]
        for p in parts:
            p[np.r_[False, (p[1:] == 7) & (p[:-1] == 7)]] = 33  # word 7 goes on with token 33
        ids.append(np.r_[CLS, np.concatenate([np.r_[p, SEP] for p in parts])].astype(np.int32))
        types.append(np.repeat(range(len(parts)), [len(p) + 1 + (k == 0) for k, p in enumerate(parts)]))
    return batches.Texts(ids, [t.astype(np.int32) for t in types], np.arange(count) % 2)


def made(seed=1, epoch=0, **settings):
    table = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    given = texts()
    return given, augment.Augmenter(given, STARTS, table, augment.Augment(**settings), seed)(epoch)


def test_copies_follow_the_sentences_and_have_no_labels():
    given, out = made(copies=2)
    assert len(out) == 3 * len(given) and out.labels[: len(given)].tolist() == given.labels.tolist()
    assert (out.labels[len(given) :] == extra.UNKNOWN).all()
    assert all(a is b for a, b in zip(out.ids, given.ids, strict=False))
    for i, (ids, types) in enumerate(zip(out.ids, out.types, strict=True)):
        parts = 1 + i % len(given) % 2
        assert ids[0] == CLS and ids[-1] == SEP and (ids == SEP).sum() == parts and len(ids) == len(types)
        assert types.max() == parts - 1 and (np.diff(types) >= 0).all()
        assert len(ids) > 1 + 2 * parts - 1  # no part is empty


def test_the_same_seed_and_epoch_draw_the_same_text():
    same = [made()[1], made()[1]]
    assert all(np.array_equal(a, b) for a, b in zip(same[0].ids, same[1].ids, strict=True))
    for other in (made(epoch=1)[1], made(seed=2)[1]):
        assert any(not np.array_equal(a, b) for a, b in zip(same[0].ids, other.ids, strict=True))


def test_words_are_dropped_whole_and_as_often_as_asked():
    given, out = made(copies=20, drop=0.2, replace=0.0, ngram=0.0)
    kept = np.concatenate(out.ids[len(given) :])
    assert set(kept[:-1][kept[1:] == 33].tolist()) <= {7, 33}  # no continuation without its beginning
    long = [
        i for i, x in enumerate(given.ids) if (x < 30).sum() >= 9
    ]  # parts of many words hardly ever empty
    words = sum(((given.ids[i] >= 5) & (given.ids[i] < 30)).sum() for i in long) * 20
    left = sum(
        ((out.ids[i + c * 400] >= 5) & (out.ids[i + c * 400] < 30)).sum() for i in long for c in range(1, 21)
    )
    # five standard deviations of a binomial, and what parts of few words keep
    assert left / words == pytest.approx(0.8, abs=5 * np.sqrt(0.16 / words) + 0.02)


def test_replaced_words_are_near_and_of_one_token():
    given, out = made(replace=1.0, drop=0.0, ngram=0.0, neighbours=3)
    table = torch.nn.functional.normalize(
        torch.randn(40, 6, generator=torch.Generator().manual_seed(0)), dim=-1
    )
    words = [w for w in range(5, 30) if w != 7]
    for ids, real in zip(out.ids[len(given) :], given.ids, strict=True):
        assert len(ids) == len(real)
        assert np.array_equal(ids[(real == 33) | (real < 5)], real[(real == 33) | (real < 5)])
        for new, old in zip(ids, real, strict=True):
            if old in words:
                order = sorted(words, key=lambda w: -float(table[old] @ table[w]))
                assert new in order[1:4]


def test_n_grams_are_up_to_five_words_in_a_row():
    given, out = made(ngram=1.0, drop=0.0, replace=0.0)
    for ids, real in zip(out.ids[len(given) :: 2], given.ids[::2], strict=False):
        part = ids[1:-1].tolist()
        assert 1 <= sum(x < 30 for x in part) <= augment.LONGEST
        assert any(real[i : i + len(part)].tolist() == part for i in range(len(real)))


def test_settings_that_are_no_chances_are_refused():
    for bad in ({"copies": 0}, {"drop": -0.1}, {"drop": 0.6, "replace": 0.6}, {"neighbours": 0}):
        with pytest.raises(ValueError, match="augment needs copies and neighbours of at least 1"):
            augment.Augment(**bad)


def test_marks_of_the_tokenizer_say_where_words_begin():
    def tokenizer(*tokens):
        model = {"type": "WordLevel", "vocab": {t: i for i, t in enumerate(tokens)}, "unk_token": tokens[0]}
        empty = dict.fromkeys(
            ("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder")
        )
        return Tokenizer(json.dumps({"version": "1.0", "added_tokens": [], "model": model, **empty}))

    assert augment.word_starts(tokenizer("[UNK]", "un", "##do"), 3).tolist() == [True, True, False]
    assert augment.word_starts(tokenizer("<unk>", "\u2581un", "do"), 3).tolist() == [False, True, False]


def test_a_recipe_augments_its_text(tmp_path):
    recipes = Path(__file__).parents[2] / "experiments" / "edgebert" / "recipes"
    text = (recipes / "teacher-sst2.yaml").read_text() + "teacher: package\n"
    path = tmp_path / "r.yaml"
    path.write_text(text + "augment: {copies: 2, drop: 0.1, replace: 0.15, ngram: 0.25}\n")
    read = recipe.read(path)
    assert read.augment == augment.Augment(2, 0.1, 0.15, 0.25) and read.plain()["augment"]["copies"] == 2
    model = train.run(path, tmp_path, smoke=True)
    lengths = [len(x) for x in inputs.smoke(tmp_path / "smoke", "sst2").train.ids]
    steps = len(batches.plan(lengths, recipe.shrink(read).batch_tokens, seed=1))
    state = torch.load(tmp_path / "teacher-sst2" / "state.pt", weights_only=True)
    assert state["step"] > 2.2 * steps  # copies are shorter than the sentences, so not quite three times
    stage = json.loads((model / "card.json").read_text())["stages"][0]
    assert stage["recipe"]["augment"]["replace"] == 0.15
    path.write_text(text + "augment: {copies: two}\n")
    with pytest.raises(
        ValueError, match=r"augment must be a map of copies, drop, .*, got \{'copies': 'two'\}"
    ):
        recipe.read(path)
    path.write_text(text.replace("teacher: package", "") + "augment: {copies: 2}\n")
    with pytest.raises(ValueError, match="text without labels, made up or not, needs a teacher"):
        recipe.read(path)
