"""Runs the revisions on the connection that `migrate` hands over, in one transaction."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="migrations", version_table_schema="headwater")
with context.begin_transaction():
    context.run_migrations()
