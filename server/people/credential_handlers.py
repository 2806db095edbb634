"""The pages on which people set up codes, and on which they show once more who they are."""

from collections.abc import Mapping
from typing import Annotated

import segno
from aiohttp import web
from markupsafe import Markup
from pydantic import Field

from server.http.base64 import to_bytes, to_text
from server.http.identity import identity_of, own_token
from server.http.pace import Pace
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, read_form
from server.http.problems import status_of
from server.http.proof import PROVE, Carried, local
from server.http.routing import Route
from server.kernel.errors import DomainError, ProofTooOld
from server.kernel.permissions import Action
from server.people.cookies import Cookies
from server.people.own_codes import Draft, OwnCodes
from server.people.policy import SESSION_LIFE
from server.people.signing_in import PasswordDoor

_CODES = "/account/codes"


class CodeForm(Input):
    """The drafted secret, and a code that shows that one's program knows it."""

    sealed: Annotated[str, Field(max_length=400)]
    code: Annotated[str, Field(max_length=12)]


class ProveForm(Input):
    """Password and code once more, and what waits for them; neither is needed after another proof."""

    password: Annotated[str, Field(max_length=200)] = ""
    code: Annotated[str, Field(max_length=12)] = ""
    next: Annotated[str, Field(max_length=2000)] = "/"
    carried: Annotated[str, Field(max_length=250_000)] = ""


class CredentialHandlers:
    """Serves everybody who has an account."""

    def __init__(self, *, codes: OwnCodes, door: PasswordDoor, pages: Pages, cookies: Cookies) -> None:
        """Keep what the pages need."""
        self._codes = codes
        self._door = door
        self._pages = pages
        self._cookies = cookies

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        keep = Action.KEEP_CREDENTIALS
        return (
            Route("GET", _CODES, self.draft, keep, proof=True),
            Route("POST", _CODES, self.confirm, keep, proof=True, pace=Pace.GUESS),
            Route("POST", f"{_CODES}/remove", self.remove, keep, proof=True),
            Route("GET", PROVE, self.ask_proof, keep),
            Route("POST", PROVE, self.prove, keep, pace=Pace.GUESS),
        )

    async def draft(self, request: web.Request) -> web.Response:
        """Show a fresh secret as a picture, and the form for its first code."""
        return self._draft_page(request, await self._codes.draft(identity_of(request)))

    async def confirm(self, request: web.Request) -> web.Response:
        """Store the codes once the first one is right; else show the same secret again."""
        form = await read_form(request)
        sealed = _sealed(form)
        try:
            typed = await parse_form(request, CodeForm)
            token = await self._codes.confirm(sealed, typed.code, own_token(request), identity_of(request))
        except DomainError as error:
            draft = await self._codes.draft(identity_of(request), sealed)
            return self._draft_page(request, draft, problem=error)
        return self._cookies.keep_session(see_other("/account"), token, SESSION_LIFE)

    async def remove(self, request: web.Request) -> web.Response:
        """Take one's codes away."""
        await self._codes.remove(identity_of(request))
        return see_other("/account")

    async def ask_proof(self, request: web.Request) -> web.Response:
        """Ask once more who is there, before the page that was asked for."""
        return self._proof_page(request, following=request.query.get("next", "/"))

    async def prove(self, request: web.Request) -> web.Response:
        """Go on to what waited, once it is proved; a form that waited is offered again, for one click."""
        identity, proved = identity_of(request), None
        form = await read_form(request)
        try:
            typed = await parse_form(request, ProveForm)
            if not identity.has_fresh_proof and not typed.password:
                raise ProofTooOld
            if not identity.has_fresh_proof:
                proved = await self._door.prove(typed.password, typed.code, own_token(request), identity)
        except DomainError as error:
            return self._proof_page(
                request,
                following=str(form.get("next", "/")),
                carried=str(form.get("carried", "")),
                problem=error,
            )
        carried = Carried.read(typed.carried)
        if carried is None:
            response = see_other(local(typed.next))
        else:
            response = self._pages.render(request, "people/go_on.html", carried=carried)
        return response if proved is None else self._cookies.keep_session(response, proved, SESSION_LIFE)

    def _draft_page(
        self, request: web.Request, draft: Draft, problem: DomainError | None = None
    ) -> web.Response:
        picture = segno.make(draft.address, error="m").svg_inline(border=4, scale=4, omitsize=True)
        return self._pages.render(
            request,
            "people/codes.html",
            status=status_of(problem),
            picture=Markup(picture),  # noqa: S704 - drawn here, of a secret in base32 and an escaped login
            secret=draft.secret,
            sealed=to_text(draft.sealed),
            problem=problem,
        )

    def _proof_page(
        self, request: web.Request, *, following: str, carried: str = "", problem: DomainError | None = None
    ) -> web.Response:
        return self._pages.render(
            request,
            "people/prove.html",
            status=status_of(problem),
            next=following,
            carried=carried,
            problem=problem,
        )


def _sealed(form: Mapping[str, object]) -> bytes:
    try:
        return to_bytes(form.get("sealed"))
    except ValueError:
        return b""
