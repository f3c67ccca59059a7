"""Who was erased, as keyed hashes: enough to skip a person in the next harvest, and nothing to read a person from."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import select, text

from interviewkit.errors import ConfigurationError
from interviewkit.harvest import schema
from interviewkit.harvest.addresses import addresses, normal
from interviewkit.harvest.engine import Transaction
from interviewkit.harvest.store import Store
from interviewkit.model import Report, SessionRef

VARIABLE = "INTERVIEWKIT_ERASURE_KEY"
_CHUNK = 400
"""Hashes a statement: SQLite counts each value as a variable."""
_LEAST = 32
"""Bytes of a key: no fewer than those of the hash."""


class Erasures:
    """The erased people and sessions of a store. Load them with `Erasures.load`."""

    def __init__(self, key: bytes = b"", hashes: Collection[str] = ()) -> None:
        self._key = key
        self._hashes = set(hashes)

    def __repr__(self) -> str:
        return f"<Erasures {len(self._hashes)}>"

    @classmethod
    async def load(cls, store: Store, key: bytes | None = None) -> Self:
        """Read them. `key` is the key, unless it is found in the environment or its file.

        Raises `ConfigurationError` when there are erasures and the key is missing or another one: without it the
        erased people would come back.
        """
        table = schema.erasure
        async with store.reading() as connection:
            rows = (await connection.execute(select(table.c.hash, table.c.key_id))).all()
        if not rows:
            return cls()
        known = _matching(find_key(key, store.folder), {row.key_id for row in rows})
        return cls(known, [row.hash for row in rows])

    @property
    def any(self) -> bool:
        """Whether anybody was erased."""
        return bool(self._hashes)

    def covers(self, account: str, ref: SessionRef | str, email: str | None) -> bool:
        """Whether a session was erased, or is a new one of a person who was."""
        if not self._hashes:
            return False
        if hash_of_ref(self._key, account, ref) in self._hashes:
            return True
        return email is not None and hash_of_email(self._key, email) in self._hashes

    def covers_text(self, text: str) -> bool:
        """Whether the address of a person who was erased stands in a text, such as a report's JSON."""
        if not self._hashes:
            return False
        return any(hash_of_email(self._key, address) in self._hashes for address in addresses(text))

    def covers_report(self, report: Report, text: str) -> bool:
        """Whether a report, and its JSON, are of a person or session that was erased."""
        candidate = report.candidate
        email = None if candidate is None else candidate.email
        return self.covers(report.account, report.ref, email) or self.covers_text(text)

    async def add(self, connection: Transaction, account: str, ref: SessionRef | str, now: datetime) -> None:
        """Remember a new session of a person who was erased, so that it is not read again."""
        found = hash_of_ref(self._key, account, ref)
        await insert(connection, self._key, [found], now)
        self._hashes.add(found)


class ErasureCheck:
    """Asks the store itself who was erased: also somebody who was a moment ago, and by another process.

    For what is added at any time, such as a webhook. An answer holds until the end of the transaction it was given in,
    since whoever erases waits for that.
    """

    def __init__(self, store: Store, key: bytes | None = None) -> None:
        self._store = store
        self._given = key
        self._key: bytes | None = None

    async def covers(
        self, connection: Transaction, account: str, *, refs: Collection[SessionRef | str] = (),
        emails: Collection[str] = (),
    ) -> bool:  # fmt: skip
        """Whether one of the sessions was erased, or one of the addresses is that of a person who was.

        `connection` is in a transaction that writes, and has locked no row yet but the account's, as whoever erases.
        What `addresses(text)` finds are a text's `emails`. Raises `ConfigurationError` when there are erasures, and the
        key is missing or another one: then nobody can tell.
        """
        if self._store.dialect == "postgresql":
            await connection.execute(_SHARE, {"space": _LOCKS})
        table = schema.erasure
        known = (await connection.execute(select(table.c.key_id).limit(1))).scalar_one_or_none()
        if known is None:
            return False
        key = self._find(known)
        hashes = [hash_of_ref(key, account, ref) for ref in refs] + [hash_of_email(key, email) for email in emails]
        for start in range(0, len(hashes), _CHUNK):
            some = table.c.hash.in_(hashes[start : start + _CHUNK])
            if (await connection.execute(select(table.c.hash).where(some).limit(1))).first() is not None:
                return True
        return False

    def _find(self, known: str) -> bytes:
        if self._key is None:  # the first erasure may have made it since
            self._key = _matching(find_key(self._given, self._store.folder), {known})
        return self._key


async def wait_for_checks(store: Store, connection: Transaction) -> None:
    """Wait until every transaction is over in which somebody asked an `ErasureCheck`; later ones wait for this one."""
    if store.dialect == "postgresql":
        await connection.execute(_WAIT, {"space": _LOCKS})


_LOCKS = 720_611_504
"""The space of PostgreSQL's advisory lock between those who add rows and those who erase; SQLite has one writer."""
_SHARE = text("SELECT pg_advisory_xact_lock_shared(:space, 0)")
_WAIT = text("SELECT pg_advisory_xact_lock(:space, 0)")


async def insert(connection: Transaction, key: bytes, hashes: Collection[str], now: datetime) -> None:
    """Store hashes; those that are there stay."""
    table = schema.erasure
    wanted = list(dict.fromkeys(hashes))
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        there = set((await connection.execute(select(table.c.hash).where(table.c.hash.in_(some)))).scalars())
        rows = [{"hash": one, "key_id": key_id(key), "erased_at": now} for one in some if one not in there]
        if rows:
            await connection.execute(table.insert(), rows)


# --- the key ---


def hash_of_email(key: bytes, email: str) -> str:
    """The keyed hash of an address, the same for all its spellings."""
    return _hash(key, "email", normal(email))


def hash_of_ref(key: bytes, account: str, ref: SessionRef | str) -> str:
    """The keyed hash of a session."""
    return _hash(key, "ref", account, str(ref))


def key_id(key: bytes) -> str:
    """What tells one key from another."""
    return _hash(key, "id")[:16]


def _hash(key: bytes, *parts: str) -> str:
    text = "\0".join(parts).encode(errors="surrogatepass")
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _matching(key: bytes | None, known: set[str]) -> bytes:
    """The key, if the erasures were made under it and no other."""
    if key is None:
        raise ConfigurationError(
            "people were erased from the store, and the key of their hashes is missing", hint=_hint()
        )
    if known != {key_id(key)}:
        raise ConfigurationError("people were erased from the store under another key", hint=_hint())
    return key


def key_path() -> Path:
    """Where the key lies unless it is given: `erasure.key` in the user's configuration."""
    configured = os.environ.get("XDG_CONFIG_HOME")
    base = Path(configured) if configured else Path.home() / ".config"
    return base / "interviewkit" / "erasure.key"


def find_key(key: bytes | None, *folders: Path | None) -> bytes | None:
    """The key: the one given, else the environment's, else its file's; `None` where there is none of them.

    Raises `ConfigurationError` for what is no key, and for a file in one of `folders`, where the data lie: who copies
    the data would have the key with them.
    """
    if key is not None:
        return _checked(key, "erasure_key")
    text = os.environ.get(VARIABLE)
    if text:
        return _checked(_bytes_of(text, VARIABLE), VARIABLE)
    path = key_path()
    try:
        content = path.read_text("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"the key {path} cannot be read: {error.strerror}", hint=_hint()) from None
    _keep_apart(path, folders)
    return _checked(_bytes_of(content, str(path)), str(path))


def make_key(*folders: Path | None) -> bytes:
    """A new key in its file, which only the owner may read; the file's key, when another process was first."""
    path = key_path()
    _keep_apart(path, folders)
    made = secrets.token_bytes(_LEAST)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".erasure-")  # 0600 from the first byte on
        try:
            with os.fdopen(handle, "w") as file:
                file.write(made.hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
        finally:
            os.unlink(name)
    except OSError as error:
        raise ConfigurationError(f"the key {path} cannot be made: {error.strerror}", hint=_hint()) from None
    return find_key(None, *folders) or made


def _keep_apart(path: Path, folders: Collection[Path | None]) -> None:
    own, home = path.resolve(), Path.home().resolve()
    for folder in folders:
        if folder is None:
            continue
        place = folder.resolve()
        # A store in the home folder itself, or above it, is no reason to refuse the user's configuration.
        if own.is_relative_to(place) and (own.parent == place or not home.is_relative_to(place)):
            raise ConfigurationError(
                "the key of erased people lies among the data that it protects",
                hint=f"move {path} elsewhere and name it by XDG_CONFIG_HOME, or set {VARIABLE}",
            )


def _bytes_of(text: str, name: str) -> bytes:
    word = text.strip()
    with contextlib.suppress(ValueError):
        return bytes.fromhex(word)
    with contextlib.suppress(binascii.Error, ValueError):
        return base64.b64decode(word.replace("-", "+").replace("_", "/") + "=" * (-len(word) % 4), validate=True)
    raise ConfigurationError(f"{name} is neither hexadecimal nor base64", hint=_hint())


def _checked(key: bytes, name: str) -> bytes:
    if not isinstance(key, bytes) or len(key) < _LEAST:
        raise ConfigurationError(f"{name} is a key of {_LEAST} random bytes or more", hint=_hint())
    return key


def _hint() -> str:
    return f"set {VARIABLE} to the key in hexadecimal, or put it into {key_path()}"
