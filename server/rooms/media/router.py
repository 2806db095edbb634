"""The routes of one room: which sources go to which outputs.

They are computed when somebody comes or goes, so that a packet costs one look-up and a loop. This is also
the second place that keeps audio from whoever watches for order: no route of a medium is ever made to a
leg that was not opened for it, whatever the description that was negotiated says.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from server.rooms.media.errors import MediumRefused
from server.rooms.media.streams import Output, Source

if TYPE_CHECKING:
    from server.kernel.ids import ParticipantId
    from server.rooms.media.rtp import MediaKind


class Router:
    """Joins the sources and outputs of one room."""

    def __init__(self) -> None:
        """Begin with an empty room."""
        self._sources: dict[tuple[ParticipantId, MediaKind], Source] = {}
        self._outputs: list[Output] = []

    def add_source(self, source: Source) -> None:
        """Route `source` to everyone who watches its participant, instead of an earlier one of its kind."""
        self._sources[source.stream.participant, source.stream.kind] = source
        self._join()

    def remove_sources(self, sources: Iterable[Source]) -> None:
        """Route nothing from `sources` any more."""
        for source in sources:
            source.outputs = ()
            key = (source.stream.participant, source.stream.kind)
            if self._sources.get(key) is source:
                del self._sources[key]
        self._join()

    def add_output(self, output: Output) -> None:
        """Route to `output` what its stream's participant sends.

        Raises:
            MediumRefused: the output's leg may not have this medium.
        """
        if output.stream.kind not in output.allowed:
            raise MediumRefused
        self._outputs.append(output)
        self._join()

    def remove_outputs(self, outputs: Iterable[Output]) -> None:
        """Route nothing to `outputs` any more."""
        gone = set(outputs)
        self._outputs = [output for output in self._outputs if output not in gone]
        for output in gone:
            output.follow(None)
        self._join()

    def _join(self) -> None:
        for output in self._outputs:
            output.follow(self._sources.get((output.stream.participant, output.stream.kind)))
        for source in self._sources.values():
            source.outputs = tuple(output for output in self._outputs if output.source is source)
