"""Free text in a CSV file must not become a formula when a spreadsheet opens it.

A text that a spreadsheet could take for a formula gets an apostrophe in front, after OWASP's advice
(https://owasp.org/www-community/attacks/CSV_Injection, read 2026-11).
"""

from __future__ import annotations

import unicodedata

_STARTS = frozenset("=+-@")
_AT_ONCE = frozenset("\t\r\n")


def guard(text: str) -> str:
    """The text, with an apostrophe in front when it could be taken for a formula.

    It could when it begins with a tab or a line's end, or with `=`, `+`, `-` or `@`, also as a full-width or small
    form; and all this also behind blanks, quotes and letters that nobody sees.
    """
    return f"'{text}" if is_dangerous(text) else text


def unguard(text: str) -> str:
    """What `guard` was given: a text it put an apostrophe before is always one that is dangerous without it."""
    return text[1:] if text.startswith("'") and is_dangerous(text[1:]) else text


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet could take the text for a formula."""
    for letter in text:
        if letter in _AT_ONCE:
            return True
        if not _is_skipped(letter):
            return unicodedata.normalize("NFKC", letter)[0] in _STARTS
    return False


def _is_skipped(letter: str) -> bool:
    # Z: blanks; C: controls and letters without a width; Pi, Pf: typographic quotes.
    return letter in "'\"`" or unicodedata.category(letter)[0] in "ZC" or unicodedata.category(letter) in {"Pi", "Pf"}
