"""A folder where each file is named by the SHA-256 of its content and by nothing else, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from interviewkit.errors import StoreError

PART = ".part"
"""The end of a temporary file's name, which begins with a dot."""
_STALE_SECONDS = 3600.0


def folder_of(root: Path, account: str) -> Path:
    """An account's folder; its name is the label percent-quoted, so that no label leads elsewhere."""
    name = quote(account, safe="")
    return root / (f"%2E{name[1:]}" if name.startswith(".") else name)


def path_of(root: Path, account: str, sha256: str) -> Path:
    """Where an account's file lies."""
    return folder_of(root, account) / sha256[:2] / sha256


def make_folder(folder: Path, *, tidy: bool) -> None:
    """Make an account's folder, and `tidy` it from what a killed process left unfinished."""
    with writable():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        old = time.time() - _STALE_SECONDS
        for part in unfinished(folder) if tidy else ():
            with contextlib.suppress(FileNotFoundError):
                if part.stat().st_mtime < old:
                    part.unlink()


class Part(io.FileIO):
    """A temporary file that remembers why it could not be written, and is written whole."""

    failed: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write all of it: a raw file may take less at a time."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while done < len(view):
                done += super().write(view[done:]) or 0
        except OSError as error:
            self.failed = error
            raise
        return done


@contextlib.contextmanager
def temporary(folder: Path) -> Iterator[tuple[Part, Path]]:
    """A new file in the folder, removed at the end unless it got another name."""
    # Made here and not in a thread: a cancelled task would never learn what the thread has made.
    with writable():
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=PART)
        file = Part(handle, "w+b")
    path = Path(name)
    try:
        yield file, path
    finally:
        file.close()
        with contextlib.suppress(OSError):  # it has its name now, or its folder is gone
            path.unlink()


def check_written(file: Part) -> None:
    """Raise `StoreError` when it was our disk that failed, and not the file that could not be had."""
    if file.failed is not None:
        with writable():
            raise file.failed


def digest(file: Part) -> tuple[str, int]:
    with writable():
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return sha256, file.tell()


def keep(file: Part, part: Path, path: Path) -> None:
    """Give the file its name, so that it is there whole after a loss of power, or not at all."""
    with writable():
        os.fsync(file.fileno())
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part.replace(path)
        for folder in (path.parent, path.parent.parent):
            _sync(folder)


def _sync(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there, and need not be
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def writable() -> Iterator[None]:
    """Turn errors of the file system into `StoreError`, without the path: it is the user's own folder."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the folder of artifacts cannot be written: {error.strerror or type(error).__name__}",
            hint="free some space or name another folder, and harvest again",
        ) from None


def unfinished(folder: Path) -> Iterator[Path]:
    """The temporary files in an account's folder."""
    return folder.glob(f".*{PART}")
