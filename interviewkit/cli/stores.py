"""The harvest's store as commands name it, and what they find out before they touch it."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
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


async def existing(url: str, *, made_by: str = "`interviewkit harvest` makes one, and --store names it") -> Store:
    """Open a store that is there; `made_by` is the hint for where none is.

    Raises `ConfigurationError`; then nothing was made.
    """
    check(url)
    from interviewkit.harvest import Store

    with hinting(made_by):
        return await Store.open(url, create=False)


@contextlib.contextmanager
def hinting(made_by: str) -> Iterator[None]:
    """Where a store is missing that is opened here, say what makes one."""
    try:
        yield
    except ConfigurationError as error:
        if is_missing(error):
            error.hint = made_by
        raise


def is_missing(error: ConfigurationError) -> bool:
    """Whether it says that there is no store yet."""
    return error.message.startswith("there is no store")
