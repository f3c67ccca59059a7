"""CoderPad's words as classes: every field named like the vendor's key, times and states left as text.

Sources, read 2026-11: https://coderpad.io/api, the vendor's collection at https://api.interview.coderpad.io and, for
what no official page names, https://github.com/adamtheturtle/coderpad-openapi. Apart from ids any field may be missing:
pads of 2014 and of 2026 are read by the same classes. Where the pages contradict each other both forms are accepted.
Personal data, code and links stand in no repr.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import attrs

Id = int | str
"""The pages call most ids text and show numbers."""

Flag = bool | str
"""`execution_enabled` was seen as `"true"` as well as `true`."""


@attrs.frozen(kw_only=True)
class Ack:
    """The whole answer to most updates and deletions: `{"status": "OK"}`, or nothing (HTTP 204)."""

    status: str | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Team:
    """A team of an organization."""

    id: Id | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class Event:
    """One event of a pad. It has no id, and two equal ones can both be real."""

    message: str | None = attrs.field(default=None, repr=False)
    kind: str | None = None
    metadata: Id | None = None
    user_name: str | None = attrs.field(default=None, repr=False)
    user_email: str | None = attrs.field(default=None, repr=False)
    created_at: str | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


class PadFields(Protocol):
    """The fields of a pad that a session shows: a whole `Pad`, or the row of a list."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str | None: ...
    @property
    def state(self) -> str | None: ...
    @property
    def language(self) -> str | None: ...
    @property
    def participants(self) -> Sequence[str | None] | None: ...
    @property
    def events(self) -> tuple[Event | str | None, ...] | str | None: ...
    @property
    def created_at(self) -> str | datetime | None: ...
    @property
    def updated_at(self) -> str | datetime | None: ...
    @property
    def ended_at(self) -> str | datetime | None: ...
    @property
    def url(self) -> str | None: ...
    @property
    def playback(self) -> str | None: ...
    @property
    def type(self) -> str | None: ...
    @property
    def question_ids(self) -> Any: ...


@attrs.frozen(kw_only=True)
class Pad:
    """A pad. `contents` is often null even where there is code: that lies in the pad's environments.

    `events` is a list of events, a list of their messages, or the URL of the pad's events, by the age of the answer.
    Fields stand in the vendor's order, which is the fastest to read; a key of 2015 (`locked`, `hangout`) is in `raw`.
    """

    id: str
    title: str | None = None
    state: str | None = None
    owner_email: str | None = attrs.field(default=None, repr=False)
    language: str | None = None
    private: Flag | None = None
    execution_enabled: Flag | None = None
    contents: str | None = attrs.field(default=None, repr=False)
    participants: tuple[str | None, ...] | None = attrs.field(default=None, repr=False)
    events: tuple[Event | str | None, ...] | str | None = attrs.field(default=None, repr=False)
    notes: str | None = attrs.field(default=None, repr=False)
    created_at: str | None = None
    updated_at: str | None = None
    ended_at: str | None = None
    url: str | None = attrs.field(default=None, repr=False)
    playback: str | None = attrs.field(default=None, repr=False)
    history: str | None = attrs.field(default=None, repr=False)
    drawing: str | None = attrs.field(default=None, repr=False)
    type: str | None = None
    question_ids: tuple[Id | None, ...] | Id | None = None
    pad_environment_ids: tuple[Id | None, ...] | Id | None = None
    active_environment_id: Id | None = None
    team: Team | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)
