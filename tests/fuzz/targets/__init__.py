"""All targets, in the order they run."""

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    campaign_files,
    images,
    model_files,
    records,
    schedule_files,
    small_files,
    stores,
)

__all__ = ["all_targets"]


def all_targets() -> list[Target]:
    """Those whose packages are installed."""
    groups = (small_files, records, images, model_files, campaign_files, stores, schedule_files)
    return [target for group in groups for target in group.TARGETS]
