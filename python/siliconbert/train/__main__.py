"""`python -m siliconbert.train RECIPE.yaml OUT`: runs one recipe."""

from __future__ import annotations

import argparse

from siliconbert import train


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(prog="python -m siliconbert.train", description=main.__doc__)
    parser.add_argument("recipe")
    parser.add_argument("out", help="folder of all runs")
    parser.add_argument("--fresh", action="store_true", help="ignore the checkpoint")
    parser.add_argument("--smoke", action="store_true", help="tiny made-up networks and text")
    parser.add_argument("--glue", help="folder of GLUE folders")
    parser.add_argument("--texts", default="../shared", help="folder of nli-extra and wikitext-2")
    given = parser.parse_args()
    train.run(given.recipe, given.out, not given.fresh, given.smoke, given.glue, given.texts)


if __name__ == "__main__":
    main()
