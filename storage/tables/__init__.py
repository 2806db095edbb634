"""The tables, one module a feature, on one `MetaData`. Import this package to have them all."""

# importing a module registers its tables
from storage.tables import (  # noqa: F401
    alerts,
    audit,
    casefiles,
    cases,
    cooperation,
    keys,
    people,
    retention,
    rooms,
    slots,
)
from storage.tables.base import metadata

__all__ = ["metadata"]
