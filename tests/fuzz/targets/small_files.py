"""Text files: data sets, look-up tables, tokenizers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.fuzz import mutate
from tests.fuzz.target import Target

from siliconbert import data, exits
from siliconbert.data import glue

_SST2 = b'sentence\tlabel\na fine film\t1\nnot  good at all \t0\n"quoted and odd\t1\n'
_GLUE = {
    "cola": b"gj04\t1\t\tThe sailors rode the breeze.\ngj04\t0\t*\tThey drank the pub.\n",
    "mnli": b"index\tsentence1\tsentence2\tlabel1\tgold_label\n0\ta b\tc\tneutral\tneutral\n",
    "mrpc": b"Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tHe said.\tHe spoke.\n",
    "qnli": b"index\tquestion\tsentence\tlabel\n0\tWho?\tHe did.\tentailment\n",
    "qqp": b"id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\tWhy?\tHow?\t0\n",
    "rte": b"index\tsentence1\tsentence2\tlabel\n0\tA.\tB.\tnot_entailment\n",
    "sst2": _SST2,
    "stsb": b"index\tsentence1\tsentence2\tscore\n0\tA plane.\tA jet.\t4.500\n",
    "wnli": b"index\tsentence1\tsentence2\tlabel\r\n0\tA.\tB.\t1\r\n",
}
_ADVGLUE = json.dumps(
    {"sst2": [{"sentence": "a fime film", "original_sentence": "a fine film", "label": 1}]}
).encode()
_PAWS = b"id\tsentence1\tsentence2\tlabel\n1\tb'why so ?'\tb\"so why ?\"\t0\n"
_WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "fine", "film", "##s", ".")
TOKENIZER = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [
        {"id": 1, "content": "[UNK]", "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
    ],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                   "strip_accents": None, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                           "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}},
    },
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100, "vocab": {word: i for i, word in enumerate(_WORDS)}},
}  # fmt: skip


def _read_glue(task: str) -> Callable[[bytes, Path], object]:
    def run(content: bytes, scratch: Path) -> object:
        file = scratch / glue.TASKS[task].folders[0] / "dev.tsv"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        return data.load(task, "dev", folder=scratch)

    return run


def _read_attack(name: str, file: str) -> Callable[[bytes, Path], object]:
    def run(content: bytes, scratch: Path) -> object:
        (scratch / file).write_bytes(content)
        return data.attacked(name, scratch)

    return run


def _read_lut(content: bytes, scratch: Path) -> object:
    (scratch / "lut.csv").write_bytes(content)
    lut = exits.Lut.from_csv(scratch / "lut.csv", layers=4)
    entropy = np.linspace(0, 0.7, 12, dtype=np.float32).reshape(3, 4)
    return exits.by_prediction(entropy, lut, 0.3)


def _encode(content: bytes, scratch: Path) -> object:
    tokenizer = data.Tokenizer(content.decode("utf-8", "surrogateescape"))
    return tokenizer.encode(["a fine film.", "x" * 200, "films fine"], limit=8)


TARGETS = [
    *(Target(f"glue-{task}", lambda t=task: [_GLUE[t]], _read_glue(task), mutate.text) for task in _GLUE),
    Target(
        "advglue-json", lambda: [_ADVGLUE], _read_attack("advglue-sst2", "advglue_dev.json"), mutate.json_text
    ),
    Target("paws-tsv", lambda: [_PAWS], _read_attack("paws-qqp", "paws_qqp_dev_and_test.tsv"), mutate.text),
    Target("lut-csv", lambda: [b"0.1,0.05,0.01\n0.5,0.4,0.3\n0.69,6e-1,.5\n"], _read_lut, mutate.text),
    Target("tokenizer-json", lambda: [json.dumps(TOKENIZER).encode()], _encode, mutate.json_text),
]
