"""What coordinators do that changes nothing, and stands in the log all the same."""

from dataclasses import dataclass

from typing_extensions import override

from server.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardViewed(Event):
    """A coordinator looked at all open cases of their area; no page shows it, so none is told."""

    area_id: str

    @property
    @override
    def subject(self) -> str:
        return f"organisation:{self.area_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return ()
