"""Names that the shell completes: what the catalogue, the zoo, the data and the experiments have."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Completion = Callable[[str], list[str]]


def _beginning(names: Callable[[], Iterable[str]]) -> Completion:
    def complete(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    return complete


def of_kind(kind: str) -> Completion:
    """Names of the catalogue."""

    def names() -> Iterable[str]:
        from siliconbert import catalog

        return sorted(catalog.records(kind))

    return _beginning(names)


def _tables() -> list[str]:
    from siliconbert.report import experiments

    return experiments.names()


def _models() -> list[str]:
    from siliconbert import models

    return models.zoo_names()


def _tasks() -> list[str]:
    from siliconbert import data

    return data.names()


def _policies() -> Iterable[str]:
    from siliconbert import schedule

    return schedule.POLICIES


tables, models, tasks = _beginning(_tables), _beginning(_models), _beginning(_tasks)
policies = _beginning(_policies)


def among(*names: str) -> Completion:
    """One of a few words."""
    return _beginning(lambda: names)
