"""From where something is done, and under which rule of the permission table, for the log to name.

They hold in the task that handles a request. What the product does by itself has neither.
"""

from contextvars import ContextVar

ORIGIN: ContextVar[str] = ContextVar("origin", default="")
"""The IP address of who asked."""
RULE: ContextVar[str] = ContextVar("rule", default="")
"""The cell of the permission table that allowed it last, as `role/action/relation`."""
