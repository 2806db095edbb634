"""Which lines to others are encrypted, as their addresses say (OWASP ASVS 5.0, 12.3.1 and 12.3.3). Pure."""

from collections.abc import Set as AbstractSet
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

_ENCRYPTED = frozenset({"https", "rediss", "smtps"})
_STARTTLS = "smtp"
"""Asks for TLS as its first word (RFC 3207), and says nothing else without."""
_POSTGRESQL = "postgresql"


def stays_here(host: str | None) -> bool:
    """Tell whether a line to `host` never leaves this machine; none, or a path, is a Unix socket."""
    if not host or host == "localhost" or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_in_the_clear(url: str, plain_hosts: AbstractSet[str]) -> bool:
    """Tell whether what goes to `url` could be read on its way.

    That of PostgreSQL is encrypted where it must show a certificate for its name (libpq, `sslmode`): all
    lesser modes give way to whoever stands in between. For `plain_hosts` the operator answers.
    """
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    hosts = [parts.hostname, *",".join(query.get("host", [])).split(",")]  # libpq takes them there as well
    if all(stays_here(host) or host in plain_hosts for host in hosts):
        return False
    if parts.scheme.partition("+")[0] == _POSTGRESQL:
        return query.get("sslmode") != ["verify-full"]
    return parts.scheme not in _ENCRYPTED | {_STARTTLS}
