"""What an operator may set, read once from the environment; nothing else reads it."""

import os
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


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises:
        ValueError: a port is no number, a network is none, or a line to others would not be encrypted; the
            message names the variable, and no address, for there are secrets in them.
    """
    defaults = Settings()

    def text(name: str, default: str) -> str:
        return environ.get(f"LIANBIAN_{name}", default)

    def number(name: str, default: int) -> int:
        value = text(name, str(default))
        if not value.isdecimal():
            message = f"LIANBIAN_{name} must be a number, not {value!r}"
            raise ValueError(message)
        return int(value)

    def switch(name: str, *, default: bool) -> bool:
        return text(name, str(default)).lower() in _TRUE

    def path(name: str) -> Path | None:
        value = text(name, "")
        return Path(value) if value else None

    def networks(
        name: str, default: tuple[IPv4Network | IPv6Network, ...]
    ) -> tuple[IPv4Network | IPv6Network, ...]:
        value = text(name, ",".join(map(str, default)))
        try:
            return tuple(ip_network(each.strip()) for each in value.split(",") if each.strip())
        except ValueError:
            message = f"LIANBIAN_{name} must be addresses or networks with commas between, not {value!r}"
            raise ValueError(message) from None

    read = Settings(
        host=text("HOST", defaults.host),
        port=number("PORT", defaults.port),
        media_port=number("MEDIA_PORT", defaults.media_port),
        public_address=text("PUBLIC_ADDRESS", defaults.public_address),
        data_dir=Path(text("DATA_DIR", str(defaults.data_dir))),
        database_url=text("DATABASE_URL", defaults.database_url),
        objects_url=text("OBJECTS_URL", defaults.objects_url),
        object_cipher=text("OBJECT_CIPHER", defaults.object_cipher),
        redis_url=text("REDIS_URL", defaults.redis_url),
        keys_dir=path("KEYS_DIR"),
        heads_dir=path("HEADS_DIR"),
        proxies=networks("PROXIES", defaults.proxies),
        demo=switch("DEMO", default=defaults.demo),
        domain=text("DOMAIN", defaults.domain),
        oidc_issuer=text("OIDC_ISSUER", defaults.oidc_issuer),
        oidc_client_id=text("OIDC_CLIENT_ID", defaults.oidc_client_id),
        oidc_client_secret=text("OIDC_CLIENT_SECRET", defaults.oidc_client_secret),
        oidc_acr=text("OIDC_ACR", defaults.oidc_acr),
        oidc_name=text("OIDC_NAME", defaults.oidc_name),
        plain_hosts=frozenset(text("PLAIN_HOSTS", "").split()),
        secure_cookies=switch("SECURE_COOKIES", default=defaults.secure_cookies),
        metrics_port=number("METRICS_PORT", defaults.metrics_port),
        certificate=path("CERTIFICATE"),
        smtp_url=text("SMTP_URL", defaults.smtp_url),
        mail_from=text("MAIL_FROM", defaults.mail_from),
        sms_url=text("SMS_URL", defaults.sms_url),
        webhook_hosts=tuple(text("WEBHOOK_HOSTS", "").split()),
        pace=number("PACE", defaults.pace),
        log_level=text("LOG_LEVEL", defaults.log_level),
    )
    _refuse_plain_lines(read)
    return read


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
