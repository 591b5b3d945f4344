"""Stages many times over: which model, data, format and cells; the rows; what the rows say for certain."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siliconbert.campaign.cluster import Tls
    from siliconbert.campaign.explanation import explain
    from siliconbert.campaign.placement import place
    from siliconbert.campaign.policy import best_policy
    from siliconbert.campaign.rows import Rows
    from siliconbert.campaign.run import Campaign, load
    from siliconbert.campaign.sensitivity_map import sensitivity

_HOMES = {
    "Campaign": "run",
    "Rows": "rows",
    "Tls": "cluster",
    "best_policy": "policy",
    "explain": "explanation",
    "load": "run",
    "place": "placement",
    "sensitivity": "sensitivity_map",
}
__all__ = ["Campaign", "Rows", "Tls", "best_policy", "explain", "load", "place", "sensitivity"]


def __getattr__(name: str) -> Any:
    # A worker that needs one module of this package does not load the others.
    if name in _HOMES:
        return getattr(import_module(f"siliconbert.campaign.{_HOMES[name]}"), name)
    raise AttributeError(f"siliconbert.campaign has no {name!r}")
