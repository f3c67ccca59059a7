"""CoderPad's users and organizations as classes; sources and rules are those of `shapes`."""

from __future__ import annotations

from typing import Any

import attrs

from interviewkit.providers.coderpad.shapes import Id, Team


@attrs.frozen(kw_only=True)
class User:
    """Whose key it is."""

    name: str | None = attrs.field(default=None, repr=False)
    allow_pad_creation: bool | None = None
    analytics_id: str | None = attrs.field(default=None, repr=False)
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class OrganizationUser:
    """A user of the organization; `teams` are ids."""

    email: str | None = attrs.field(default=None, repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    teams: tuple[Id, ...] | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Organization:
    """An organization. Its language is `organization_default_language`, in older answers `default_language`."""

    id: Id | None = None
    organization_name: str | None = None
    user_count: int | None = None
    users: tuple[OrganizationUser, ...] | None = attrs.field(default=None, repr=False)
    teams: tuple[Team, ...] | None = None
    organization_default_language: str | None = None
    default_language: str | None = None
    single_sign_on_supported: bool | None = None
    single_sign_in_url: str | None = None
    child_organizations: Any = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class UserStats:
    """How many pads a user created in the window."""

    email: str | None = attrs.field(default=None, repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    pads_created: int | None = None


@attrs.frozen(kw_only=True)
class OrganizationStats:
    """How many pads the organization created from `start_time` to `end_time`."""

    start_time: str | None = None
    end_time: str | None = None
    pads_created: int | None = None
    users: tuple[UserStats, ...] | None = attrs.field(default=None, repr=False)
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)
