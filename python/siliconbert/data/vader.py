"""`vader-amazon`: product reviews with human ratings, from the source archive of vaderSentiment 0.5 (MIT).

C. J. Hutto and E. Gilbert, VADER, ICWSM 2014: 3,708 snippets of 309 reviews, mean rating -4..4 of 20 raters
each. The label is the sign of the mean rating; sentences rated within 0.5 of zero are left out, and so are
those that SST-2 holds too.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np

from siliconbert.data import alike
from siliconbert.data.record import Data, Sentence

PACKAGE = "vaderSentiment"
VERSION = "0.5"
SHA256 = "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
ARCHIVE = f"{PACKAGE}-{VERSION}.zip"
INNER = f"{PACKAGE}-{VERSION}/additional_resources/hutto_ICWSM_2014.tar.gz"
MEMBER = "hutto_ICWSM_2014/amazonReviewSnippets_GroundTruth.txt"
CLASSES = ("negative", "positive")
LEAST_RATING = 0.5  # on the raters' scale of -4..4
OVERLAP = Path(__file__).with_name("sst2_overlap.txt")


def key(text: str) -> str:
    """Hash of what makes two texts the same, see alike."""
    return hashlib.sha256(alike.key(text).encode()).hexdigest()[:16]


def fetch(cache: Path) -> Path:
    """The archive in the cache folder, downloaded by pip if it is not there; checked by SHA-256."""
    path = cache / ARCHIVE
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _download(Path(folder))
            _check(Path(folder) / ARCHIVE)
            os.replace(Path(folder) / ARCHIVE, path)
    _check(path)
    return path


def _download(folder: Path) -> None:
    # pip runs the archive's setup.py for its metadata; setuptools 78 and later may refuse its setup.cfg.
    constraint = folder / "constraint.txt"
    constraint.write_text("setuptools<78\n")
    settings = {"PIP_CONSTRAINT": str(constraint), "PIP_BUILD_CONSTRAINT": str(constraint)}
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-binary",
        PACKAGE,
        "--dest",
        str(folder),
        f"{PACKAGE}=={VERSION}",
    ]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True)
    if done.returncode or not (folder / ARCHIVE).is_file():
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise ValueError(f"data.get: pip could not download {PACKAGE}=={VERSION}: {lines[-1]}")


def _check(path: Path) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"data.get: {path.name} must have SHA-256 {SHA256}, got {found}")


def snippets(archive: Path) -> list[tuple[float, str]]:
    """(mean rating, text) of every snippet in the archive."""
    with zipfile.ZipFile(archive) as outer, tarfile.open(fileobj=BytesIO(outer.read(INNER))) as inner:
        member = inner.extractfile(MEMBER)
        assert member is not None  # the archive's bytes are known
        lines = member.read().decode("ascii").splitlines()
    rows = [line.split("\t", 2) for line in lines if line.strip()]
    return [(float(rating), text.strip()) for _, rating, text in rows]


def load(archive: Path) -> Data:
    """The sentences with a clear rating that SST-2 does not hold."""
    held = {line for line in OVERLAP.read_text().splitlines() if line and not line.startswith("#")}
    kept = [
        (rating, text)
        for rating, text in snippets(archive)
        if abs(rating) >= LEAST_RATING and key(text) not in held
    ]
    sentences: list[Sentence] = [text for _, text in kept]
    labels = np.array([rating > 0 for rating, _ in kept], np.int64)
    source = (
        f"{PACKAGE}=={VERSION} (Hutto and Gilbert 2014), human-rated Amazon reviews, "
        f"|rating| >= {LEAST_RATING}, without SST-2's texts"
    )
    return Data("vader-amazon", "dev", sentences, labels, CLASSES, source)
