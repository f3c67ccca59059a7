"""What users type: every promised name is there, and importing the package costs nothing."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import interviewkit

# The names of the public contract, written out by hand.
PROMISED = str.split("""
CoderPad RemoteInterview Codility connect Hub
InterviewProvider BaseProvider VendorOptions CoderPadOptions RemoteInterviewOptions CodilityOptions
Pager Page Call Problem
Capabilities Capability Feature Support
RetryPolicy RateLimit Limiter TokenSource Observer
SessionRef Session Invitation Ref Candidate Assessment InviteRequest InviteOutcome InvitationEmail
Report ReportOutcome TaskResult TestCaseResult SourceFile Score TimelineEvent Artifact TemporaryLink Similarity
AccountStatus Dropped
SessionKind SessionStatus Decision TaskKind ArtifactKind TimelineKind SimilarityStatus
InterviewKitError ConfigurationError InvalidArgumentError UnsupportedError ReferenceConflictError
TransportError DeadlineExceededError VendorError AuthenticationError PermissionDeniedError NotFoundError
InvalidRequestError ConflictError QuotaExceededError RateLimitedError VendorUnavailableError
MalformedResponseError ListingUnstableError WebhookError SignatureError BadEventError Outcome
""")


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_name_is_there(name: str) -> None:
    assert getattr(interviewkit, name) is not None
    assert name in interviewkit.__all__
    assert name in dir(interviewkit)


@pytest.mark.parametrize("name", interviewkit.__all__)
def test_every_name_has_a_promise_of_its_own(name: str) -> None:
    found = getattr(interviewkit, name)
    assert name == "Ref" or (inspect.getdoc(found) or "").strip()


def _type_checking_names() -> Iterator[str]:
    tree = ast.parse(Path(interviewkit.__file__).read_text())
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for line in node.body:
                assert isinstance(line, ast.ImportFrom)
                for alias in line.names:
                    assert interviewkit._HOME[alias.name] == str(line.module).removeprefix("interviewkit.")
                    yield alias.name


def test_the_lazy_table_the_type_checkers_list_and_all_name_the_same() -> None:
    assert sorted(_type_checking_names()) == sorted(interviewkit._HOME) == sorted(interviewkit.__all__)
    assert interviewkit.__all__ == sorted(interviewkit.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = interviewkit.no_such_name


def loaded(code: str) -> set[str]:
    """The top-level packages, and ours in full, that a fresh interpreter has loaded after `code`."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


def test_importing_the_package_loads_nothing_else() -> None:
    names = loaded("import interviewkit")
    assert {name for name in names if name.startswith("interviewkit")} == {"interviewkit"}
    assert not names & {"aiohttp", "attrs", "attr", "cattrs", "msgspec", "asyncio", "rich", "cyclopts"}


@pytest.mark.parametrize("name", ["CoderPad", "RemoteInterview", "Codility"])
def test_the_first_provider_loads_no_other_vendor_and_no_tool(name: str) -> None:
    names = loaded(f"import interviewkit\ninterviewkit.{name}")
    vendors = {
        part for part in ("coderpad", "codility", "remoteinterview") if f"interviewkit.providers.{part}" in names
    }
    assert vendors == {name.lower()}
    assert not names & {
        "rich",
        "cyclopts",
        "cattrs",
        "opentelemetry",
        "oauthlib",
        "keyring",
        "interviewkit.cli",
        "pytest",
    }
    assert not {name for name in names if name.startswith(("interviewkit.sandbox", "interviewkit.testing"))}
