"""The part of people: how they come in and prove themselves, terminals, and who keeps accounts."""

from collections.abc import Mapping

from server.kernel.identity import Role
from server.parts.part import Part, WebGround
from server.people.admin_handlers import AdminHandlers
from server.people.agency_keys import AgencyKeys
from server.people.challenges import Challenges
from server.people.cookies import Cookies
from server.people.credential_handlers import CredentialHandlers
from server.people.federation import Federation
from server.people.federation_handlers import FederationHandlers
from server.people.key_handlers import KeyHandlers
from server.people.own_codes import OwnCodes
from server.people.own_passkeys import OwnPasskeys
from server.people.pairing import TerminalDoor
from server.people.passkey_handlers import PasskeyHandlers
from server.people.passwords import Argon2Passwords
from server.people.policy import KEEPERS
from server.people.provider import Provider
from server.people.session_handlers import SessionHandlers
from server.people.sign_in_handlers import SignInHandlers
from server.people.signing_in import PasswordDoor
from server.people.site import Sites
from server.people.terminal_handlers import TerminalHandlers
from server.settings import Settings

HOMES: Mapping[Role, str] = dict.fromkeys(Role, "/account") | {
    Role.LAWYER: "/cases",
    Role.LEGAL_AID_OFFICER: "/cases",
    Role.AGENCY_OFFICER: "/cases",
    Role.COORDINATOR: "/cooperation",
    Role.FACILITY_OFFICER: "/desk",
    Role.AUDITOR: "/audit",
    Role.SECURITY_ADMIN: "/accounts",
    Role.SYSTEM_ADMIN: "/organisations",
    Role.RECIPIENT: "/kiosk",
}
"""Where each role's work begins."""


def people_part(ground: WebGround) -> Part:
    """Return people: how they come in and prove themselves, terminals, and who keeps accounts."""
    settings, database, clock, pages = ground.settings, ground.database, ground.clock, ground.pages
    passwords = Argon2Passwords()
    sealer = ground.sealer
    cookies = Cookies(settings.secure_cookies)
    sites = Sites(domain=settings.domain, secure=settings.secure_cookies)
    by_passkey = KEEPERS if settings.secure_cookies and settings.domain else frozenset[Role]()
    door = PasswordDoor(database, passwords, sealer, clock, by_passkey)
    provider = _provider(settings)
    federation = Federation(database, provider, sealer, clock) if provider else None
    coming = SignInHandlers(
        units=database,
        door=door,
        clock=clock,
        pages=pages,
        homes=HOMES,
        demo=settings.demo,
        cookies=cookies,
        sites=sites,
    )
    codes = OwnCodes(database, sealer, clock, by_passkey)
    challenges = Challenges(sealer)
    passkeys = OwnPasskeys(database, challenges, clock, by_passkey)
    terminals = TerminalDoor(database, challenges, clock)
    return Part(
        handlers=(
            coming,
            TerminalHandlers(units=database, door=terminals, clock=clock, pages=pages, cookies=cookies),
            CredentialHandlers(codes=codes, door=door, pages=pages, cookies=cookies),
            SessionHandlers(units=database, clock=clock, pages=pages),
            KeyHandlers(units=database, keys=AgencyKeys(database, clock), clock=clock, pages=pages),
            PasskeyHandlers(passkeys=passkeys, door=door, cookies=cookies, sites=sites),
            *(
                (FederationHandlers(federation=federation, pages=pages, cookies=cookies, sites=sites),)
                if federation
                else ()
            ),
            AdminHandlers(
                units=database,
                passwords=passwords,
                door=door,
                clock=clock,
                pages=pages,
                sites=sites,
                cookies=cookies,
            ),
        )
    )


def _provider(settings: Settings) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        strengths=tuple(settings.oidc_acr.split()),
    )
