"""The databases that harvest tests run on, and stores to fill and to erase from."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from interviewkit.harvest import Store
from interviewkit.harvest.erasures import VARIABLE

from .people import Filled
from .postgres import NoPostgres, PostgresServer

REQUIRED = "INTERVIEWKIT_TEST_POSTGRES"
"""`required`: a machine without PostgreSQL fails the tests that need it, instead of skipping them."""


@pytest.fixture(scope="session")
def _server() -> Iterator[PostgresServer]:
    # under pytest-xdist each worker process has its own: it takes about a second
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(PostgresServer())
        except NoPostgres as why:
            if os.environ.get(REQUIRED) == "required":
                pytest.fail(f"{why}; {REQUIRED}=required", pytrace=False)
            pytest.skip(str(why))
        yield server


@pytest.fixture
def postgres(_server: PostgresServer) -> PostgresServer:
    """The suite's server, running; a test may stop, start and restart it."""
    _server.start()
    return _server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a new empty PostgreSQL database."""
    url = postgres.create_database()
    yield url
    postgres.start()
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new store, on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a key of erasures."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a store and its files."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
async def filled(data: Path) -> AsyncIterator[Filled]:
    """An empty SQLite store in the data folder."""
    async with await Store.open(data / "store.db") as store:
        yield Filled(store, data / "files")


@pytest.fixture(params=["sqlite", "postgresql"])
async def either(request: pytest.FixtureRequest, data: Path) -> AsyncIterator[Filled]:
    """An empty store on each database."""
    url = data / "store.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with await Store.open(url) as store:
        yield Filled(store, data / "files")
