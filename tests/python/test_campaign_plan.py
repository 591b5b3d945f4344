"""What is handed out next: packing, stopping, losses, other writers; no model is needed for it."""

from pathlib import Path
from types import SimpleNamespace

from siliconbert.campaign import parts, plan
from siliconbert.campaign.config import Trials
from siliconbert.campaign.grid import Places
from siliconbert.campaign.plan import Plan

NOTES = '{"expected_events": null}'


def made(configs, **trials):
    points = [SimpleNamespace(hash=f"c{i}") for i in range(configs)]
    return Plan(points, Trials(**trials), Places(Path("/")), "code")


def rows(work, accuracy=lambda trial: 9, seconds=1.0, clean=True):
    found = []
    for item in work.items:
        common = {"config": item.point.hash, "sentences": 10}
        if item.clean and clean:
            found.append({**common, "trial": parts.CLEAN, "correct": 9, "notes": NOTES, "seconds": 0.5})
        found += [{**common, "trial": t, "correct": accuracy(t), "seconds": seconds} for t in item.trials]
    return parts.rows(found)


def drain(made, workers=1, threads=1, **options):
    """Does all works one by one; their sizes, and the trials done."""
    sizes, done = [], []
    while (work := made.next(workers, threads)) is not None:
        sizes.append(work.size)
        done += [(item.point.hash, t) for item in work.items for t in item.trials]
        made.done(work, rows(work, **options))
    assert made.finished() and len(done) == len(set(done))
    return sizes, done


def test_works_are_seconds_long_once_the_cost_is_known():
    assert drain(made(1, most=20), seconds=1.0)[0] == [1, 4, 4, 4, 4, 3]
    assert drain(made(1, most=20), seconds=100.0)[0] == [1] * 20
    assert drain(made(1, most=20), seconds=1e-9)[0] == [1, 19]
    assert drain(made(1, most=20), threads=8, seconds=1.0)[0] == [8, 8, 4], "a trial for every thread"
    assert drain(made(1, most=21), workers=4, seconds=1e-9)[0][:3] == [1, 5, 4], "every worker has a share"


def test_short_trials_of_known_configurations_are_packed():
    found = made(5, most=3)
    first = [found.next(1, 1) for _ in range(5)]
    assert [len(work.items) for work in first] == [1] * 5, "nobody knows what a new one costs"
    for work in first:
        found.done(work, rows(work, seconds=0.5))
    rest = found.next(1, 1)
    assert [len(item.trials) for item in rest.items] == [2, 2, 2, 2], "four seconds' worth"


def test_a_configuration_waits_for_its_first_work():
    found = made(1, most=10)
    first = found.next(2, 1)
    assert first.items[0].clean and found.next(2, 1) is None
    found.done(first, rows(first))
    assert found.next(2, 1) is not None


def test_an_infeasible_configuration_wants_nothing_more():
    found = made(2, most=5)
    work = found.next(1, 1)
    found.done(work, parts.rows([{"config": "c0", "trial": parts.CLEAN, "reason": "infeasible: x"}]))
    assert {config for config, _ in drain(found)[1]} == {"c1"}


def noisy(trial):
    return (3 * trial) % 11


def test_stopping_depends_on_the_trials_below_only():
    trials = {"most": 500, "width": 0.2, "step": 10}
    _, one = drain(made(1, **trials), accuracy=noisy)
    counts = {
        len(drain(made(1, **trials), threads=t, accuracy=noisy, seconds=s)[1]) for t in (1, 3) for s in (1, 9)
    }
    assert counts == {len(one)} and 10 < len(one) < 500 and len(one) % 10 == 0
    values = [noisy(t) / 10 for t in range(len(one))]
    assert plan.narrow(values, Trials(**trials)) and not plan.narrow(values[:-10], Trials(**trials))
    again = made(1, **trials)
    again.add(
        parts.rows([{"config": "c0", "trial": t, "correct": noisy(t), "sentences": 10} for t in range(450)])
    )
    assert again.next(1, 1).size == 0, "its own row only; until it is there nobody asks the rule"


def test_a_good_cell_stops_at_once():
    found = made(1, most=1000, width=0.01, step=20)
    work = found.next(1, 20)
    table = rows(work).to_pylist()
    table[0]["notes"] = '{"expected_events": 1e-9}'
    found.done(work, parts.rows([{**row, "events_by_region": None, "ecc": None} for row in table]))
    assert found.finished() and len(found.states["c0"].accuracy) == 20


def test_a_lost_work_is_tried_in_pieces_and_given_up_after_three():
    found = made(1, most=6)
    first = found.next(1, 1)
    found.done(first, rows(first))
    work = found.next(1, 1)
    assert found.lost(work, "died") is None
    pieces = [found.next(1, 1) for _ in range(work.size)]
    assert [piece.size for piece in pieces] == [1] * work.size
    for piece in pieces[1:]:
        found.done(piece, rows(piece))
    for attempt in range(plan.PATIENCE):
        table = found.lost(pieces[0], "died")
        assert (table is None) == (attempt < plan.PATIENCE - 1)
        if table is None:
            pieces[0] = found.next(1, 1)
    assert table["trial"].to_pylist() == [1] and table["reason"].to_pylist() == ["failed: died"]
    drain(found)


def test_a_configuration_that_cannot_be_made_ready_is_given_up_whole():
    found = made(1, most=50)
    work = found.next(1, 4)
    while work is not None:
        assert work.number < 30, "not every one of its trials is tried"
        found.lost(work, "died")
        work = found.next(1, 4)
    assert found.finished() and found.states["c0"].reason == "failed: died"


def test_what_others_do_is_not_done_again():
    found = made(2, most=10)
    found.shared = True
    work = found.next(1, 1)
    other = [
        {"config": f"c{i}", "trial": t, "correct": 9, "sentences": 10} for i in range(2) for t in range(5)
    ]
    own = [{**other[0], "config": f"c{i}", "trial": -1, "notes": NOTES} for i in range(2)]
    found.add(parts.rows([*own, *other]))
    found.done(work, rows(work))
    _, done = drain(found)
    assert all(trial >= 5 for _, trial in done) and len(done) >= 9


def test_progress_counts_what_may_still_come():
    found = made(2, most=10)
    work = found.next(1, 1)
    found.done(work, rows(work))
    assert found.progress() == (1, 20)
    drain(found)
    assert found.progress() == (20, 20)
