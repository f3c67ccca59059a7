"""Files that appear under their names only when all of them are whole and on the disk."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from interviewkit.errors import ConfigurationError, StoreError
from interviewkit.harvest.export.formats import TableWriter
from interviewkit.harvest.export.tables import TABLES, Row, TableShape

_PREFIX = ".interviewkit-export-"
_MODE = 0o600
"""Reports tell of people: who may read an export is for its owner to say."""
_STALE_SECONDS = 86_400
"""Files in the making that nobody has touched for so long are a dead process's."""


class Staging:
    """The tables' files while they are written, in a hidden folder beside where they will be."""

    def __init__(self, out: Path, targets: Mapping[str, Path], make: Callable[[Path, TableShape], TableWriter]) -> None:
        self._out = out
        self._targets = targets
        self._make = make
        self._writers: dict[str, TableWriter] = {}
        self._folder = out

    def __enter__(self) -> Self:
        with _told(self._out, "cannot be written", ConfigurationError):
            self._out.mkdir(parents=True, exist_ok=True)
            _sweep(self._out)
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._out))
        try:
            with _told(self._out, "failed", StoreError):
                for shape in TABLES:
                    path = self._folder / self._targets[shape.name].name
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE))
                    self._writers[shape.name] = self._make(path, shape)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            with contextlib.suppress(OSError):
                writer.close()
        self._writers.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def write(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Append rows to the tables. Raises `StoreError`."""
        with _told(self._out, "failed", StoreError):
            for name, batch in rows.items():
                if batch:
                    self._writers[name].write(batch)

    def finish(self) -> None:
        """See all files whole on the disk. Raises `StoreError`."""
        with _told(self._out, "failed", StoreError):
            for name in list(self._writers):
                self._writers.pop(name).close()

    def publish(self, *, overwrite: bool, same_is_fine: bool) -> tuple[Path, ...]:
        """Give the files their names, and return them. They are their owner's alone, or have a replaced file's mode.

        A file that stands there already is replaced with `overwrite`; with `same_is_fine` it may be the same one, left
        by an export that died between this and the end of its transaction. Raises `ConfigurationError` for another.
        """
        made = {target: self._folder / target.name for target in self._targets.values()}
        with _told(self._out, "failed", StoreError):
            if not overwrite:
                refuse(made, unless=lambda target: same_is_fine and filecmp.cmp(made[target], target, shallow=False))
            for target, file in made.items():
                _take_mode(file, target)
                file.replace(target)
            _sync(self._out)
        return tuple(made)


def refuse(targets: Iterable[Path], *, unless: Callable[[Path], bool] = lambda _target: False) -> None:
    """Raise `ConfigurationError` when there are files that an export would replace."""
    existing = [target for target in targets if os.path.lexists(target) and not unless(target)]
    if existing:
        names = ", ".join(path.name for path in existing)
        raise ConfigurationError(
            f"{existing[0].parent} holds {names} already; nothing was written",
            hint="name another folder, or allow it with overwrite (--overwrite)",
        )


def _take_mode(file: Path, target: Path) -> None:
    """Let a file keep the mode of the one that it replaces."""
    with contextlib.suppress(FileNotFoundError):
        mode = target.lstat().st_mode
        if stat.S_ISREG(mode):
            file.chmod(mode & 0o777)


def _sweep(out: Path) -> None:
    for folder in out.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            newest = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            if time.time() - newest > _STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _sync(folder: Path) -> None:
    if os.name != "nt":  # Windows opens no folders
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextlib.contextmanager
def _told(out: Path, what: str, kind: type[ConfigurationError | StoreError]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        failure = kind(f"the export to {out} {what}: {error.strerror or type(error).__name__}")
    else:
        return
    raise failure
