"""All targets, in the order they run."""

from tests.fuzz.target import Target
from tests.fuzz.targets import campaign_files, images, model_files, small_files

__all__ = ["all_targets"]


def all_targets() -> list[Target]:
    """Those whose packages are installed."""
    return [*small_files.TARGETS, *images.TARGETS, *model_files.TARGETS, *campaign_files.TARGETS]
