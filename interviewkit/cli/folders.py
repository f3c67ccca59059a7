"""Whether a folder can be written, found out before any work is done."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from interviewkit.errors import InterviewKitError


def check_writable(folder: Path, *names: str) -> None:
    """Raise `InterviewKitError` when files of these names could not be left in this folder; no trace stays."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    target = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        for target in (folder / name for name in names):
            if target.exists():
                target.open("ab").close()
    except OSError as error:
        raise unwritable(target, error) from None
    finally:
        for made in missing:
            with contextlib.suppress(OSError):
                made.rmdir()


def unwritable(path: Path, error: OSError) -> InterviewKitError:
    """Why a file or folder cannot be written."""
    return InterviewKitError(f"{path} cannot be written: {error.strerror or type(error).__name__}")
