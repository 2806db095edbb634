"""What an operator may set, read once from the environment; nothing else reads it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from server.kernel.lines import is_in_the_clear


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field a setting; its variable is the field's name in capitals behind `LIANBIAN_`."""

    host: str = "127.0.0.1"
    """Address on which the web process listens."""
    port: int = 8080
    """TCP port of the web process."""
    media_port: int = 8081
    """UDP port of the media process."""
    public_address: str = "127.0.0.1"
    """IP address under which browsers reach the media port; it stands in the ICE candidates."""
    turn_urls: tuple[str, ...] = ()
    """The TURN server's addresses with commas between, as `turn:HOST:3478` (RFC 7065); empty: none."""
    turn_secret: str = ""
    """What the TURN server and this product alone know, 32 characters or more."""
    data_dir: Path = Path("data")
    """Directory that holds the database, the objects and the process sockets."""
    database_url: str = ""
    """PostgreSQL as `postgresql://USER:PASSWORD@HOST/DATABASE`; empty: SQLite in the data directory."""
    objects_url: str = ""
    """S3 bucket as `https://KEY:SECRET@HOST/BUCKET`; empty: a directory in the data directory."""
    object_cipher: str = "aes-256-gcm"
    """What objects are encrypted with from now on: `aes-256-gcm` or `sm4-gcm`."""
    redis_url: str = ""
    """Redis or Valkey as `redis://HOST`, which joins several nodes and hands jobs to workers; empty: none."""
    keys_dir: Path | None = None
    """Directory of the keys, the same on all nodes; None: `keys` in the data directory."""
    heads_dir: Path | None = None
    """Second place for the audit log's signed tree heads; None: `heads` in the data directory."""
    proxies: tuple[IPv4Network | IPv6Network, ...] = (ip_network("127.0.0.1"), ip_network("::1"))
    """Networks whose `X-Forwarded-For` is believed: where the TLS proxies are."""
    demo: bool = True
    """Whether the fictional demo province is made and a seeded person can be chosen without a password."""
    domain: str = "localhost"
    """Domain name under which browsers open the pages, for which passkeys are made; empty where a closed
    network has none: people then sign in with password and code."""
    oidc_issuer: str = ""
    """OpenID provider by which people may sign in, its issuer as it names itself; empty: none."""
    oidc_client_id: str = ""
    """By what name the provider knows this installation."""
    oidc_client_secret: str = ""
    """The secret that goes with it."""
    oidc_acr: str = ""
    """The provider's names (`acr`) of ways to sign in that are strong enough, blanks between; empty: any."""
    oidc_name: str = ""
    """What people call the provider, on the sign-in page."""
    plain_hosts: frozenset[str] = frozenset()
    """Hosts that are not this machine, and to which lines may go unencrypted: the operator answers for it."""
    secure_cookies: bool = False
    """Whether cookies carry `Secure`: on wherever a TLS proxy stands in front."""
    metrics_port: int = 0
    """TCP port on which Prometheus fetches figures, on loopback alone; 0 serves none."""
    certificate: Path | None = None
    """The TLS proxy's certificate, a PEM file whose end the operator's page watches; None watches none."""
    smtp_url: str = ""
    """Mail server as `smtps://USER:PASSWORD@HOST`, or `smtp://` for STARTTLS; empty: no e-mail is sent."""
    mail_from: str = ""
    """Address from which e-mail is sent."""
    sms_url: str = ""
    """SMS gateway as `https://KEY@HOST/PATH`; empty: no short message is sent."""
    pace: int = 1
    """How many times as many requests as built in anybody may send a minute; 0 counts none."""
    webhook_hosts: tuple[str, ...] = ()
    """Hosts to which alone webhooks go, `.court.example` for all below; empty: any of the internet."""
    log_level: str = "INFO"
    """Least severity that is logged."""

    @property
    def database(self) -> str:
        """URL of the database, the embedded one where no other is set."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'lianbian.db').resolve()}"

    @property
    def log_key(self) -> Path:
        """File of the key that shows the audit log unaltered."""
        return self._keys / "log.key"

    @property
    def head_key(self) -> Path:
        """File of the key that signs the audit log's tree heads."""
        return self._keys / "heads.key"

    @property
    def credential_key(self) -> Path:
        """File of the key that seals people's code secrets, and the challenges to passkeys."""
        return self._keys / "credentials.key"

    @property
    def master_keys(self) -> Path:
        """Directory of the master keys, which wrap the keys of cases."""
        return self._keys / "master"

    @property
    def _keys(self) -> Path:
        return self.keys_dir or self.data_dir / "keys"

    @property
    def heads(self) -> Path:
        """Directory to which tree heads are exported."""
        return self.heads_dir or self.data_dir / "heads"

    @property
    def objects_dir(self) -> Path:
        """Directory of the embedded object store."""
        return self.data_dir / "objects"

    @property
    def media_host(self) -> str:
        """Address on which media is received: every one, unless only this machine's browsers are meant.

        The pages may listen on loopback behind a proxy, but media goes past the proxy.
        """
        public = ip_address(self.public_address)
        if public.is_loopback:
            return self.host
        return "0.0.0.0" if isinstance(public, IPv4Address) else "::"  # noqa: S104 - it is the public port

    @property
    def media_socket(self) -> Path:
        """Unix socket over which the web process controls the media process."""
        return self.data_dir / "run" / "media.sock"


_TRUE = frozenset({"1", "true", "yes", "on"})
_TURN_URL = re.compile(r"turns?:[A-Za-z0-9.:\[\]-]{1,200}(\?transport=(udp|tcp))?")
_MOST_TURN_URLS = 4
"""A browser tries each of them for every connection."""
_LEAST_SECRET = 32
"""Characters that a secret shared with a server has at least: 128 bits, written in hexadecimal digits."""


class _Variables:
    """The variables, each read from the environment, or from the file that `…_FILE` names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        variable = f"LIANBIAN_{name}"
        file = self._environ.get(f"{variable}_FILE")
        if not file:
            return self._environ.get(variable, default)
        if self._environ.get(variable):
            message = f"{variable} and {variable}_FILE exclude each other"
            raise ValueError(message)
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            message = f"{variable}_FILE names a file that cannot be read: {file}"
            raise ValueError(message) from None

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal():
            message = f"LIANBIAN_{name} must be a number, not {value!r}"
            raise ValueError(message)
        return int(value)

    def switch(self, name: str, *, default: bool) -> bool:
        return self.text(name, str(default)).lower() in _TRUE

    def path(self, name: str) -> Path | None:
        value = self.text(name, "")
        return Path(value) if value else None

    def networks(
        self, name: str, default: tuple[IPv4Network | IPv6Network, ...]
    ) -> tuple[IPv4Network | IPv6Network, ...]:
        value = self.text(name, ",".join(map(str, default)))
        try:
            return tuple(map(ip_network, _listed(value)))
        except ValueError:
            message = f"LIANBIAN_{name} must be addresses or networks with commas between, not {value!r}"
            raise ValueError(message) from None

    def turn_urls(self) -> tuple[str, ...]:
        urls = _listed(self.text("TURN_URLS", ""))
        if len(urls) > _MOST_TURN_URLS or not all(map(_TURN_URL.fullmatch, urls)):
            message = (
                f"LIANBIAN_TURN_URLS must be up to {_MOST_TURN_URLS} addresses with commas between, as "
                "turn:HOST:3478 or turns:HOST:5349?transport=tcp"
            )
            raise ValueError(message)
        return urls

    def turn_secret(self, *, has_urls: bool) -> str:
        secret = self.text("TURN_SECRET", "")
        if has_urls != bool(secret):
            message = "LIANBIAN_TURN_URLS and LIANBIAN_TURN_SECRET are set together or not at all"
            raise ValueError(message)
        if secret and len(secret) < _LEAST_SECRET:
            message = f"LIANBIAN_TURN_SECRET must have {_LEAST_SECRET} characters or more"
            raise ValueError(message)
        return secret


def _listed(value: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in value.split(",") if each.strip())


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises:
        ValueError: a port is no number, a network is none, a file cannot be read, the TURN server is half
            told, or a line to others would not be encrypted; the message names the variable, and no address,
            for there are secrets in them.
    """
    read, defaults = _Variables(environ), Settings()
    turn_urls = read.turn_urls()
    settings = Settings(
        host=read.text("HOST", defaults.host),
        port=read.number("PORT", defaults.port),
        media_port=read.number("MEDIA_PORT", defaults.media_port),
        public_address=read.text("PUBLIC_ADDRESS", defaults.public_address),
        turn_urls=turn_urls,
        turn_secret=read.turn_secret(has_urls=bool(turn_urls)),
        data_dir=Path(read.text("DATA_DIR", str(defaults.data_dir))),
        database_url=read.text("DATABASE_URL", defaults.database_url),
        objects_url=read.text("OBJECTS_URL", defaults.objects_url),
        object_cipher=read.text("OBJECT_CIPHER", defaults.object_cipher),
        redis_url=read.text("REDIS_URL", defaults.redis_url),
        keys_dir=read.path("KEYS_DIR"),
        heads_dir=read.path("HEADS_DIR"),
        proxies=read.networks("PROXIES", defaults.proxies),
        demo=read.switch("DEMO", default=defaults.demo),
        domain=read.text("DOMAIN", defaults.domain),
        oidc_issuer=read.text("OIDC_ISSUER", defaults.oidc_issuer),
        oidc_client_id=read.text("OIDC_CLIENT_ID", defaults.oidc_client_id),
        oidc_client_secret=read.text("OIDC_CLIENT_SECRET", defaults.oidc_client_secret),
        oidc_acr=read.text("OIDC_ACR", defaults.oidc_acr),
        oidc_name=read.text("OIDC_NAME", defaults.oidc_name),
        plain_hosts=frozenset(read.text("PLAIN_HOSTS", "").split()),
        secure_cookies=read.switch("SECURE_COOKIES", default=defaults.secure_cookies),
        metrics_port=read.number("METRICS_PORT", defaults.metrics_port),
        certificate=read.path("CERTIFICATE"),
        smtp_url=read.text("SMTP_URL", defaults.smtp_url),
        mail_from=read.text("MAIL_FROM", defaults.mail_from),
        sms_url=read.text("SMS_URL", defaults.sms_url),
        webhook_hosts=tuple(read.text("WEBHOOK_HOSTS", "").split()),
        pace=read.number("PACE", defaults.pace),
        log_level=read.text("LOG_LEVEL", defaults.log_level),
    )
    _refuse_plain_lines(settings)
    return settings


def _refuse_plain_lines(settings: Settings) -> None:
    addresses = {
        "DATABASE_URL": settings.database_url,
        "OBJECTS_URL": settings.objects_url,
        "REDIS_URL": settings.redis_url,
        "OIDC_ISSUER": settings.oidc_issuer,
        "SMTP_URL": settings.smtp_url,
        "SMS_URL": settings.sms_url,
    }
    for name, url in addresses.items():
        if url and is_in_the_clear(url, settings.plain_hosts):
            message = (
                f"LIANBIAN_{name} leads off this machine unencrypted: use https://, rediss:// or "
                "?sslmode=verify-full, or name its host in LIANBIAN_PLAIN_HOSTS"
            )
            raise ValueError(message)
