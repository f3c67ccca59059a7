"""Every report of every account, incrementally, inside the vendors' limits, into a store of yours.

Needs the extra `interviewkit[harvest]`, and `interviewkit[postgres]` for a store on PostgreSQL.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from interviewkit.errors import ConfigurationError

if TYPE_CHECKING:
    from interviewkit.harvest.harvester import Harvester
    from interviewkit.harvest.leases import Lease, LeaseLostError
    from interviewkit.harvest.outcomes import AccountSummary, Change, Outcome, Progress, RunSummary, State
    from interviewkit.harvest.slices import Next, Slice
    from interviewkit.harvest.store import Record, Store

_HOMES = {
    "harvester": ("Harvester",),
    "leases": ("Lease", "LeaseLostError"),
    "outcomes": ("AccountSummary", "Change", "Outcome", "Progress", "RunSummary", "State"),
    "slices": ("Next", "Slice"),
    "store": ("Record", "Store"),
}
__all__ = [
    "AccountSummary",
    "Change",
    "Harvester",
    "Lease",
    "LeaseLostError",
    "Next",
    "Outcome",
    "Progress",
    "Record",
    "RunSummary",
    "Slice",
    "State",
    "Store",
]
_EXTRAS = {"sqlalchemy": "harvest", "alembic": "harvest", "pyrate_limiter": "harvest"}


def _load(name: str) -> Any:
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return globals().setdefault(name, getattr(importlib.import_module(f"{__name__}.{home}"), name))
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise ConfigurationError("the harvest needs an extra", hint=f"pip install 'interviewkit[{extra}]'") from None


if not TYPE_CHECKING:  # a type checker knows the names above, and should tell of others
    __getattr__ = _load


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
