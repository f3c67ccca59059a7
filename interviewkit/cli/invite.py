"""`invite`: one candidate, or everybody in a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter

from interviewkit.cli import accounts, stores
from interviewkit.cli.accounts import COMMON, Common
from interviewkit.cli.exits import DONE, PARTLY
from interviewkit.cli.invite_file import NO_OPTIONS, FileOptions, invite_file
from interviewkit.cli.invite_rows import is_mailbox, reference_of
from interviewkit.cli.render import Screen
from interviewkit.cli.session import show_made, writing
from interviewkit.errors import InvalidArgumentError
from interviewkit.model import Candidate

if TYPE_CHECKING:
    from interviewkit.ledger import InviteLedger

_FILES = (".csv", ".tsv", ".txt")
_SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")


@Parameter(name="*", group="One candidate")
@attrs.frozen(kw_only=True)
class Person:
    """Who is invited, where it is one."""

    email: Annotated[str | None, Parameter(help="The candidate's mailbox.")] = None
    name: Annotated[str | None, Parameter(help="The candidate's whole name.")] = None
    first_name: Annotated[str | None, Parameter(help="The candidate's first name.")] = None
    last_name: Annotated[str | None, Parameter(help="The candidate's last name.")] = None
    phone: Annotated[str | None, Parameter(help="The candidate's phone number.")] = None
    reference: Annotated[
        str | None, Parameter(help="Your own id for the invitation, where the vendor has a place for one, or --store.")
    ] = None

    def candidate(self) -> Candidate:
        """The candidate."""
        return Candidate(
            email=self.email, name=self.name, first_name=self.first_name, last_name=self.last_name, phone=self.phone
        )


NOBODY = Person()


async def invite(
    assessment_or_file: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    /,
    *,
    assessment: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    person: Person = NOBODY,
    send_mail: Annotated[bool, Parameter(negative="")] = False,
    callback_url: str | None = None,
    report_email: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    redirect_url: str | None = None,
    store: str | None = None,
    file: FileOptions = NO_OPTIONS,
    common: Common = COMMON,
) -> int:
    """Invite a candidate to an assessment and show the candidate's link, or everybody in a CSV file, once each.

    Parameters
    ----------
    assessment_or_file
        The assessment's id as `assessments` shows it, which CoderPad can do without; or the file of candidates, beside
        --assessment or where it ends in .csv, .tsv or .txt.
    assessment
        The assessment's id, beside a file.
    send_mail
        Let the vendor mail the candidate.
    callback_url
        Where the vendor reports the result.
    report_email
        Who gets the report by mail; may be repeated.
    redirect_url
        Where the candidate is sent in the end.
    store
        The store whose ledger makes the invitation happen once: sqlite:///FILE, or postgresql://USER@HOST/DATABASE. For
        a file sqlite:///interviewkit.db unless given; for one candidate none.
    """
    is_file = assessment_or_file is not None and (
        assessment is not None or assessment_or_file.casefold().endswith(_FILES)
    )
    _check_form(assessment_or_file, is_file=is_file)
    _check_mailboxes("--email", () if person.email is None else (person.email,))
    _check_mailboxes("--report-email", report_email)
    shared: dict[str, Any] = {
        "email": send_mail, "callback_url": callback_url, "report_emails": report_email, "redirect_url": redirect_url,
    }  # fmt: skip
    if is_file and person != NOBODY:
        raise InvalidArgumentError(
            "a candidate's data stand in the file's columns", hint="leave out --email, --name, --reference and the like"
        )
    if not is_file and file.given:
        raise InvalidArgumentError("--result, --reference-column, --overwrite and --dry-run go with a file")
    if is_file:
        return await invite_file(
            Path(str(assessment_or_file)), assessment=assessment, shared=shared, store=store, options=file,
            common=common,
        )  # fmt: skip
    return await _invite_one(assessment or assessment_or_file, person, shared, store, common)


def _check_form(given: str | None, *, is_file: bool) -> None:
    """See that what is given is no file in a form that cannot be read. Raises `InvalidArgumentError`."""
    if given is None:
        return
    is_other = not is_file and bool(Path(given).suffix) and os.path.isfile(given)
    if is_other or given.casefold().endswith(_SPREADSHEETS):
        raise InvalidArgumentError(f"{given} looks like a file", hint="save it as CSV UTF-8")


def _check_mailboxes(option: str, given: Sequence[str]) -> None:
    if not all(is_mailbox(one) for one in given):
        raise InvalidArgumentError(f"{option} is no mailbox")


async def _invite_one(
    assessment: str | None, person: Person, shared: dict[str, Any], store: str | None, common: Common
) -> int:
    screen, candidate, reference = Screen(as_json=common.json), person.candidate(), person.reference
    named = reference or reference_of(assessment, candidate)
    if named is None:
        raise InvalidArgumentError("nothing says who is invited", hint="say --email, --name or --reference")
    if store is not None:
        stores.check(store)
        reference = named

    async def ledger() -> InviteLedger:
        from interviewkit.ledger import InviteLedger

        return await InviteLedger.open(str(store))

    async with accounts.writer(common, ledger if store is not None else None) as provider:
        with writing(screen, "invitation", is_noted=store is not None):
            made = await provider.invite_candidate(assessment, candidate, reference=reference, **shared)
    show_made(screen, made, made.warnings, ("account", "ref", "url", "email_sent", "reference"))
    return PARTLY if shared["email"] and made.email_sent is not True else DONE
