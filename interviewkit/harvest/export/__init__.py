"""What was harvested as files: reports, tasks and test cases as Parquet, CSV or JSON Lines, whole or what has changed.

A full export holds every report that the store has, those with `deleted_at` included. An increment holds the reports
whose `seq` lies in its range, which is in its files' names, with all their tasks and test cases: whoever takes it in
replaces, for each `(account, ref)` in its reports, that report's rows in all three tables. A report that was deleted
comes once more with `deleted_at`, and once more without when it is back. A report that changes while an export runs is
in the next increment. The files of earlier increments stay as they are: `forget` does not reach them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interviewkit.harvest.export.exporting import Exported, export
    from interviewkit.harvest.export.tables import TABLES

__all__ = ["TABLES", "Exported", "export"]

_HOME = {"Exported": "exporting", "export": "exporting", "TABLES": "tables"}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
