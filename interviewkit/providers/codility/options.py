"""Where Codility's API is, and what only Codility has (https://codility.com/api-documentation/, read 2026-11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from interviewkit.provider import VendorOptions
from interviewkit.providers.codility.shapes import EventCallback

US = "https://app.codility.com"
"""The API's host for accounts that log in at app.codility.com."""
EU = "https://app-eu.codility.com"
"""The API's host for accounts that log in at app-eu.codility.com."""


@attrs.frozen(kw_only=True)
class CodilityOptions(VendorOptions):
    """What only Codility has: JSON to be stored with each invited candidate, and callbacks with addresses of their own.

    `event_callbacks` come beside those that `callback_url=` registers.
    """

    additional_data: Any = attrs.field(default=None, repr=False, hash=False)
    event_callbacks: Sequence[EventCallback] = attrs.field(default=(), hash=False)
