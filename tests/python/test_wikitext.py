"""WikiText-2's words, vocabulary, windows, and the bigram model on them."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from siliconbert.data import bigram, wikitext

SHARED = Path(__file__).parents[2] / ".." / "shared" / "wikitext-2"


def folder(path, **texts):
    for part, text in texts.items():
        (path / f"{part}.txt").write_text(text)
    return path


def test_words_are_lower_case_and_punctuation_stands_alone_or_goes():
    words = wikitext.tokenize(["Don't (stop) : 3 @,@ 000 ?"])
    assert " ".join(words) == "don ' t ( stop ) 3 @ , @ 000 ? <eos>"


def test_the_vocabulary_is_the_training_texts_most_frequent_first():
    corpus = wikitext.number("n", ["b a b", "<unk> c"], ["a d"], "made up")
    assert corpus.words == ("<unk>", "<pad>", "<sos>", "<eos>", "b", "a", "c")
    assert corpus.train.tolist() == [4, 5, 4, 3, 0, 6, 3]
    assert corpus.held.tolist() == [5, 0, 3]  # d is not known


def test_windows_hold_the_word_after_them_and_can_begin_elsewhere():
    text = np.arange(10, dtype=np.int32)
    assert wikitext.windows(text, 3).tolist() == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]
    assert wikitext.windows(text, 3, 2).tolist() == [[2, 3, 4, 5], [5, 6, 7, 8]]
    with pytest.raises(ValueError, match=r"windows: length must be in 1\.\.9, got 10"):
        wikitext.windows(text, 10)


def test_the_custom_split_judges_on_the_second_half_of_valid(tmp_path):
    place = folder(tmp_path, test="one two\n", valid="three\nfour\nfive one\nsix\n")
    corpus = wikitext.load("wikitext2-split", place)
    assert " ".join(corpus.words[i] for i in corpus.train) == "one two <eos> three <eos> four <eos>"
    assert " ".join(corpus.words[i] for i in corpus.held) == "<unk> one <eos> <unk> <eos>"
    assert "custom split" in corpus.provenance


def test_the_official_split_reads_either_spelling_of_the_files(tmp_path):
    place = folder(tmp_path, test="a b\n")
    (place / "wiki.train.tokens").write_text("a b c\n")
    corpus = wikitext.load("wikitext2", place)
    assert (len(corpus.train), len(corpus.held)) == (4, 3)
    assert "official" in corpus.provenance


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(
        ValueError, match=r"data\.wikitext: the train text was not found in .*give its folder"
    ):
        wikitext.load("wikitext2", tmp_path)
    with pytest.raises(ValueError, match="name must be one of wikitext2, wikitext2-split; got 'ptb'"):
        wikitext.load("ptb")


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/wikitext-2")
def test_the_custom_split_at_hand():
    corpus = wikitext.load("wikitext2-split", SHARED)
    assert (len(corpus.train), len(corpus.held), len(corpus.words)) == (350_099, 114_295, 14_362)


@pytest.fixture
def text():
    rng = np.random.default_rng(5)
    return np.where(rng.random(400) < 0.5, rng.integers(0, 9, 400), np.arange(400) % 9).astype(np.int32)


def slow(model, a, b):
    """P(b | a) as the docstring says it."""
    train = model.train.tolist()
    after = [y for x, y in pairwise(train) if x == a]
    one = train.count(b) / len(train)
    return model.weight * after.count(b) / len(after) + (1 - model.weight) * one if after else one


def test_bigram_probabilities_are_those_of_the_definition(text):
    model = bigram.Bigram(text, 11, 0.7)
    a, b = (x.ravel() for x in np.meshgrid(np.arange(11), np.arange(11)))
    wanted = [slow(model, x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    np.testing.assert_allclose(model.probability(a, b), wanted, rtol=1e-12)
    np.testing.assert_allclose(np.bincount(a, model.probability(a, b)), 1)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_likeliest_word_has_no_better_one(text, weight):
    model = bigram.Bigram(text, 9, weight)
    every = np.arange(9)
    best = model.probability(every, model.likeliest)
    others = [model.probability(np.full(9, a), every).max() for a in every]
    np.testing.assert_allclose(best, others)


def test_accuracy_counts_every_place_of_every_window(text):
    model = bigram.fit(text, 9)
    rows = wikitext.windows(text, 5)
    hits = [model.likeliest[row[i]] == row[i + 1] for row in rows for i in range(5)]
    assert model.accuracy(rows) == pytest.approx(np.mean(hits))
    assert model.weight in bigram.WEIGHTS
    assert model.accuracy(rows) > 2 / 9
