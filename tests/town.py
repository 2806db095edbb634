"""What plans, raises and sends alerts, without an application: each step when a test asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from typing_extensions import override

from server.alerts.delivering import Post, WaysOut
from server.alerts.ports import Mailer, NotDelivered, SmsGateway, WebhookSender
from server.alerts.raising import Crier
from server.cases.alerting import agency_number, audience
from server.cases.planning import Planner
from server.kernel.clock import Clock
from server.people.sealing import AesSealer
from storage.database import Database, SqlTransaction

SEALER = AesSealer(lambda: bytes(32))
ADDRESS = "https://lianbian.example/alerts"


@dataclass(slots=True)
class Outside(Mailer, SmsGateway, WebhookSender):
    """Takes what leaves, or refuses it."""

    refuses: bool = False
    failure: Exception = field(default_factory=lambda: NotDelivered("refused"))
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    """Id, to whom, and what."""
    headers: list[Mapping[str, str]] = field(default_factory=list)

    @override
    async def send(self, *args: object, **more: object) -> None:
        if self.refuses:
            raise self.failure
        first, second, third = args if len(args) == 3 else (*args, more["text"])
        if isinstance(second, Mapping):
            self.headers.append(second)
            self.sent.append((second["webhook-id"], str(first), bytes(third).decode()))  # type: ignore[call-overload]
        else:
            self.sent.append((str(first), str(second), str(third)))


@dataclass(slots=True)
class Town:
    """Alerts over one database."""

    database: Database
    clock: Clock
    outside: Outside = field(default_factory=Outside)

    @property
    def crier(self) -> Crier[SqlTransaction]:
        return Crier(
            units=self.database,
            turns=self.database,
            clock=self.clock,
            audience=audience,
            channels=self._ways.channels,
        )

    @property
    def _ways(self) -> WaysOut:
        return WaysOut(mailer=self.outside, sms=self.outside, webhooks=self.outside)

    async def cry(self) -> None:
        """Plans what has changed and raises what is due."""
        planner = Planner(units=self.database, turns=self.database, clock=self.clock, reach=self.crier.reach)
        await planner.catch_up()
        await self.crier.cry()

    async def send(self) -> None:
        """Sends what is to leave."""
        post: Post[SqlTransaction] = Post(
            units=self.database,
            clock=self.clock,
            ways=self._ways,
            sealer=SEALER,
            address=ADDRESS,
            agency_number=agency_number,
        )
        await post.send_all()
