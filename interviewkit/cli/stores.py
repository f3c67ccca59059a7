"""The harvest's store as commands name it, and what they find out before they touch it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from interviewkit.errors import ConfigurationError

if TYPE_CHECKING:
    from interviewkit.harvest import Store

DEFAULT = "sqlite:///interviewkit.db"
_HELP = "The store: sqlite:///FILE, or postgresql://USER@HOST/DATABASE."
StoreURL = Annotated[str, Parameter(name="--store", help=_HELP)]
"""A command's option `--store`."""


def check(url: str, *, shared: bool = False) -> None:
    """Raise `ConfigurationError` for a URL that names no store, and where the harvest's libraries are missing.

    `shared`: a store that workers on several machines share.
    """
    importlib.import_module("interviewkit.harvest").Store  # noqa: B018 - says which extra is missing
    from interviewkit.harvest.engine import parse

    if parse(url).drivername.startswith("sqlite") and shared:
        raise ConfigurationError(
            "workers share a store on PostgreSQL",
            hint="name it postgresql://USER@HOST/DATABASE; for SQLite there is `interviewkit harvest`",
        )


async def existing(url: str) -> Store:
    """Open a store that is there. Raises `ConfigurationError`; then nothing was made."""
    check(url)
    from interviewkit.harvest import Store

    return await Store.open(url, create=False)
