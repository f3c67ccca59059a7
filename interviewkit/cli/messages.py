"""Errors in the words of the command line: hints for programs are put differently, the vendor's own words are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from interviewkit.errors import InterviewKitError, Outcome, VendorError

_LONGEST = 300
_HINTS: Mapping[str, str] = {
    r"\.vendor_message|\.raw\b": "",
    r"unsupported='warn'": 'leave it out, or write unsupported = "warn" into the account\'s table',
    r"max_response_bytes": "raise max_response_bytes in the account's table if this size is expected",
    r"longer timeout": "try again, or give the account a longer timeout",
    r"\.retry_after": "wait a while",
    r"provider\.capabilities": "`interviewkit providers` says what is supported",
    r"list_assessments\(\)": "`interviewkit assessments` shows the ids",
    r"artifacts=": "name their folder with --artifacts",
    r"a harvest makes one": "`interviewkit harvest` makes one, and --store names it",
    r"\(--overwrite\)": "name another folder with --out, or say --overwrite",
    r"or say account=": "write PROVIDER:KIND:ID, or say --account",
    r"say which with account=": "say which with --account",
    r"without happened=": "leave out --happened to see what is known of it",
    r"\.\w+\(|\w+\(\)|__cause__": "",
}
"""A hint that says the one is replaced by the other; `""`: only a program can do that."""
_RESOLVE = re.compile(r"`await ledger\.resolve\('(\w+)'(, happened=\.\.\.)?\)`")


def told(error: InterviewKitError) -> str:
    """An error in one line for a person at a terminal: what the vendor said of a refusal stands in it."""
    where = ".".join(part for part in (error.provider, error.operation) if part)
    text = f"{where}: {error.message}" if where else error.message
    if isinstance(error, VendorError) and error.vendor_message:
        words = " ".join(error.vendor_message.split())
        text += f"; the vendor says: {words if len(words) <= _LONGEST else words[:_LONGEST] + '…'}"
    if error.outcome in {Outcome.UNKNOWN, Outcome.APPLIED}:
        text += f" [outcome: {error.outcome.value}]"
    hint = _hint(error.hint or "")
    return f"{text} ({hint})" if hint else text


def _hint(text: str) -> str:
    text = _RESOLVE.sub(
        lambda found: f"`interviewkit ledger resolve {found[1]}`{', with --happened yes or no' if found[2] else ''}",
        text,
    )
    return next((ours for pattern, ours in _HINTS.items() if re.search(pattern, text)), text)
