"""From where something is done, with what, and under which rule of the permission table.

They hold in the task that handles a request. What the product does by itself has none of them.
"""

from contextvars import ContextVar

ORIGIN: ContextVar[str] = ContextVar("origin", default="")
"""The IP address of who asked."""
DEVICE: ContextVar[str] = ContextVar("device", default="")
"""What the browser of who asked says it is."""
RULE: ContextVar[str] = ContextVar("rule", default="")
"""The cell of the permission table that allowed it last, as `role/action/relation`."""
