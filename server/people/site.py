"""Which of the platform's addresses passkeys work on: a domain name's, never a bare IP address's."""

from dataclasses import dataclass

from aiohttp import web

from server.kernel.errors import N_, DomainError, Kind
from server.people.passkeys import Site


class NoPasskeysHere(DomainError):
    """The page was opened under an address for which no passkey can be made or used."""

    kind = Kind.CONFLICT
    code = "no-passkeys-here"
    title = N_("这个网址不能使用通行密钥")
    advice = N_("请用平台的域名打开，或用密码和动态验证码登录。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Knows the one domain name for which passkeys are made; empty: there is none."""

    domain: str
    secure: bool

    def of(self, request: web.Request) -> Site | None:
        """Return for whom a passkey would be, None where the request came to another address."""
        if not self.domain or request.host.partition(":")[0] != self.domain:
            return None
        scheme = "https" if self.secure else "http"
        return Site(domain=self.domain, origin=f"{scheme}://{request.host}")

    def required(self, request: web.Request) -> Site:
        """Return the same; raises `NoPasskeysHere` for None."""
        site = self.of(request)
        if site is None:
            raise NoPasskeysHere
        return site
