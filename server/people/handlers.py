"""The pages of people: sign in and out, the demo's role chooser, language, terminals and their pairing."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from pydantic import Field
from typing_extensions import override

from server.http.i18n import LANGUAGE_COOKIE, Locale
from server.http.identity import SESSION_COOKIE, SessionStore, identity_of, session_token
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, read_form
from server.http.problems import STATUS
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import DomainError
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, TerminalId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.policy import SESSION_LIFE, TERMINAL_LIFE, leading_people
from server.people.ports import Passwords, PeopleTx
from server.people.service import (
    SignIn,
    hash_of,
    identity_of_session,
    issue_pairing_code,
    pair,
    sign_in,
    sign_in_as_seeded,
    sign_out,
    terminals,
    unpair,
    use_session,
)

NO_WORK = "/account"
"""The home of roles that have no page of their own yet: the demo does not offer to be them."""


class SignInForm(Input):
    """What the sign-in page posts."""

    login: Annotated[str, Field(max_length=60)]
    password: Annotated[str, Field(max_length=200)]
    next: Annotated[str, Field(max_length=500)] = "/"


class ChooseForm(Input):
    """Which seeded person to be."""

    account_id: Annotated[str, Field(max_length=40)]


class LanguageForm(Input):
    """Which language to read, and where to go on."""

    language: Locale
    next: Annotated[str, Field(max_length=500)] = "/"


class PairForm(Input):
    """The code that the officer read out."""

    code: Annotated[str, Field(max_length=20)]


class DatabaseSessions(SessionStore):
    """Finds identities by the sessions and keys in the database."""

    def __init__(self, units: Units[PeopleTx], clock: Clock) -> None:
        """Keep the way to the database."""
        self._units = units
        self._clock = clock

    @override
    async def by_session(self, token: str) -> Identity | None:
        async with self._units.reading() as tx:
            return await identity_of_session(token, tx, self._clock)

    @override
    async def use(self, token: str) -> Identity | None:
        return await use_session(token, self._units, self._clock)

    @override
    async def by_key(self, key: str) -> Identity | None:
        async with self._units.reading() as tx:
            agency = await tx.people.agency_of_key(hash_of(key))
        if agency is None:
            return None
        return Identity(role=Role.AGENCY_OFFICER, name=agency.name, organisation_id=agency.id)


class PeopleHandlers:
    """Serves the pages of people."""

    def __init__(  # noqa: PLR0913 - the composition names each
        self,
        *,
        units: Units[PeopleTx],
        passwords: Passwords,
        clock: Clock,
        pages: Pages,
        homes: Mapping[Role, str],
        demo: bool,
        secure_cookies: bool,
    ) -> None:
        """Keep what the pages need; `homes` says where each role's work begins."""
        self._units = units
        self._passwords = passwords
        self._clock = clock
        self._pages = pages
        self._homes = homes
        self._demo = demo
        self._secure = secure_cookies

    def routes(self) -> tuple[Route, ...]:
        """Return the routes; the role chooser exists in the demo only."""
        choosing = (
            Route("GET", "/choose", self.choose, Action.VISIT),
            Route("POST", "/choose", self.become, Action.VISIT),
        )
        return (
            Route("GET", "/", self.home, Action.VISIT),
            Route("GET", "/sign-in", self.ask_sign_in, Action.VISIT),
            Route("POST", "/sign-in", self.sign_in, Action.VISIT),
            Route("POST", "/sign-out", self.sign_out, Action.USE_OWN_ACCOUNT),
            Route("POST", "/language", self.choose_language, Action.VISIT),
            Route("GET", "/terminals", self.list_terminals, Action.LIST_TERMINALS),
            Route("POST", "/terminals/{terminal_id}/pairing-code", self.issue_code, Action.MANAGE_TERMINAL),
            Route("POST", "/terminals/{terminal_id}/unpair", self.unpair, Action.MANAGE_TERMINAL),
            Route("GET", "/kiosk/pair", self.ask_pairing_code, Action.VISIT),
            Route("POST", "/kiosk/pair", self.pair, Action.VISIT),
            *(choosing if self._demo else ()),
        )

    async def home(self, request: web.Request) -> web.Response:
        """Send everyone to where their work begins."""
        identity = identity_of(request)
        if identity.role is Role.ANONYMOUS:
            return see_other("/choose" if self._demo else "/sign-in")
        return see_other(self._homes[identity.role])

    async def ask_sign_in(self, request: web.Request) -> web.Response:
        """Show the sign-in form."""
        following = request.query.get("next", "/")
        return self._pages.render(request, "people/sign_in.html", next=following, login="", problem=None)

    async def sign_in(self, request: web.Request) -> web.Response:
        """Open a session, or show the form again with what was wrong; the login name stays."""
        form = await read_form(request)
        try:
            command = await parse_form(request, SignInForm)
            signing_in = SignIn(login=command.login, password=command.password)
            token = await sign_in(signing_in, self._units, self._passwords, self._clock)
        except DomainError as error:
            return self._pages.render(
                request,
                "people/sign_in.html",
                status=STATUS[error.kind],
                next=str(form.get("next", "/")),
                login=str(form.get("login", ""))[:60],
                problem=error,
            )
        return self._with_session(see_other(_local(command.next)), token, SESSION_LIFE.total_seconds())

    async def sign_out(self, request: web.Request) -> web.Response:
        """End the session and forget its cookie."""
        token = session_token(request)
        if token is not None:
            async with self._units.transaction() as tx:
                await sign_out(token, identity_of(request), tx)
        response = see_other("/")
        response.del_cookie(SESSION_COOKIE)
        return response

    async def choose(self, request: web.Request) -> web.Response:
        """Show the demo's people for whom there is work to do, the main persons first."""
        async with self._units.reading() as tx:
            accounts = await tx.people.seeded_accounts()
        working = tuple(account for account in accounts if self._homes[account.role] != NO_WORK)
        leading = leading_people(working)
        others = tuple(account for account in working if account not in leading)
        return self._pages.render(request, "people/choose.html", leading=leading, others=others)

    async def become(self, request: web.Request) -> web.Response:
        """Be one of the demo's people."""
        form = await parse_form(request, ChooseForm)
        async with self._units.transaction() as tx:
            token = await sign_in_as_seeded(AccountId(form.account_id), tx, self._clock)
        return self._with_session(see_other("/"), token, SESSION_LIFE.total_seconds())

    async def choose_language(self, request: web.Request) -> web.Response:
        """Remember the language for a year and return to the page."""
        form = await parse_form(request, LanguageForm)
        response = see_other(_local(form.next))
        response.set_cookie(LANGUAGE_COOKIE, form.language, max_age=31_536_000, samesite="Lax")
        return response

    async def list_terminals(self, request: web.Request) -> web.Response:
        """Show the facility's terminals and whether a device is paired."""
        async with self._units.reading() as tx:
            found = await terminals(identity_of(request), tx)
        return self._pages.render(request, "people/terminals.html", terminals=found, code=None)

    async def issue_code(self, request: web.Request) -> web.Response:
        """Show a fresh pairing code, once; it is stored only as a hash."""
        identity = identity_of(request)
        terminal_id = TerminalId(request.match_info["terminal_id"])
        async with self._units.transaction() as tx:
            code = await issue_pairing_code(terminal_id, identity, tx, self._clock)
            found = await terminals(identity, tx)
        return self._pages.render(
            request, "people/terminals.html", terminals=found, code=code, code_for=terminal_id
        )

    async def unpair(self, request: web.Request) -> web.Response:
        """End a device's pairing."""
        async with self._units.transaction() as tx:
            await unpair(TerminalId(request.match_info["terminal_id"]), identity_of(request), tx)
        return see_other("/terminals")

    async def ask_pairing_code(self, request: web.Request) -> web.Response:
        """Show the kiosk's pairing form."""
        return self._pages.render(request, "people/pair.html", problem=None)

    async def pair(self, request: web.Request) -> web.Response:
        """Turn this browser into a terminal, or show the form again with what was wrong."""
        try:
            form = await parse_form(request, PairForm)
            token = await pair(form.code, self._units, self._clock)
        except DomainError as error:
            status = STATUS[error.kind]
            return self._pages.render(request, "people/pair.html", status=status, problem=error)
        return self._with_session(see_other("/kiosk"), token, TERMINAL_LIFE.total_seconds())

    def _with_session(self, response: web.Response, token: str, life_s: float) -> web.Response:
        response.set_cookie(
            SESSION_COOKIE, token, max_age=int(life_s), httponly=True, samesite="Strict", secure=self._secure
        )
        return response


def _local(path: str) -> str:
    """Return `path` if it stays on this site, else the home page: no open redirect.

    Browsers drop tabs and line ends from an address, so that `/<tab>/elsewhere` would lead there.
    """
    stays = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if stays else "/"
