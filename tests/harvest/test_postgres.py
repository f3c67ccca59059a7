"""The suite's own PostgreSQL server keeps to itself, and can be stopped and started in a test."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import psycopg
import pytest

from .postgres import NoPostgres, PostgresServer


def test_each_test_has_a_database_of_its_own(postgres: PostgresServer, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    other = postgres.create_database()
    try:
        with psycopg.connect(other) as connection:
            assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    finally:
        postgres.drop_database(other)


def test_the_server_listens_on_loopback_only(postgres: PostgresServer) -> None:
    assert postgres.execute("SHOW listen_addresses") == [("127.0.0.1",)]


@pytest.mark.parametrize("immediate", [False, True])
def test_a_restart_keeps_port_and_data_and_ends_connections(
    postgres: PostgresServer, postgres_url: str, *, immediate: bool
) -> None:
    connection = psycopg.connect(postgres_url, autocommit=True)
    connection.execute("CREATE TABLE kept (id int)")
    postgres.restart(immediate=immediate)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
    with psycopg.connect(postgres_url) as again:
        assert again.execute("SELECT to_regclass('kept')::text").fetchone() == ("kept",)


def test_a_stopped_server_takes_no_connections(postgres: PostgresServer) -> None:
    postgres.stop()
    assert not postgres.is_running
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", postgres.port), timeout=1):
        pass


def test_without_programs_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: iter(()))
    with pytest.raises(NoPostgres, match="apt-get install postgresql"):
        PostgresServer()
