"""A store with invented people in it, and every way in which one of them may be written in a file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs

from interviewkit import Candidate, Report, Session, SessionKind, SessionRef, SessionStatus
from interviewkit.harvest import schema
from interviewkit.harvest.content import path_of
from interviewkit.harvest.documents import document
from interviewkit.harvest.store import Store
from interviewkit.model import TimelineEvent, TimelineKind

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EMAIL = "Dagny.O'Kestrel+jobs@example.com"
NAME = "Dagny Kestrelby"


def vendor_id(email: str) -> str:
    """A candidate's id as RemoteInterview makes it: base64 of a word and the address."""
    return base64.b64encode(f"_ricand_{email}".encode()).decode().replace("=", "~")


def take_home(ident: str, *, provider: str = "codility", parent: str | None = None) -> SessionRef:
    return SessionRef(provider=provider, kind=SessionKind.TAKE_HOME, id=ident, parent=parent)


def report_of(
    ref: SessionRef, *, account: str = "acme", email: str | None = None, name: str | None = None,
    actor: str | None = None, **fields: Any,
) -> Report:  # fmt: skip
    """A report of somebody."""
    candidate = Candidate(email=email, name=name) if email or name else None
    session = Session(
        ref=ref, provider=ref.provider, account=account, kind=ref.kind, status=SessionStatus.COMPLETED,
        candidate=candidate, raw={"email": email, "name": name},
    )  # fmt: skip
    events = (TimelineEvent(at=NOW, kind=TimelineKind.JOINED, actor_email=actor),) if actor else ()
    return Report(
        ref=ref, provider=ref.provider, account=account, session=session, status=session.status, is_final=True,
        timeline=events, fetched_at=NOW, **{"raw": {"candidate": email}, **fields},
    )  # fmt: skip


@attrs.define
class Filled:
    """A store, and the folder of its files."""

    store: Store
    files: Path

    async def report(self, report: Report, *, files: tuple[bytes, ...] = (), memo: str | None = None) -> str:
        """Store a report with its item and its files, as a harvest does."""
        made = document(report)
        async with self.store.writing() as connection:
            seq = await self.store.next_seq(connection)
            row = {**made.columns, "account": report.account, "seq": seq}
            await connection.execute(schema.report.insert().values(**row))
        await self.item(made.ref, account=report.account, memo=memo)
        for position, content in enumerate(files):
            await self.file(made.ref, content, account=report.account, position=position)
        return made.ref

    async def item(self, ref: SessionRef | str, *, account: str = "acme", memo: str | None = None) -> str:
        row = {"account": account, "ref": str(ref), "stream": "sessions", "phase": "open", "digest": "d", "memo": memo}
        await self.put(schema.item, row)
        return str(ref)

    async def file(self, ref: SessionRef | str, content: bytes, *, account: str = "acme", position: int = 0) -> Path:
        sha = hashlib.sha256(content).hexdigest()
        path = path_of(self.files, account, sha)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        row = {
            "account": account, "ref": str(ref), "position": position, "kind": "submission", "sha256": sha,
            "size": len(content), "fetched_at": NOW,
        }  # fmt: skip
        await self.put(schema.artifact, row)
        return path

    async def unreadable(self, raw: bytes, *, ref: SessionRef | None = None, digest: str = "d") -> None:
        row = {
            "account": "acme", "stream": "sessions", "digest": digest, "ref": ref and str(ref), "raw": raw,
            "error": "not what the vendor documents", "seen_at": NOW,
        }  # fmt: skip
        await self.put(schema.unreadable, row)

    async def put(self, table: Any, row: dict[str, Any]) -> None:
        async with self.store.writing() as connection:
            await connection.execute(table.insert().values(**row))

    async def rows(self, table: Any) -> list[Any]:
        async with self.store.reading() as connection:
            return list((await connection.execute(table.select())).mappings())

    async def refs(self, table: Any = schema.report) -> set[str]:
        return {row["ref"] for row in await self.rows(table)}


def forms(*words: str) -> set[bytes]:
    """How words may be written: plain, small and large, escaped, percent-encoded, in base64 wherever they begin."""
    found: set[bytes] = set()
    for word in words:
        for spelling in {word, word.lower(), word.casefold(), word.upper()}:
            found |= {
                spelling.encode(), spelling.encode("utf-16-le"), spelling.encode().hex().encode(),
                quote(spelling, safe="").encode(), quote(spelling).encode(),
                spelling.replace("@", "\\u0040").encode(),
            }  # fmt: skip
            for lead in range(3):
                whole = base64.b64encode(b"x" * lead + spelling.encode()).decode()
                core = whole[(0, 2, 3)[lead] :].rstrip("=")[:-1]
                found |= {core.encode(), core.replace("+", "-").replace("/", "_").encode()}
    return {form for form in found if len(form) > 5}


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder, with its name, as it is and unpacked."""
    for path in folder.rglob("*"):
        yield path, str(path.relative_to(folder)).encode()
        if not path.is_file():
            continue
        data = path.read_bytes()
        yield path, data
        for unpack in (gzip.decompress, zlib.decompress):
            try:
                yield path, unpack(data)
            except (OSError, zlib.error, EOFError):
                continue
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    yield path, name.encode() + archive.read(name)


def traces(folder: Path, *words: str) -> set[tuple[str, bytes]]:
    """Where, and in which form, words stand in the files of a folder."""
    known = forms(*words)
    return {(path.name, form) for path, data in contents(folder) for form in known if form in data}
