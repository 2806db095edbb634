"""What the browser is asked for and what it answers, as JSON, wherever a passkey is made or used."""

from contextlib import suppress
from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.http.base64 import BASE64, to_bytes
from server.http.identity import identity_of, own_token
from server.http.pace import Pace
from server.http.pages import see_other
from server.http.parsing import Input, parse_json
from server.http.proof import local
from server.http.routing import Route
from server.kernel.permissions import Action
from server.people.cookies import Cookies
from server.people.own_passkeys import OwnPasskeys
from server.people.passkeys import Added, Assertion
from server.people.policy import SESSION_LIFE
from server.people.signing_in import PasswordDoor
from server.people.site import Sites

_CredentialId = Annotated[bytes, BASE64, Field(min_length=1, max_length=1023)]
_Short = Annotated[bytes, BASE64, Field(max_length=2_000)]
_Long = Annotated[bytes, BASE64, Field(max_length=20_000)]


class AssertionInput(Input):
    """What `navigator.credentials.get` gave, each part in base64url."""

    id: _CredentialId
    client_data: _Short
    authenticator_data: _Short
    signature: _Short
    next: Annotated[str, Field(max_length=500)] = "/"

    @property
    def assertion(self) -> Assertion:
        """Return it as a value."""
        return Assertion(
            credential_id=self.id,
            client_data=self.client_data,
            authenticator_data=self.authenticator_data,
            signature=self.signature,
        )


class AddedInput(Input):
    """What `navigator.credentials.create` gave, and what its owner calls it."""

    id: _CredentialId
    client_data: _Short
    attestation: _Long
    name: Annotated[str, Field(min_length=1, max_length=60)]


class PasskeyHandlers:
    """Serves the pages' passkey buttons."""

    def __init__(self, *, passkeys: OwnPasskeys, door: PasswordDoor, cookies: Cookies, sites: Sites) -> None:
        """Keep what is needed."""
        self._passkeys = passkeys
        self._door = door
        self._cookies = cookies
        self._sites = sites

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        keep = Action.KEEP_CREDENTIALS
        return (
            Route("POST", "/sign-in/passkey/options", self.ask_to_sign_in, Action.VISIT, pace=Pace.GUESS),
            Route("POST", "/sign-in/passkey", self.sign_in, Action.VISIT, pace=Pace.GUESS),
            Route("POST", "/account/prove/passkey/options", self.ask_to_prove, keep, pace=Pace.GUESS),
            Route("POST", "/account/prove/passkey", self.prove, keep, pace=Pace.GUESS),
            Route("POST", "/account/passkeys/options", self.ask_to_add, keep, proof=True),
            Route("POST", "/account/passkeys", self.add, keep, proof=True),
            Route("POST", "/account/passkeys/{credential_id}/remove", self.remove, keep, proof=True),
        )

    async def ask_to_sign_in(self, request: web.Request) -> web.Response:
        """Tell the browser what to ask its user's authenticator for."""
        return _json(self._passkeys.ask_to_sign_in(self._sites.required(request)))

    async def sign_in(self, request: web.Request) -> web.Response:
        """Open a session, and tell where to go on."""
        answer = await parse_json(request, AssertionInput)
        token, account_id = await self._passkeys.sign_in(answer.assertion, self._sites.required(request))
        response = web.json_response({"next": local(answer.next)})
        self._cookies.mark_device(response, self._door.mark_device(account_id))
        return self._cookies.keep_session(response, token, SESSION_LIFE)

    async def ask_to_prove(self, request: web.Request) -> web.Response:
        """Tell the browser of somebody known what to ask for."""
        site = self._sites.required(request)
        return _json(await self._passkeys.ask_to_prove(site, identity_of(request)))

    async def prove(self, request: web.Request) -> web.Response:
        """Renew the session; the page then posts its form, which goes on."""
        answer = await parse_json(request, AssertionInput)
        site = self._sites.required(request)
        token = await self._passkeys.prove(answer.assertion, site, own_token(request), identity_of(request))
        return self._cookies.keep_session(web.Response(status=204), token, SESSION_LIFE)

    async def ask_to_add(self, request: web.Request) -> web.Response:
        """Tell the browser what passkey to make."""
        site = self._sites.required(request)
        return _json(await self._passkeys.ask_to_add(site, identity_of(request)))

    async def add(self, request: web.Request) -> web.Response:
        """Store the passkey that was made."""
        answer = await parse_json(request, AddedInput)
        token = await self._passkeys.add(
            Added(credential_id=answer.id, client_data=answer.client_data, attestation=answer.attestation),
            answer.name,
            self._sites.required(request),
            token=own_token(request),
            identity=identity_of(request),
        )
        return self._cookies.keep_session(web.Response(status=204), token, SESSION_LIFE)

    async def remove(self, request: web.Request) -> web.Response:
        """Take one of one's passkeys away."""
        with suppress(ValueError):
            credential_id = to_bytes(request.match_info["credential_id"])
            await self._passkeys.remove(credential_id, identity_of(request))
        return see_other("/account")


def _json(options: str) -> web.Response:
    return web.json_response(text=options)
