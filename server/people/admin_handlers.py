"""The administrators' pages: accounts and organisations; and everyone's page of their own account."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.http.base64 import to_text
from server.http.identity import identity_of
from server.http.pace import Pace
from server.http.pages import Pages, see_other
from server.http.parsing import Input, parse_form, read_form
from server.http.problems import status_of
from server.http.routing import Route
from server.kernel.clock import Clock
from server.kernel.errors import DomainError, InvalidInput
from server.kernel.identity import Role
from server.kernel.ids import AccountId, OrganisationId
from server.kernel.permissions import Action
from server.kernel.transaction import Units
from server.people.administration import (
    AddAccount,
    AddOrganisation,
    add_account,
    add_organisation,
    add_terminal,
    close_account,
    reopen_account,
    reset_password,
)
from server.people.cookies import Cookies
from server.people.model import Account, OrganisationKind
from server.people.policy import stands
from server.people.ports import Passwords, PeopleTx
from server.people.recovery import approve_recovery, ask_recovery, withdraw_recovery
from server.people.signing_in import PasswordDoor
from server.people.site import Sites

MIN_PASSWORD = 12
"""Characters; NIST SP 800-63B §5.1.1.2 asks at least 8 and no rules about their kinds."""

_Name = Annotated[str, Field(min_length=1, max_length=60)]

GRANTABLE = tuple(role for role in Role if role not in {Role.ANONYMOUS, Role.RECIPIENT})
"""The roles that an account can have; a terminal is paired, not given an account."""


class AccountForm(Input):
    """A person to let in."""

    login: Annotated[str, Field(min_length=2, max_length=60, pattern=r"^[A-Za-z0-9._@-]+$")]
    name: _Name
    role: Role
    organisation_id: Annotated[str, Field(max_length=40)] | None = None
    title: Annotated[str, Field(max_length=100)] = ""


class RecoveryForm(Input):
    """Why an account is to be recovered."""

    reason: Annotated[str, Field(min_length=4, max_length=200)]


class OrganisationForm(Input):
    """An organisation to register."""

    name: Annotated[str, Field(min_length=2, max_length=100)]
    kind: OrganisationKind
    region_code: Annotated[str, Field(pattern=r"^\d{6}$")]
    parent_id: Annotated[str, Field(max_length=40)] | None = None


class TerminalForm(Input):
    """A terminal to register."""

    name: _Name


class PasswordForm(Input):
    """One's own password, old and new."""

    old: Annotated[str, Field(max_length=200)]
    new: Annotated[str, Field(min_length=MIN_PASSWORD, max_length=200)]


class AdminHandlers:
    """Serves the administrators."""

    def __init__(  # noqa: PLR0913 - the composition names each
        self,
        *,
        units: Units[PeopleTx],
        passwords: Passwords,
        door: PasswordDoor,
        clock: Clock,
        pages: Pages,
        sites: Sites,
        cookies: Cookies,
    ) -> None:
        """Keep what the pages need."""
        self._sites = sites
        self._cookies = cookies
        self._clock = clock
        self._units = units
        self._passwords = passwords
        self._door = door
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        account = "/accounts/{account_id}"
        return (
            Route("GET", "/accounts", self.accounts, Action.ADD_ACCOUNT),
            Route("POST", "/accounts", self.add_account, Action.ADD_ACCOUNT, proof=True, pace=Pace.COSTLY),
            Route("POST", f"{account}/close", self.close_account, Action.MANAGE_ACCOUNT, proof=True),
            Route("POST", f"{account}/reopen", self.reopen_account, Action.MANAGE_ACCOUNT, proof=True),
            Route(
                "POST",
                f"{account}/password",
                self.reset_password,
                Action.MANAGE_ACCOUNT,
                proof=True,
                pace=Pace.COSTLY,
            ),
            Route(
                "POST",
                f"{account}/recovery",
                self.ask_recovery,
                Action.MANAGE_ACCOUNT,
                proof=True,
                pace=Pace.COSTLY,
            ),
            Route(
                "POST",
                f"{account}/recovery/approve",
                self.recover,
                Action.MANAGE_ACCOUNT,
                proof=True,
                pace=Pace.COSTLY,
            ),
            Route("POST", f"{account}/recovery/withdraw", self.leave, Action.MANAGE_ACCOUNT, proof=True),
            Route("GET", "/organisations", self.organisations, Action.ADD_ORGANISATION),
            Route("POST", "/organisations", self.add_organisation, Action.ADD_ORGANISATION),
            Route(
                "POST",
                "/organisations/{organisation_id}/terminals",
                self.add_terminal,
                Action.ADD_ORGANISATION,
            ),
            Route("GET", "/account", self.own_account, Action.USE_OWN_ACCOUNT),
            Route("POST", "/account", self.change_password, Action.USE_OWN_ACCOUNT, pace=Pace.GUESS),
        )

    async def accounts(self, request: web.Request) -> web.Response:
        """Show all accounts and the form for another."""
        return await self._accounts(request)

    async def add_account(self, request: web.Request) -> web.Response:
        """Let a person in and show their first password, once."""
        try:
            form = await parse_form(request, AccountForm)
            organisation_id = None if form.organisation_id is None else OrganisationId(form.organisation_id)
            command = AddAccount(
                login=form.login,
                name=form.name,
                role=form.role,
                organisation_id=organisation_id,
                title=form.title,
            )
            shown = await add_account(
                command, identity_of(request), self._units, self._passwords, self._clock
            )
        except DomainError as error:
            return await self._accounts(request, problem=error)
        return await self._accounts(request, shown=shown)

    async def close_account(self, request: web.Request) -> web.Response:
        """Let nobody in with the account any more."""
        async with self._units.transaction() as tx:
            await close_account(_account_id(request), identity_of(request), tx)
        return see_other("/accounts")

    async def reopen_account(self, request: web.Request) -> web.Response:
        """Let the person in again."""
        async with self._units.transaction() as tx:
            await reopen_account(_account_id(request), identity_of(request), tx)
        return see_other("/accounts")

    async def reset_password(self, request: web.Request) -> web.Response:
        """Give the account a fresh password and show it, once."""
        identity = identity_of(request)
        shown = await reset_password(
            _account_id(request), identity, self._units, self._passwords, self._clock
        )
        return await self._accounts(request, shown=shown)

    async def ask_recovery(self, request: web.Request) -> web.Response:
        """Ask another administrator to let somebody in anew."""
        try:
            form = await parse_form(request, RecoveryForm)
            async with self._units.transaction() as tx:
                await ask_recovery(_account_id(request), form.reason, identity_of(request), tx, self._clock)
        except InvalidInput as error:
            return await self._accounts(request, problem=error)
        return see_other("/accounts")

    async def recover(self, request: web.Request) -> web.Response:
        """Approve what another administrator asked, and show the first password, once."""
        identity = identity_of(request)
        shown = await approve_recovery(
            _account_id(request), identity, self._units, self._passwords, self._clock
        )
        return await self._accounts(request, shown=shown)

    async def leave(self, request: web.Request) -> web.Response:
        """Leave an account as it is."""
        async with self._units.transaction() as tx:
            await withdraw_recovery(_account_id(request), identity_of(request), tx)
        return see_other("/accounts")

    async def organisations(self, request: web.Request) -> web.Response:
        """Show all organisations and the form for another."""
        return await self._organisations(request)

    async def add_organisation(self, request: web.Request) -> web.Response:
        """Register an organisation."""
        try:
            form = await parse_form(request, OrganisationForm)
            command = AddOrganisation(
                name=form.name,
                kind=form.kind,
                region_code=form.region_code,
                parent_id=None if form.parent_id is None else OrganisationId(form.parent_id),
            )
            async with self._units.transaction() as tx:
                await add_organisation(command, identity_of(request), tx)
        except DomainError as error:
            return await self._organisations(request, problem=error)
        return see_other("/organisations")

    async def add_terminal(self, request: web.Request) -> web.Response:
        """Register a facility's terminal."""
        facility_id = OrganisationId(request.match_info["organisation_id"])
        try:
            form = await parse_form(request, TerminalForm)
            async with self._units.transaction() as tx:
                await add_terminal(facility_id, form.name, identity_of(request), tx)
        except DomainError as error:
            return await self._organisations(request, problem=error)
        return see_other("/organisations")

    async def own_account(self, request: web.Request) -> web.Response:
        """Show who one is here, and the form for one's own password."""
        return await self._own_account(request)

    async def change_password(self, request: web.Request) -> web.Response:
        """Set one's own password; then sign in anew with it."""
        try:
            form = await parse_form(request, PasswordForm)
            await self._door.change_password(form.old, form.new, identity_of(request))
        except DomainError as error:
            return await self._own_account(request, problem=error)
        return self._cookies.forget_session(see_other("/sign-in"))

    async def _own_account(self, request: web.Request, *, problem: DomainError | None = None) -> web.Response:
        identity = identity_of(request)
        async with self._units.reading() as tx:
            account = await tx.people.account(identity.account_id) if identity.account_id else None
            codes = await tx.people.otp_authenticator(account.id) if account else None
            passkeys = await tx.people.passkeys_of(account.id) if account else ()
            link = await tx.people.link_of(account.id) if account else None
            place = identity.organisation_id
            organisation = await tx.people.organisation(place) if place else None
        return self._pages.render(
            request,
            "people/account.html",
            status=status_of(problem),
            organisation=organisation,
            title=account.title if account else "",
            codes=codes,
            link=link,
            passkeys=[(to_text(each.credential_id), each) for each in passkeys],
            passkeys_work=self._sites.of(request) is not None,
            problem=problem,
            least=MIN_PASSWORD,
        )

    async def _accounts(
        self,
        request: web.Request,
        *,
        problem: DomainError | None = None,
        shown: tuple[Account, str] | None = None,
    ) -> web.Response:
        async with self._units.reading() as tx:
            accounts = await tx.people.all_accounts()
            organisations = await tx.people.organisations()
            recoveries = await tx.people.recoveries()
        form = await read_form(request)
        keepers = [each for each in accounts if each.active and each.role is Role.SECURITY_ADMIN]
        by_id, now = {each.id: each for each in accounts}, self._clock.now()
        return self._pages.render(
            request,
            "people/accounts.html",
            by_id=by_id,
            recoveries={
                each.account_id: each for each in recoveries if stands(each, by_id[each.asked_by], now)
            },
            is_alone=len(keepers) == 1,
            status=status_of(problem),
            accounts=accounts,
            organisations={each.id: each for each in organisations},
            roles=GRANTABLE,
            typed=form if problem is not None else {},
            problem=problem,
            shown=shown,
        )

    async def _organisations(
        self, request: web.Request, *, problem: DomainError | None = None
    ) -> web.Response:
        async with self._units.reading() as tx:
            organisations = await tx.people.organisations()
            facilities = [each for each in organisations if each.kind is OrganisationKind.DETENTION_FACILITY]
            terminals = {each.id: await tx.people.terminals_of(each.id) for each in facilities}
        form = await read_form(request)
        return self._pages.render(
            request,
            "people/organisations.html",
            status=status_of(problem),
            organisations={each.id: each for each in organisations},
            terminals=terminals,
            kinds=tuple(OrganisationKind),
            typed=form if problem is not None else {},
            problem=problem,
        )


def _account_id(request: web.Request) -> AccountId:
    return AccountId(request.match_info["account_id"])
