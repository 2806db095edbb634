"""Composition of alerts: what plans, raises and sends them, in the web process or in a worker."""

import asyncio
from typing import TYPE_CHECKING

from server.alerts.delivering import Post, WaysOut
from server.alerts.raising import Crier
from server.alerts.reach import Reach
from server.alerts.ways_out import HttpSmsGateway, HttpWebhooks, SmtpMailer
from server.cases.alerting import agency_number, audience
from server.cases.planning import Planner
from server.ground import Ground
from server.kernel.rounds import in_rounds
from server.settings import Settings

if TYPE_CHECKING:
    from storage.database import SqlTransaction

EVERY_S = 1.0


def ways_out(settings: Settings) -> WaysOut:
    """Return the ways out that the operator has set up; raises ValueError if one is not well-formed."""
    return WaysOut(
        mailer=SmtpMailer(settings.smtp_url, sender=settings.mail_from) if settings.smtp_url else None,
        sms=HttpSmsGateway(settings.sms_url) if settings.sms_url else None,
        webhooks=HttpWebhooks(Reach(settings.webhook_hosts)),
    )


class TownCrier:
    """Does all that has to do with alerts beside the requests."""

    def __init__(self, ground: Ground, ways: WaysOut | None = None) -> None:
        """Stand on the ground; without `ways`, those of its settings."""
        settings, database, clock = ground.settings, ground.database, ground.clock
        self.ways = ways or ways_out(settings)
        scheme = "https" if settings.secure_cookies else "http"
        crier: Crier[SqlTransaction] = Crier(
            units=database, turns=database, clock=clock, audience=audience, channels=self.ways.channels
        )
        self._planner = Planner(units=database, turns=database, clock=clock, reach=crier.reach)
        self._crier = crier
        self._post: Post[SqlTransaction] = Post(
            units=database,
            clock=clock,
            ways=self.ways,
            sealer=ground.sealer,
            address=f"{scheme}://{settings.domain or settings.public_address}/alerts",
            agency_number=agency_number,
        )
        self._has_begun = False

    async def plan(self) -> None:
        """Plan what has changed."""
        if not self._has_begun:
            await self._planner.begin()
            self._has_begun = True
        await self._planner.catch_up()

    async def cry(self) -> None:
        """Raise what is due."""
        await self._crier.cry()

    async def send(self) -> None:
        """Send what is to leave."""
        await self._post.send_all()

    async def run(self, ending: asyncio.Event) -> None:
        """Go on until `ending` is set; neither failing plans nor slow messages hold up an alert."""
        await asyncio.gather(
            in_rounds(self.plan, every_s=EVERY_S, ending=ending),
            in_rounds(self.cry, every_s=EVERY_S, ending=ending),
            in_rounds(self.send, every_s=EVERY_S, ending=ending),
        )
