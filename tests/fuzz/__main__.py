"""Runs the targets and prints what they did; exit code 1 where one failed."""

from __future__ import annotations

import argparse
import base64
import hashlib
import sys
from pathlib import Path
from random import SystemRandom

from tests.fuzz import targets
from tests.fuzz.target import Target
from tests.fuzz.watch import Outcome, replay, watch

KEPT = Path("build/fuzz")
_SHORT = 600  # bytes that are printed; longer inputs are only kept in a file


def main() -> int:
    """The command line."""
    arguments = _arguments()
    known = {target.name: target for target in targets.all_targets()}
    if unknown := set(arguments.target) - set(known):
        sys.exit(f"fuzz: target must be one of {', '.join(known)}; got {min(unknown)}")
    chosen = [known[name] for name in arguments.target or known]
    if arguments.replay:
        data = sys.stdin.buffer.read() if arguments.replay == "-" else Path(arguments.replay).read_bytes()
        return max(_show(target, replay(target, data)) for target in chosen)
    seconds = 60 * arguments.minutes if arguments.minutes else None
    if arguments.shared_minutes:
        seconds = 60 * arguments.shared_minutes / len(chosen)
    seed = SystemRandom().randrange(1 << 32) if arguments.seed is None else arguments.seed
    print(f"seed {seed}, {len(chosen)} targets")
    return max(_show(target, watch(target, seed, arguments.runs, seconds)) for target in chosen)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="for each target")
    length.add_argument("--shared-minutes", type=float, help="for all targets together")
    length.add_argument("--runs", type=int, help="inputs for each target")
    length.add_argument("--replay", metavar="FILE", help="one input, - for standard input")
    parser.add_argument("--target", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, help="default: another one each time")
    return parser.parse_args()


def _show(target: Target, outcome: Outcome) -> int:
    rate = outcome.runs / max(outcome.seconds, 1e-3)
    counts = f"{outcome.runs} inputs, {outcome.accepted} accepted, {rate:.0f} a second"
    print(f"{target.name:24} {counts}{'  FAILED' if outcome.failure else ''}", flush=True)
    if not outcome.failure:
        return 0
    digest = hashlib.sha256(outcome.data).hexdigest()[:12]
    kept = KEPT / f"{target.name}-{digest}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(outcome.data)
    print(f"  {outcome.failure}")
    print(f"  replay: python -m tests.fuzz --target {target.name} --replay {kept}")
    if len(outcome.data) <= _SHORT:
        code = base64.b64encode(outcome.data).decode()
        print(f"  or: echo {code} | base64 -d | python -m tests.fuzz --target {target.name} --replay -")
    return 1


if __name__ == "__main__":
    sys.exit(main())
