"""The databases that the receiver's tests run on."""

from __future__ import annotations

from tests.harvest.conftest import _server, postgres, postgres_url, store_url

__all__ = ["_server", "postgres", "postgres_url", "store_url"]
