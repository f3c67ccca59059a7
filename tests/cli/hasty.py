"""`interviewkit` that takes vendors for quick: after a kill it is certain within a second or two."""

from __future__ import annotations

import sys

from interviewkit import CoderPad, Codility, InviteLedger, RemoteInterview
from interviewkit.cli import main
from interviewkit.providers.codility import invitations

TIMES = {"commit_within": 1.0, "index_lag": 0.5, "clock_skew": 60.0}
LEASE = 1.0


def hurry() -> None:
    """Set the times, and let Codility's batches be small, so that a kill meets the middle of a run."""
    for vendor in (CoderPad, RemoteInterview, Codility):
        vendor.commit_times = TIMES
    defaults = InviteLedger.open.__func__.__kwdefaults__  # type: ignore[attr-defined]
    defaults["lease_seconds"] = LEASE
    invitations.LARGEST_BATCH = 4


if __name__ == "__main__":
    hurry()
    sys.exit(main(sys.argv[1:]))
