"""The way to the operator's OpenID provider and back."""

from aiohttp import web

from server.http.base64 import to_bytes, to_text
from server.http.identity import cookie_name, identity_of
from server.http.pace import Pace
from server.http.pages import Pages, see_other
from server.http.proof import PROVE, local
from server.http.routing import Route
from server.kernel.permissions import Action
from server.people.cookies import Cookies
from server.people.federation import TRIP, Errand, Federation
from server.people.policy import SESSION_LIFE
from server.people.provider import ProviderRefused
from server.people.site import Sites

_COOKIE = "lianbian_provider"
_BACK = "/sign-in/provider/back"
_PROVED = f"{PROVE}/done"


class FederationHandlers:
    """Serves those whom the provider knows; there only where the operator has set one up."""

    def __init__(self, *, federation: Federation, pages: Pages, cookies: Cookies, sites: Sites) -> None:
        """Keep what is needed."""
        self._federation = federation
        self._pages = pages
        self._cookies = cookies
        self._sites = sites

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        keep = Action.KEEP_CREDENTIALS
        return (
            Route("GET", "/sign-in/provider", self.sign_in, Action.VISIT, pace=Pace.GUESS),
            Route("GET", _BACK, self.come_back, Action.VISIT, pace=Pace.GUESS),
            Route("GET", "/account/provider", self.link, keep, proof=True),
            Route("GET", f"{PROVE}/provider", self.prove, keep, pace=Pace.GUESS),
            Route("GET", _PROVED, self.tell_proved, keep),
            Route("POST", "/account/provider/remove", self.unlink, keep, proof=True),
        )

    async def sign_in(self, request: web.Request) -> web.Response:
        """Send somebody to the provider, to sign in."""
        return await self._depart(request, Errand.SIGN_IN, following=request.query.get("next", "/"))

    async def link(self, request: web.Request) -> web.Response:
        """Send somebody who is signed in to the provider, to link their account."""
        return await self._depart(request, Errand.LINK, following="/account")

    async def prove(self, request: web.Request) -> web.Response:
        """Send somebody who is signed in to the provider, to show once more who they are."""
        return await self._depart(request, Errand.PROVE, following=request.query.get("next", _PROVED))

    async def tell_proved(self, request: web.Request) -> web.Response:
        """Tell somebody whose form waits in another tab that it can go on."""
        return self._pages.render(request, "people/proved.html")

    async def come_back(self, request: web.Request) -> web.Response:
        """Hear who comes back, and go on by a page: a redirect would still count as the provider's.

        The session's cookie is only sent to requests that our own pages make.
        """
        try:
            kept = to_bytes(request.cookies.get(self._cookie))
        except ValueError:
            raise ProviderRefused from None
        state, code = request.query.get("state", ""), request.query.get("code", "")
        arrived = await self._federation.arrive(kept, state, code, self._redirect_uri(request))
        response = self._pages.render(request, "people/arrived.html", next=local(arrived.following))
        response.del_cookie(self._cookie, path="/", secure=self._cookies.secure)
        if arrived.token is None:
            return response
        return self._cookies.keep_session(response, arrived.token, SESSION_LIFE)

    async def unlink(self, request: web.Request) -> web.Response:
        """Have the provider let nobody into one's account any more."""
        await self._federation.unlink(identity_of(request))
        return see_other("/account")

    async def _depart(self, request: web.Request, errand: Errand, *, following: str) -> web.Response:
        address, kept = await self._federation.depart(
            errand,
            self._redirect_uri(request),
            following=following[:500],
            session_id=None if errand is Errand.SIGN_IN else identity_of(request).session_id,
        )
        response = see_other(address)
        # Lax: it has to come along when the provider sends the browser back.
        response.set_cookie(
            self._cookie,
            to_text(kept),
            max_age=int(TRIP.total_seconds()),
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self._cookies.secure,
        )
        return response

    @property
    def _cookie(self) -> str:
        """Name the cookie: no other host can plant one, to have somebody link the account of a stranger."""
        return cookie_name(_COOKIE, over_https=self._cookies.secure)

    def _redirect_uri(self, request: web.Request) -> str:
        return f"{self._sites.origin_of(request)}{_BACK}"
