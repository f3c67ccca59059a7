"""CoderPad's endpoints for the key's user and the organization: one function each, returning a `Call`.

Sources and errors are those of `calls`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from interviewkit.errors import InvalidArgumentError
from interviewkit.http.wire import Call, Page, fields
from interviewkit.providers.coderpad.answers import Answer, Listing
from interviewkit.providers.coderpad.calls import call, route
from interviewkit.providers.coderpad.organization_shapes import (
    Organization,
    OrganizationStats,
    OrganizationUser,
    User,
)


def get_user() -> Call[User]:
    """Whose key it is, and whether it may create pads. Seen live, in no official page.

    Source: https://github.com/adamtheturtle/coderpad-openapi.
    """
    return call("get_user", "GET", route("/api/user"), Answer(User))


def get_organization() -> Call[Organization]:
    """The organization with its users and teams. Source: https://coderpad.io/api, "GET /api/organization (show)"."""
    return call("get_organization", "GET", route("/api/organization"), Answer(Organization))


def list_organization_users(*, email: str | None = None) -> Call[Page[OrganizationUser]]:
    """The organization's users in one page, or the one with this very `email`.

    Source: https://api.interview.coderpad.io, "GET /api/organization/users".
    """
    read = Listing(OrganizationUser, "users", bare=True)
    query = fields({"email": email})
    return call("list_organization_users", "GET", route("/api/organization/users"), read, query=query)


def get_organization_stats(
    *, start_time: datetime | None = None, end_time: datetime | None = None
) -> Call[OrganizationStats]:
    """Pads created by each member from `start_time` to `end_time` (aware times, both or neither: the last 7 days).

    Source: https://coderpad.io/api, "GET /api/organization/stats".
    """
    if (start_time is None) != (end_time is None):
        raise InvalidArgumentError("get_organization_stats: start_time and end_time come together", provider="coderpad")
    query = fields({"start_time": _iso("start_time", start_time), "end_time": _iso("end_time", end_time)})
    return call(
        "get_organization_stats", "GET", route("/api/organization/stats"), Answer(OrganizationStats), query=query
    )


def _iso(name: str, value: datetime | None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidArgumentError(f"{name} is a datetime with a time zone", provider="coderpad")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
