"""Migrations: one step a feature, run by Alembic on every database."""
