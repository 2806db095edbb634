"""The tables, one module a feature, on one `MetaData`. Import this package to have them all."""

from storage.tables import audit, people, slots  # noqa: F401 - importing a module registers its tables
from storage.tables.base import metadata

__all__ = ["metadata"]
