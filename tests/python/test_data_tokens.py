"""Tokens: special tokens, types, counted truncation, refused input."""

import json
import warnings

import numpy as np
import pytest

from siliconbert.data import Tokenizer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "film", "##s", "bad"]


def tokenizer_json():
    """A WordPiece tokenizer.json of eight words with BERT's template."""
    special = {
        name: {"id": name, "ids": [WORDS.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")
    }

    def sequence(name, number):
        return {"Sequence": {"id": name, "type_id": number}}

    def mark(name, number):
        return {"SpecialToken": {"id": name, "type_id": number}}

    single = [mark("[CLS]", 0), sequence("A", 0), mark("[SEP]", 0)]
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [],
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": True,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": single,
                "pair": [*single, sequence("B", 1), mark("[SEP]", 1)],
                "special_tokens": special,
            },
            "decoder": None,
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": {word: i for i, word in enumerate(WORDS)},
            },
        }
    )


def test_ids_and_types_of_sentences_and_pairs(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer_json())
    for source in (path, str(path), tokenizer_json()):
        coded = Tokenizer(source).encode(["Good films", ("good", "bad strange")])
        assert [x.tolist() for x in coded.ids] == [[2, 4, 5, 6, 3], [2, 4, 3, 7, 1, 3]]
        assert [x.tolist() for x in coded.types] == [[0] * 5, [0, 0, 0, 1, 1, 1]]
        assert coded.ids[0].dtype == np.int32 and coded.truncated == 0 and len(coded) == 2


def test_truncation_is_counted_and_said():
    tokenizer = Tokenizer(tokenizer_json())
    with pytest.warns(UserWarning, match="2 of 3 sentences were truncated to 4 tokens"):
        coded = tokenizer.encode(["good good good", "bad", "bad bad film"], limit=4)
    assert coded.truncated == 2 and coded.ids[0].tolist() == [2, 4, 4, 3]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tokenizer.encode(["good good good"]).truncated == 0  # the limit does not stick


@pytest.mark.parametrize("empty", ["", "  ", ("good", ""), "\n"])
def test_empty_sentences_are_refused_by_number(empty):
    with pytest.raises(ValueError, match="sentences must not be empty, sentence 1 is"):
        Tokenizer(tokenizer_json()).encode(["good", empty])


def test_bad_source_and_limit():
    with pytest.raises(ValueError, match=r"source must be a tokenizer\.json file or its text"):
        Tokenizer("{}")
    with pytest.raises(ValueError, match=r"source must be a tokenizer\.json file or its text"):
        Tokenizer("nowhere.json")
    with pytest.raises(ValueError, match="limit must be at least 4, got 3"):
        Tokenizer(tokenizer_json()).encode(["good"], limit=3)
