"""Which vendors the sandbox has: a folder each, and one line of this table."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_type_hints

from .coderpad import CoderPad
from .codility import Codility
from .remoteinterview import RemoteInterview
from .vendor import Setup, Vendor


class Vendors:
    """One object a vendor; the order is that of their ports and accounts, and the first takes the odd sessions."""

    coderpad: CoderPad
    remoteinterview: RemoteInterview
    codility: Codility

    def __init__(self, setup: Callable[[int], Setup], sessions: int) -> None:
        """Build every vendor of the table; `setup` is asked for each one's, given its share of the sessions."""
        kinds = get_type_hints(Vendors)
        share = sessions // len(kinds)
        built: list[Vendor] = []
        for name, kind in kinds.items():
            vendor = kind(setup(share if built else sessions - share * (len(kinds) - 1)))
            setattr(self, name, vendor)
            built.append(vendor)
        self.vendors = tuple(built)
        """All of them, in the order of the table."""
