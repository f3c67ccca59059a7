"""Runs the migrations on the connection that `store` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from interviewkit.harvest.schema import metadata

given = context.config.attributes
context.configure(connection=given["connection"], version_table=given["version_table"], target_metadata=metadata)
context.run_migrations()
