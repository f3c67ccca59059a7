"""The conformance kit: subclass `ConformanceSuite`, say how to make your provider and what it talks to, run pytest.

    from interviewkit.model import SessionKind, SessionRef
    from interviewkit.testing import Backend, ConformanceSuite, Expected, recorded

    def ref(id): return SessionRef(provider="acme", kind=SessionKind.LIVE, id=id)

    ROUTES = {                                                  # recorded answers of your vendor
        "GET /v1/interviews?page=1": {"rows": [...], "next": 2},
        "GET /v1/interviews?page=2": {"rows": [...], "next": None},
        "GET /v1/interviews/i-1": {...},
        "POST /v1/interviews": {...},
    }

    class TestAcme(ConformanceSuite):
        def make_provider(self, **settings):                    # settings: transport=, timeout=, retry=, observers= …
            return Acme(api_key="acme-key-1", **settings)

        def make_backend(self):
            return Backend(
                transport=recorded(ROUTES), credentials=["acme-key-1"], sessions=3,
                finished=ref("i-1"), unfinished=ref("i-2"), unknown=ref("i-999"),
                expected={                                      # written out by hand, from the vendor's page
                    "create_session": [Expected("POST", "/v1/interviews", b'{"title":"Pairing exercise"}')],
                    "get_session": [Expected("GET", "/v1/interviews/i-1")],
                },
            )

Every `test_…` method is one promise of the protocol. What the provider declares (`capabilities`) is run; what it
declares as unsupported must raise and send nothing: nothing is skipped. The provider hands `transport=` on to
`Connection.open(..., settings)`: the kit listens there, spoils answers, and replays them with each field missing, null
or of another type in turn.

On a sandbox instead of recorded answers, `make_backend` is an async context manager that starts it and yields a
`Backend` with `transport=interviewkit.http.transport.Transport`; `wire=` then lets the sandbox itself break
connections.
The suite needs pytest and pytest-asyncio, in either of its modes.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from interviewkit.testing.arguments import Arguments
from interviewkit.testing.declaration import Declaration
from interviewkit.testing.failures import Failures
from interviewkit.testing.lifecycle import Lifecycle
from interviewkit.testing.objects import Objects
from interviewkit.testing.paging import Paging
from interviewkit.testing.payloads import Payloads
from interviewkit.testing.privacy import Privacy
from interviewkit.testing.requests import Requests


class ConformanceSuite(Declaration, Requests, Failures, Paging, Payloads, Objects, Arguments, Privacy, Lifecycle):
    """Every check of the kit: define `make_provider` and `make_backend` in a subclass named `Test…`."""

    pytestmark: ClassVar[list[Any]] = [pytest.mark.asyncio]

    @classmethod
    def checks(cls) -> list[str]:
        """The names of all checks."""
        return sorted(name for name in dir(cls) if name.startswith("test_"))
