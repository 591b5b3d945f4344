# The compiled core; its names and types are documented in the thin modules.
from typing import Any

def __getattr__(name: str) -> Any: ...
