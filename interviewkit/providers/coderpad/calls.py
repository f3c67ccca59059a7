"""CoderPad's endpoints for pads and the quota: one function each, returning a `Call`.

Source: https://coderpad.io/api and the vendor's collection at https://api.interview.coderpad.io, read 2026-11; fields
and filters that only https://github.com/adamtheturtle/coderpad-openapi names are marked "seen live". Sending a call
raises the `VendorError` of the vendor's status; a 404 is a `NotFoundError` that names the kind of id. Every function
raises `InvalidArgumentError` for arguments that the vendor would refuse or ignore, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from interviewkit.errors import InvalidArgumentError
from interviewkit.http.wire import Body, Call, Form, Json, Page, Path, Request, Response, fields, path
from interviewkit.providers.coderpad.answers import Answer, Listing, acknowledged
from interviewkit.providers.coderpad.shapes import Ack, Event, Pad

if TYPE_CHECKING:
    from interviewkit.providers.coderpad.detail_shapes import Environment, PadDetail, Quota

T = TypeVar("T")

PAD_SORTS = ("created_at", "updated_at")

_SCALARS = (str, int, float, bool)
_ENDINGS = frozenset({"ended", "deleted"})


# --- pads ------------------------------------------------------------------------------------------------------------


def list_pads(*, sort: str | None = None, page: int | None = None, cursor: str | None = None) -> Call[Page[Pad]]:
    """One page of your own pads: 50 at most, values up to about a minute old.

    `sort` is `created_at` or `updated_at` with `,asc` or `,desc` (default `created_at,desc`). `cursor` is a page's
    `cursor`; send it with the same `sort`. Source: https://coderpad.io/api, "GET /api/pads (index)".
    """
    return listing("list_pads", "/api/pads", Pad, "pads", paging(sort, page, cursor, PAD_SORTS))


def list_organization_pads(
    *, sort: str | None = None, page: int | None = None, cursor: str | None = None
) -> Call[Page[Pad]]:
    """One page of all pads of the organization, for its owners or where all may see all; see `list_pads`.

    Source: https://coderpad.io/api, "GET /api/organization/pads (index)".
    """
    query = paging(sort, page, cursor, PAD_SORTS)
    return listing("list_organization_pads", "/api/organization/pads", Pad, "pads", query)


def create_pad(
    *, title: str | None = None, language: str | None = None, contents: str | None = None,
    question_id: int | str | None = None, notes: str | None = None, private: bool | None = None,
    execution_enabled: bool | None = None, user_email: str | None = None, team_id: str | None = None,
    restrict_interviewer_access: bool | None = None, allowed_interviewer_emails: Sequence[str] | None = None,
    disable_coaching_tips: bool | None = None, take_home: bool | None = None, take_home_time_limit: int | None = None,
    ai_assist_enabled: bool | None = None, extra: Mapping[str, Any] | None = None,
) -> Call[Pad]:  # fmt: skip
    """Create a pad; it counts against the plan, so it is never sent twice.

    `contents` and `question_id` exclude each other. `user_email` (the owner, created if need be) and `team_id` are for
    organization owners. `take_home_time_limit` is in minutes. Seen live: `restrict_interviewer_access` and the fields
    after it. `extra` is merged last. Raises `QuotaExceededError` when the plan's pads are used up.
    Source: https://coderpad.io/api, "POST /api/pads (create)".
    """
    given = {
        "title": title, "language": language, "contents": contents, "question_id": question_id, "notes": notes,
        "private": private, "execution_enabled": execution_enabled, "user_email": user_email, "team_id": team_id,
        "restrict_interviewer_access": restrict_interviewer_access,
        "allowed_interviewer_emails": _mailboxes(allowed_interviewer_emails),
        "disable_coaching_tips": disable_coaching_tips, "take_home": take_home,
        "take_home_time_limit": _minutes(take_home_time_limit), "ai_assist_enabled": ai_assist_enabled,
    }  # fmt: skip
    return call("create_pad", "POST", route("/api/pads"), Answer(Pad), body=_pad_body(_merged(given, extra)))


def get_pad(pad_id: str) -> Call[PadDetail]:
    """One pad, as it is now. A private pad is a 404 to a key without rights to it.

    Source: https://coderpad.io/api, "GET /api/pads/:id (show)".
    """
    from interviewkit.providers.coderpad.detail_shapes import PadDetail

    return call("get_pad", "GET", _pad_path(pad_id), Answer(PadDetail), subject="pad id")


def update_pad(
    pad_id: str, *, title: str | None = None, language: str | None = None, contents: str | None = None,
    question_id: int | str | None = None, notes: str | None = None, private: bool | None = None,
    execution_enabled: bool | None = None, user_email: str | None = None,
    restrict_interviewer_access: bool | None = None, allowed_interviewer_emails: Sequence[str] | None = None,
    disable_coaching_tips: bool | None = None, destroy_history: bool = False, extra: Mapping[str, Any] | None = None,
) -> Call[Ack]:  # fmt: skip
    """Change a pad; the answer is an acknowledgement only, so read the pad again for its new values.

    `contents` destroys the pad's history and breaks an interview under way: it needs `destroy_history=True`.
    `allowed_interviewer_emails` replaces the whole list, `[]` clears it. To end or delete a pad, see `end_pad` and
    `delete_pad`. Source: https://coderpad.io/api, "PUT /api/pads/:id (update)".
    """
    given = {
        "title": title, "language": language, "contents": contents, "question_id": question_id, "notes": notes,
        "private": private, "execution_enabled": execution_enabled, "user_email": user_email,
        "restrict_interviewer_access": restrict_interviewer_access,
        "allowed_interviewer_emails": _mailboxes(allowed_interviewer_emails),
        "disable_coaching_tips": disable_coaching_tips,
    }  # fmt: skip
    merged = _merged(given, extra)
    if not merged:
        raise InvalidArgumentError("update_pad: nothing to change", provider="coderpad")
    if not _ENDINGS.isdisjoint(merged):
        raise InvalidArgumentError(
            "update_pad neither ends nor deletes: see end_pad and delete_pad", provider="coderpad"
        )
    if "contents" in merged and not destroy_history:
        raise InvalidArgumentError(
            "update_pad: setting contents destroys the pad's history", provider="coderpad",
            hint="pass destroy_history=True if that is meant",
        )  # fmt: skip
    return call("update_pad", "PUT", _pad_path(pad_id), acknowledged, body=_pad_body(merged), subject="pad id")


def end_pad(pad_id: str) -> Call[Ack]:
    """End the interview for good. Source: https://coderpad.io/api, "PUT /api/pads/:id (update)"."""
    return _ending("end_pad", pad_id, "ended")


def delete_pad(pad_id: str) -> Call[Ack]:
    """Delete the pad for good. Source: https://coderpad.io/api, "PUT /api/pads/:id (update)"."""
    return _ending("delete_pad", pad_id, "deleted")


def list_pad_events(
    pad_id: str, *, sort: str | None = None, page: int | None = None, cursor: str | None = None
) -> Call[Page[Event]]:
    """One page of a pad's events, newest first unless `sort` says otherwise; see `list_pads` for the arguments.

    Source: https://api.interview.coderpad.io, "GET /api/pads/:id/events".
    """
    where = route("/api/pads/{pad_id}/events", pad_id=pad_id)
    return listing("list_pad_events", where, Event, "events", paging(sort, page, cursor, PAD_SORTS), subject="pad id")


def get_pad_environment(environment_id: int | str) -> Call[Environment]:
    """One environment of a pad, with its files; the ids stand in `Pad.pad_environment_ids`.

    Source: https://coderpad.io/api, "GET /api/pad_environments/:id (show)".
    """
    from interviewkit.providers.coderpad.detail_shapes import Environment

    where = route("/api/pad_environments/{environment_id}", environment_id=environment_id)
    return call("get_pad_environment", "GET", where, Answer(Environment), subject="environment id")


# --- the plan --------------------------------------------------------------------------------------------------------


def get_quota() -> Call[Quota]:
    """The plan's pads: used, left, when last counted anew. Source: https://coderpad.io/api, "GET /api/quota"."""
    from interviewkit.providers.coderpad.detail_shapes import Quota

    return call("get_quota", "GET", route("/api/quota"), Answer(Quota))


# --- building --------------------------------------------------------------------------------------------------------


def call(
    operation: str, method: str, where: Path, read: Callable[[Response], T], *,
    query: tuple[tuple[str, str], ...] = (), body: Body | None = None, subject: str | None = None,
) -> Call[T]:  # fmt: skip
    """A call of this vendor; reads are repeatable, writes are not."""
    request = Request(method, where, query, body)
    return Call("coderpad", operation, request, read, repeatable=method == "GET", subject=subject)


def listing(
    operation: str, where: Path | str, shape: type[T], key: str, query: Sequence[tuple[str, Any]], *,
    subject: str | None = None,
) -> Call[Page[T]]:  # fmt: skip
    """A call that reads one page of rows."""
    where = route(where) if isinstance(where, str) else where
    return call(operation, "GET", where, Listing(shape, key), query=fields(query), subject=subject)


def paging(sort: str | None, page: int | None, cursor: str | None, columns: Sequence[str]) -> list[tuple[str, Any]]:
    """The query of a sorted page. `cursor` is a page's own (`page=2`, `cursor=…`) or the vendor's bare cursor."""
    if sort is not None:
        column, comma, direction = sort.partition(",")
        if column not in columns or (comma and direction not in {"asc", "desc"}):
            raise InvalidArgumentError(
                f"sort is one of {', '.join(columns)}, with ,asc or ,desc behind it", provider="coderpad"
            )
    if page is not None and cursor is not None:
        raise InvalidArgumentError("page and cursor exclude each other", provider="coderpad")
    name, equals, value = ("page", "=", str(page)) if page is not None else (cursor or "").partition("=")
    if name not in {"page", "cursor"} or not equals:
        name, value = "cursor", cursor or ""
    if name == "page" and not (value.isascii() and value.isdigit() and int(value) > 0):
        raise InvalidArgumentError("page is a number from 1 on", provider="coderpad")
    if cursor is not None and not value:
        raise InvalidArgumentError("cursor is empty", provider="coderpad")
    return [("sort", sort), (name, value or None)]


def check_cursor(cursor: str | None, operation: str) -> None:
    """Raise `InvalidArgumentError` for what no page of a list carries as its `cursor`."""
    name, _equals, value = (cursor or "page=1").partition("=")
    if name not in {"page", "cursor"} or not value:
        raise InvalidArgumentError(
            "not a cursor of this list", provider="coderpad", operation=operation,
            hint="resume with the cursor of a page of the same list",
        )  # fmt: skip


def route(template: str, **ids: str | int) -> Path:
    """The path of an endpoint. Raises `InvalidArgumentError` for an id that would lead to another one."""
    try:
        return path(template, **ids)
    except InvalidArgumentError as error:
        raise error.locate(provider="coderpad", operation=None) from None


def _pad_path(pad_id: str) -> Path:
    return route("/api/pads/{pad_id}", pad_id=pad_id)


def _ending(operation: str, pad_id: str, field: str) -> Call[Ack]:
    body = Form(fields({field: True}))
    return call(operation, "PUT", _pad_path(pad_id), acknowledged, body=body, subject="pad id")


def _merged(given: Mapping[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    merged = {name: value for name, value in given.items() if value is not None} | dict(extra or {})
    if merged.get("contents") is not None and merged.get("question_id") is not None:
        raise InvalidArgumentError("contents and question_id exclude each other", provider="coderpad")
    if not str(merged.get("question_id", "none")).strip():
        raise InvalidArgumentError("question_id is empty", provider="coderpad")
    return merged


def _pad_body(merged: Mapping[str, Any]) -> Form | Json:
    """A form, as in all examples of the vendor; JSON for what a form cannot carry."""
    if all(isinstance(value, _SCALARS) for value in merged.values()):
        return Form(fields(merged))
    # Seen live: a JSON boolean is taken for execution_enabled and ignored, its word is not
    # (https://github.com/adamtheturtle/CoderPadKit, read 2026-11).
    words = {"execution_enabled": "true" if merged.get("execution_enabled") else "false"}
    return Json({"pad": {**merged, **words} if isinstance(merged.get("execution_enabled"), bool) else dict(merged)})


def _mailboxes(emails: Sequence[str] | None) -> list[str] | None:
    if isinstance(emails, str):
        raise InvalidArgumentError("allowed_interviewer_emails is a list of mailboxes", provider="coderpad")
    return None if emails is None else list(emails)


def _minutes(value: int | None) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise InvalidArgumentError("take_home_time_limit is a number of minutes from 1 on", provider="coderpad")
    return value
