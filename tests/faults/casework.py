"""What a lawyer writes while the server is killed: parts of files, annotations, bookings."""

import asyncio
import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from http import HTTPStatus
from random import Random

from aiohttp import ClientSession
from sqlalchemy import exists, func, select
from typing_extensions import override

from server.kernel.clock import CHINA
from server.scheduling.model import BookingStatus
from storage.database import Database, SqlTransaction
from storage.tables.casefiles import annotation
from storage.tables.slots import booking, slot_claim
from tests.documents import scan
from tests.faults.killing import UnexpectedAnswer, Workload, become, signed_in

_CHUNK_BYTES = 4096
_READY_WITHIN_S = 90.0
_BOOKED_WITHIN = timedelta(days=80)
_UNKNOWN = -1
_TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(slots=True)
class Desk:
    """The lawyer of the story in front of the case whose client is named."""

    headers: dict[str, str] = field(default_factory=dict)
    case: str = ""

    async def sit_down(self, client: str, database: Database, browser: ClientSession) -> None:
        async with database.reading() as tx:
            accounts = await tx.people.seeded_accounts()
            lawyer = next(account for account in accounts if account.name == "周某")
            own = frozenset(case.id for case in await tx.cases.cases_of_lawyer(lawyer.id))
            clients = await tx.cases.recipients_of(own)
        (case_id,) = [case_id for case_id, party in clients.items() if party.name == client]
        self.headers = signed_in(await become(browser, lawyer))
        self.case = f"/cases/{case_id}"

    async def create(self, content: bytes, browser: ClientSession) -> str:
        """Announces a file and returns where its bytes go."""
        vouched = {"filename": "卷.pdf", "sha256": hashlib.sha256(content).hexdigest()}
        pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in vouched.items())
        headers = {"Upload-Length": str(len(content)), "Upload-Metadata": ",".join(pairs)}
        async with browser.post(
            f"{self.case}/uploads", headers={**self.headers, **_TUS, **headers}
        ) as answer:
            if answer.status != 201:
                raise UnexpectedAnswer(answer, await answer.text())
            return answer.headers["Location"]

    async def append(self, place: str, content: bytes, offset: int, browser: ClientSession) -> str | None:
        """Sends the next part; returns the dossier's address after the last."""
        part = content[offset : offset + _CHUNK_BYTES]
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        async with browser.patch(place, data=part, headers={**self.headers, **_TUS, **headers}) as answer:
            if answer.status != 204:
                raise UnexpectedAnswer(answer, await answer.text())
            return answer.headers.get("Dossier-Location")

    async def offset(self, place: str, browser: ClientSession) -> int:
        """Asks how much of the file is there; `_UNKNOWN`, less than any, if nothing is known of it."""
        async with browser.head(place, headers={**self.headers, **_TUS}) as answer:
            if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise UnexpectedAnswer(answer)
            return int(answer.headers["Upload-Offset"]) if answer.status == 200 else _UNKNOWN

    async def upload(self, content: bytes, browser: ClientSession) -> str:
        """Sends a whole file and returns the dossier's address, once its page is there."""
        place, at, dossier = await self.create(content, browser), 0, None
        while dossier is None:
            dossier = await self.append(place, content, at, browser)
            at += _CHUNK_BYTES
        assert await self.is_read(dossier, browser)
        return dossier

    async def is_read(self, dossier: str, browser: ClientSession) -> bool:
        """Tells whether the dossier's one page is there, waiting while it is split off."""
        async with asyncio.timeout(_READY_WITHIN_S):
            while True:
                async with browser.get(f"{dossier}/manifest", headers=self.headers) as answer:
                    manifest = await answer.json() if answer.status == 200 else {"status": "missing"}
                if manifest["status"] != "received":
                    return manifest["status"] == "ready" and manifest["page_count"] == 1
                await asyncio.sleep(0.1)


@dataclass(frozen=True, slots=True)
class UploadClaim:
    """How much of a file was acknowledged, or, once whole, the dossier that it became."""

    place: str
    offset: int
    dossier: str | None


class Uploads(Workload[UploadClaim]):
    """Sends files part by part, after a kill from where the server says; it checks the whole file's hash."""

    name = "uploads"

    def __init__(self, dice: Random) -> None:
        super().__init__(dice)
        self._desk = Desk()
        self._pdf = scan(1)
        self._content = b""
        self._place = ""
        self._at = 0
        self._browser: ClientSession | None = None

    @override
    async def prepare(self, database: Database, browser: ClientSession) -> None:
        await self._desk.sit_down("张某", database, browser)

    @override
    async def write(self, browser: ClientSession) -> None:
        if not self._place:
            # Bytes after a PDF's end don't harm it, and make each file another one.
            self._content, self._at = self._pdf + self.dice.randbytes(64), 0
            self._place = await self._desk.create(self._content, browser)
            self.claims.append(UploadClaim(self._place, 0, None))
        elif browser is not self._browser:
            self._at = await self._desk.offset(self._place, browser)
            if self._at == len(self._content):
                self.claims.append(UploadClaim(self._place, self._at, None))
            if self._at in {_UNKNOWN, len(self._content)}:
                self._place = ""
                return
        self._browser = None  # how far the file is has to be asked again, unless all goes well
        place, at = self._place, min(self._at + _CHUNK_BYTES, len(self._content))
        dossier = await self._desk.append(place, self._content, self._at, browser)
        self._browser, self._at = browser, at
        if at == len(self._content):
            self._place = ""
        self.claims.append(UploadClaim(place, at, dossier))

    @override
    async def holds(self, claim: UploadClaim, browser: ClientSession) -> bool:
        if await self._desk.offset(claim.place, browser) < claim.offset:
            return False
        return claim.dossier is None or await self._desk.is_read(claim.dossier, browser)


@dataclass(frozen=True, slots=True)
class AnnotationClaim:
    """An annotation that was answered, and its words."""

    id: str
    comment: str


class Annotations(Workload[AnnotationClaim]):
    """Marks regions of one page, each again under the same key until it is answered."""

    name = "annotations"

    def __init__(self, dice: Random) -> None:
        super().__init__(dice)
        self._desk = Desk()
        self._dossier = ""
        self._unanswered: dict[str, object] = {}
        self._asked: ClientSession | None = None
        self._found: dict[str, str] = {}

    @override
    async def prepare(self, database: Database, browser: ClientSession) -> None:
        await self._desk.sit_down("孟某", database, browser)
        self._dossier = await self._desk.upload(scan(1), browser)

    @override
    async def write(self, browser: ClientSession) -> None:
        self._unanswered = body = self._unanswered or {
            "page": 1,
            "region": {"x": self.dice.randint(0, 80), "y": 10, "width": 12, "height": 5},
            "meaning": "doubt",
            "comment": f"伤情时间与监控不符 {self.dice.random()}",
            "idempotency_key": f"kill-{self.dice.randrange(10**12)}-key",
        }
        async with browser.post(
            f"{self._dossier}/annotations", json=body, headers=self._desk.headers
        ) as answer:
            if answer.status != 201:
                raise UnexpectedAnswer(answer, await answer.text())
            self.claims.append(AnnotationClaim((await answer.json())["id"], str(body["comment"])))
        self._unanswered = {}

    @override
    async def doubled(self, tx: SqlTransaction) -> int:
        comments = select(annotation.c.comment).group_by(annotation.c.comment)
        twice = set((await tx.connection.execute(comments.having(func.count() > 1))).scalars())
        return len(twice & {claim.comment for claim in self.claims})

    @override
    async def holds(self, claim: AnnotationClaim, browser: ClientSession) -> bool:
        if browser is not self._asked:
            async with browser.get(f"{self._dossier}/annotations", headers=self._desk.headers) as answer:
                found = await answer.json()
            self._found = {each["id"]: each["comment"] for each in found["annotations"]}
            self._asked = browser
        return self._found.get(claim.id) == claim.comment


@dataclass(frozen=True, slots=True)
class BookingClaim:
    """A booking that was made, or cancelled."""

    id: str
    cancelled: bool


class Bookings(Workload[BookingClaim]):
    """Books one slot after the other, and takes each back again, so that there are always slots to book."""

    name = "bookings"

    def __init__(self, dice: Random) -> None:
        super().__init__(dice)
        self._desk = Desk()
        self._first = datetime.combine(datetime.now(CHINA) + timedelta(days=3), time(8), CHINA)
        self._starts_at = self._first
        self._booked: str | None = None

    @override
    async def prepare(self, database: Database, browser: ClientSession) -> None:
        await self._desk.sit_down("刘某", database, browser)

    @override
    async def write(self, browser: ClientSession) -> None:
        if self._booked is not None:
            await self._cancel(self._booked, browser)
            self.claims.append(BookingClaim(self._booked, cancelled=True))
            self._booked = None
            return
        hold_id = await self._hold(browser)
        if hold_id is not None:
            await self._submit(hold_id, browser)
            self.claims.append(BookingClaim(hold_id, cancelled=False))
            self._booked = hold_id

    @override
    async def holds(self, claim: BookingClaim, browser: ClientSession) -> bool:
        async with browser.get(
            f"/bookings/{claim.id}", headers=self._desk.headers, allow_redirects=False
        ) as answer:
            if answer.status != HTTPStatus.SEE_OTHER:
                return False
            return not claim.cancelled or answer.headers["Location"].endswith(f"returned={claim.id}")

    @override
    async def doubled(self, tx: SqlTransaction) -> int:
        """Counts bookings that stand though the ledger would let others have their time."""
        lasting = exists().where(slot_claim.c.booking_id == booking.c.id, slot_claim.c.expires_at.is_(None))
        made = booking.c.id.in_({claim.id for claim in self.claims})
        query = select(func.count()).where(made, booking.c.status == BookingStatus.REQUESTED, ~lasting)
        return int((await tx.connection.execute(query)).scalar_one())

    async def _submit(self, hold_id: str, browser: ClientSession) -> None:
        path, form = f"/holds/{hold_id}/submit", {"purpose": "verify_evidence"}
        async with browser.post(path, data=form, headers=self._desk.headers, allow_redirects=False) as answer:
            if answer.status != 303:
                raise UnexpectedAnswer(answer, await answer.text())

    async def _cancel(self, booking_id: str, browser: ClientSession) -> None:
        """Takes a booking back; if the answer was lost before, it is over already, and that is well."""
        path, form = f"/bookings/{booking_id}/cancel", {"reason": "C-01"}
        async with browser.post(path, data=form, headers=self._desk.headers, allow_redirects=False) as answer:
            if answer.status not in {HTTPStatus.SEE_OTHER, HTTPStatus.FORBIDDEN}:
                raise UnexpectedAnswer(answer, await answer.text())

    async def _hold(self, browser: ClientSession) -> str | None:
        """Holds the next slot; None if what was under way at a kill has taken it."""
        self._starts_at += timedelta(hours=1)
        if self._starts_at > self._first + _BOOKED_WITHIN:
            self._starts_at = self._first
        form = {"starts_at": self._starts_at.isoformat(), "minutes": "30"}
        async with browser.post(f"{self._desk.case}/book", data=form, headers=self._desk.headers) as answer:
            if answer.status == HTTPStatus.CONFLICT:
                return None
            found = re.search(r"/holds/([0-9a-z]{26})/submit", await answer.text())
        if found is None:
            raise UnexpectedAnswer(answer, "no hold")
        return found[1]
