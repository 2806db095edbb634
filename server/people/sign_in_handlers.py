"""The way in and out: the sign-in page, the demo's role chooser, signing out, and the language."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.http.i18n import LANGUAGE_COOKIE, Locale
from server.http.identity import identity_of, session_token
from server.http.pace import Pace
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, read_form
from server.http.problems import status_of
from server.http.proof import local
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import DomainError
from server.kernel.identity import Role
from server.kernel.ids import AccountId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.cookies import Cookies, device_mark
from server.people.policy import SESSION_LIFE, leading_people
from server.people.ports import PeopleTx
from server.people.sessions import sign_in_as_seeded, sign_out
from server.people.signing_in import PasswordDoor, SignIn
from server.people.site import Sites

NO_WORK = "/account"
"""The home of roles that have no page of their own yet: the demo does not offer to be them."""


class SignInForm(Input):
    """What the sign-in page posts."""

    login: Annotated[str, Field(max_length=60)]
    password: Annotated[str, Field(max_length=200)]
    code: Annotated[str, Field(max_length=12)] = ""
    next: Annotated[str, Field(max_length=500)] = "/"


class ChooseForm(Input):
    """Which seeded person to be."""

    account_id: Annotated[str, Field(max_length=40)]


class LanguageForm(Input):
    """Which language to read, and where to go on."""

    language: Locale
    next: Annotated[str, Field(max_length=500)] = "/"


class SignInHandlers:
    """Serves those who come and go."""

    def __init__(  # noqa: PLR0913 - the composition names each
        self,
        *,
        units: Units[PeopleTx],
        door: PasswordDoor,
        clock: Clock,
        pages: Pages,
        homes: Mapping[Role, str],
        demo: bool,
        cookies: Cookies,
        sites: Sites,
    ) -> None:
        """Keep what the pages need; `homes` says where each role's work begins."""
        self._units = units
        self._door = door
        self._clock = clock
        self._pages = pages
        self._homes = homes
        self._demo = demo
        self._cookies = cookies
        self._sites = sites

    def routes(self) -> tuple[Route, ...]:
        """Return the routes; the role chooser exists in the demo only."""
        choosing = (
            Route("GET", "/choose", self.choose, Action.VISIT),
            Route("POST", "/choose", self.become, Action.VISIT),
        )
        return (
            Route("GET", "/", self.home, Action.VISIT),
            Route("GET", "/sign-in", self.ask_sign_in, Action.VISIT),
            Route("POST", "/sign-in", self.sign_in, Action.VISIT, pace=Pace.GUESS),
            Route("POST", "/sign-out", self.sign_out, Action.USE_OWN_ACCOUNT),
            Route("POST", "/language", self.choose_language, Action.VISIT),
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
        return self._page(request, following=request.query.get("next", "/"))

    async def sign_in(self, request: web.Request) -> web.Response:
        """Open a session, or show the form again with what was wrong; the login name stays."""
        form = await read_form(request)
        try:
            typed = await parse_form(request, SignInForm)
            command = SignIn(
                login=typed.login, password=typed.password, code=typed.code, device=device_mark(request)
            )
            token, account_id = await self._door.sign_in(command)
        except DomainError as error:
            login = str(form.get("login", ""))[:60]
            return self._page(request, following=str(form.get("next", "/")), login=login, problem=error)
        response = self._cookies.keep_session(see_other(local(typed.next)), token, SESSION_LIFE)
        return self._cookies.mark_device(response, self._door.mark_device(account_id))

    async def sign_out(self, request: web.Request) -> web.Response:
        """End the session and forget its cookie."""
        token = session_token(request)
        if token is not None:
            async with self._units.transaction() as tx:
                await sign_out(token, identity_of(request), tx)
        return self._cookies.forget_session(see_other("/"))

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
        return self._cookies.keep_session(see_other("/"), token, SESSION_LIFE)

    async def choose_language(self, request: web.Request) -> web.Response:
        """Remember the language for a year and return to the page."""
        form = await parse_form(request, LanguageForm)
        response = see_other(local(form.next))
        response.set_cookie(LANGUAGE_COOKIE, form.language, max_age=31_536_000, samesite="Lax")
        return response

    def _page(
        self, request: web.Request, *, following: str, login: str = "", problem: DomainError | None = None
    ) -> web.Response:
        return self._pages.render(
            request,
            "people/sign_in.html",
            status=status_of(problem),
            next=following,
            login=login,
            problem=problem,
            passkeys=self._sites.of(request) is not None,
        )
