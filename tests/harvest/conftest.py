"""The databases that harvest tests run on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

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
