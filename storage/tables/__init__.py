"""The tables, one module a feature, on one `MetaData`. Import this package to have them all."""

# importing a module registers its tables
from storage.tables import alerts, audit, casefiles, cases, cooperation, keys, people, rooms, slots  # noqa: F401
from storage.tables.base import metadata

__all__ = ["metadata"]
