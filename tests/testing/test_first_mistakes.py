"""What the author of a first provider gets wrong, and what the kit then says: one clear line, and pytest goes on."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import types
from pathlib import Path
from typing import Any, ClassVar

import pytest

from interviewkit import BaseProvider, Capabilities, Capability, Feature, Support, UnsupportedError
from interviewkit.testing import Backend, ConformanceSuite, FakeProvider, tap
from tests.conformance.fake_backend import fake_backend

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"


class _Boasting(FakeProvider):
    """Declares END_SESSION, and leaves the method to the base class, which refuses."""

    async def end_session(self, ref: Any) -> None:
        await BaseProvider.end_session(self, ref)


class _Unopened(BaseProvider):
    """Never calls `super().__init__()`."""

    name = "acme"
    capabilities = Capabilities({Feature.CHECK: Capability(Support.NATIVE, "x")})

    def __init__(self, **settings: Any) -> None:
        self.settings = settings


class _Suite(ConformanceSuite):
    """The kit on a provider that is told."""

    __test__ = False
    made: ClassVar[type[Any]]

    def make_provider(self, **settings: Any) -> Any:
        return self.made(api_key="fake-key-K3Y", **settings)

    def make_backend(self) -> Backend:
        return fake_backend()


class _OnBoasting(_Suite):
    made = _Boasting


class _OnUnopened(_Suite):
    made = _Unopened


async def test_a_declared_but_missing_operation_leaves_no_unread_error_to_the_collector() -> None:
    # asyncio logs such an error from the garbage collector, wherever that runs: within pytest's own parsing of sources,
    # where CPython 3.11 gives up with a SystemError (https://github.com/python/cpython/issues/106905, read 2026-11).
    unread: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unread.append(context))
    with pytest.raises(UnsupportedError):
        await _OnBoasting().test_a_cancelled_call_is_cancelled_and_no_error_of_its_own()
    gc.collect()
    assert unread == []


def test_pytest_survives_a_provider_that_declares_what_it_lacks(tmp_path: Path) -> None:
    acme = (EXAMPLES / "acme.py").read_text(encoding="utf-8")
    line = 'ik.Feature.GET_SESSION: native("one interview"),'
    (tmp_path / "acme.py").write_text(acme.replace(line, f'{line} ik.Feature.END_SESSION: native("x"),'), "utf-8")
    (tmp_path / "test_acme.py").write_text((EXAMPLES / "test_acme.py").read_text(encoding="utf-8"), "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--maxfail=2"]
    ran = subprocess.run(command, cwd=tmp_path, check=False, timeout=60, capture_output=True, text=True)
    assert "2 failed" in ran.stdout, ran.stdout
    assert "INTERNALERROR" not in ran.stdout
    assert "UnsupportedError: acme" in ran.stdout


@pytest.mark.parametrize(
    "check",
    ["test_401_is_an_authentication_error", "test_closing_twice_is_no_error", "test_a_borrowed_session_is_left_open"],
)
async def test_a_provider_that_skips_the_base_classs_init_is_told_so(check: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"_Unopened.__init__ .* super\(\).__init__\("):
        await getattr(_OnUnopened(), check)()


async def test_what_is_no_provider_at_all_is_told_so() -> None:
    class OnNothing(_Suite):
        def make_provider(self, **_settings: Any) -> Any:
            return None

    with pytest.raises(pytest.fail.Exception, match="make_provider returned None"):
        await OnNothing().test_401_is_an_authentication_error()


@pytest.mark.parametrize("uptime", [0.0, 7_903.1, 8_612.43, 123_456.789, 9_876_543.21])
async def test_a_deadline_is_kept_however_long_the_machine_has_been_up(
    uptime: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Seconds since the machine started are large beside a deadline of milliseconds: their difference is rounded.
    class Good(_Suite):
        made = FakeProvider

    monkeypatch.setattr(tap, "time", types.SimpleNamespace(monotonic=lambda: uptime))
    await Good().test_a_deadline_is_a_deadline_exceeded_error()
