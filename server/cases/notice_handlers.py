"""The agency officer's form for a notice: the same rules as `/api/v1/notices`, for those without a system."""

import re
from collections.abc import Mapping

from aiohttp import web

from server.cases.notices import KEY_PATTERN, NoticeInput, SecretCase, hash_of, parse_secret
from server.cases.ports import CasesTx
from server.cases.service.intake import Delivery, register_secret_number, send_notice
from server.cases.wording import GENDERS, PROCEDURES, REASONS, STAGES
from server.http.identity import identity_of
from server.http.pages import Pages, see_other
from server.http.parsing import parse, read_form
from server.http.problems import STATUS
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import DomainError, FieldError, InvalidInput
from server.kernel.ids import new_id
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.model import OrganisationKind

_KEY = "key"
_OF_RECIPIENT = "recipient_"
_LOCAL_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
"""What `datetime-local` posts: a moment in China without its zone."""


class NoticeHandlers:
    """Serves the form."""

    def __init__(self, *, units: Units[CasesTx], clock: Clock, pages: Pages) -> None:
        """Keep what the page needs."""
        self._units = units
        self._clock = clock
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route("GET", "/notices/new", self.ask, Action.SEND_NOTICE),
            Route("POST", "/notices/new", self.send, Action.SEND_NOTICE),
        )

    async def ask(self, request: web.Request) -> web.Response:
        """Show the empty form; its key makes a second press send nothing twice."""
        return await self._form(request, {}, problem=None)

    async def send(self, request: web.Request) -> web.Response:
        """Open a case and go to it, or show the form again with what was wrong."""
        form = {name: value for name, value in (await read_form(request)).items() if isinstance(value, str)}
        try:
            return see_other(await self._deliver(request, _values(form)))
        except SecretCase as error:
            kept = {name: form[name] for name in (_KEY, "agency_number", "secret") if name in form}
            return await self._form(request, kept, problem=error)
        except DomainError as error:
            return await self._form(request, form, problem=_as_in_form(error))

    async def _deliver(self, request: web.Request, values: dict[str, object]) -> str:
        """Hand the notice over and return where to go on."""
        sent = str(values.pop(_KEY, ""))
        key = sent if re.fullmatch(KEY_PATTERN, sent) else new_id()
        delivery = Delivery(key, hash_of(values))
        identity = identity_of(request)
        if values.get("secret") is True:
            number = parse_secret(values).agency_number
            async with self._units.transaction() as tx:
                await register_secret_number(number, delivery, identity, tx, self._clock)
            return "/cases"
        command = parse(NoticeInput, values).command()
        async with self._units.transaction() as tx:
            kept = await send_notice(command, delivery, identity, tx, self._clock)
        return kept.location.removeprefix("/api/v1")

    async def _form(
        self, request: web.Request, form: Mapping[str, str], *, problem: DomainError | None
    ) -> web.Response:
        async with self._units.reading() as tx:
            organisations = await tx.people.organisations()
        return self._pages.render(
            request,
            "cases/notice.html",
            status=STATUS[problem.kind] if problem else 200,
            form={_KEY: new_id()} | dict(form),
            problem=problem,
            stages=tuple(STAGES.items()),
            procedures=tuple(PROCEDURES.items()),
            reasons=tuple(REASONS.items()),
            genders=tuple(GENDERS.items()),
            facilities=tuple(
                (each.name, each.name)
                for each in organisations
                if each.kind is OrganisationKind.DETENTION_FACILITY
            ),
        )


def _values(form: Mapping[str, str]) -> dict[str, object]:
    """Return the posted form in the shape of the API's body; empty fields are left out."""
    filled = {name: value.strip() for name, value in form.items() if value.strip()}
    recipient = {
        name.removeprefix(_OF_RECIPIENT): filled.pop(name)
        for name in tuple(filled)
        if name.startswith(_OF_RECIPIENT)
    }
    values: dict[str, object] = dict(filled)
    if recipient or "secret" not in filled:
        values["recipient"] = recipient
    for name in ("secret", "life_or_death"):
        if name in filled:
            values[name] = True
    if "related_numbers" in filled:
        values["related_numbers"] = filled["related_numbers"].split()
    if _LOCAL_MINUTE.fullmatch(filled.get("hearing_at", "")):
        values["hearing_at"] = f"{filled['hearing_at']}:00+08:00"
    return values


def _as_in_form(error: DomainError) -> DomainError:
    """Return the error with the fields named as the form names them."""
    if not isinstance(error, InvalidInput):
        return error
    return InvalidInput(
        fields=tuple(
            FieldError(each.field.replace("recipient.", _OF_RECIPIENT), each.code, each.message)
            for each in error.fields
        )
    )
