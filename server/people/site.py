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
    """As it stands in the address bar, with the port if that is not HTTPS's own."""
    secure: bool

    def origin_of(self, request: web.Request) -> str:
        """Return the origin of our pages (RFC 6454 §6.2).

        Over HTTPS it is the one that was set up, not what the request names: a passkey knows no ports (Web
        Authentication Level 3 §5.1.2, relying party identifier), so that a program on another port of the
        machine could have one sign, and pass that on with its own `Host`.
        """
        if self.secure:
            return f"https://{self.domain or request.host}"
        return f"http://{request.host}"

    def of(self, request: web.Request) -> Site | None:
        """Return for whom a passkey would be, None where the request came to another address."""
        name = self.domain.partition(":")[0]
        if not name or request.host.partition(":")[0] != name:
            return None
        return Site(domain=name, origin=self.origin_of(request))

    def required(self, request: web.Request) -> Site:
        """Return the same; raises `NoPasskeysHere` for None."""
        site = self.of(request)
        if site is None:
            raise NoPasskeysHere
        return site
