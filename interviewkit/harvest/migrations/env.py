"""Runs the migrations on the connection that `store` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from interviewkit.harvest.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
