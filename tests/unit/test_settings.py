from dataclasses import fields
from pathlib import Path

import pytest

from server.settings import Settings, from_environment

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def test_each_setting_is_documented() -> None:
    told = OPERATIONS.read_text(encoding="utf-8")
    missing = [field.name for field in fields(Settings) if f"`LIANBIAN_{field.name.upper()}`" not in told]
    assert missing == []


def test_each_setting_is_read_from_its_variable() -> None:
    given = {
        "LIANBIAN_HOST": "0.0.0.0",  # noqa: S104
        "LIANBIAN_PORT": "1",
        "LIANBIAN_MEDIA_PORT": "2",
        "LIANBIAN_PUBLIC_ADDRESS": "192.0.2.1",
        "LIANBIAN_TURN_URLS": "turn:turn.example:3478, turns:[2001:db8::7]:5349?transport=tcp",
        "LIANBIAN_TURN_SECRET": "0123456789abcdef0123456789abcdef",
        "LIANBIAN_DATA_DIR": "/srv",
        "LIANBIAN_DATABASE_URL": "postgresql://h/d?sslmode=verify-full",
        "LIANBIAN_OBJECTS_URL": "https://k:s@h/b",
        "LIANBIAN_OBJECT_CIPHER": "sm4-gcm",
        "LIANBIAN_REDIS_URL": "rediss://h",
        "LIANBIAN_KEYS_DIR": "/etc/lianbian/keys",
        "LIANBIAN_HEADS_DIR": "/mnt/heads",
        "LIANBIAN_PROXIES": "172.16.0.0/12, 2001:db8::7",
        "LIANBIAN_DEMO": "off",
        "LIANBIAN_SECURE_COOKIES": "on",
        "LIANBIAN_METRICS_PORT": "3",
        "LIANBIAN_CERTIFICATE": "/etc/proxy.pem",
        "LIANBIAN_PLAIN_HOSTS": "postgres redis",
        "LIANBIAN_WEBHOOK_HOSTS": "hooks.court.example .police.example",
        "LIANBIAN_PACE": "4",
        "LIANBIAN_LOG_LEVEL": "DEBUG",
        "LIANBIAN_DOMAIN": "lianbian.example",
        "LIANBIAN_OIDC_ISSUER": "https://id.example",
        "LIANBIAN_OIDC_CLIENT_ID": "lianbian",
        "LIANBIAN_OIDC_CLIENT_SECRET": "s",
        "LIANBIAN_OIDC_ACR": "urn:two-factors",
        "LIANBIAN_OIDC_NAME": "统一身份",
        "LIANBIAN_SMTP_URL": "smtps://u:p@h",
        "LIANBIAN_MAIL_FROM": "lianbian@h",
        "LIANBIAN_SMS_URL": "https://k@h/sms",
    }
    assert {f"LIANBIAN_{field.name.upper()}" for field in fields(Settings)} == set(given)
    read, default = from_environment(given), from_environment({})
    assert default == Settings()
    names = [field.name for field in fields(Settings)]
    unchanged = [name for name in names if getattr(read, name) == getattr(default, name)]
    assert unchanged == []


def test_a_port_that_is_no_number_names_its_variable() -> None:
    with pytest.raises(ValueError, match="LIANBIAN_PORT"):
        from_environment({"LIANBIAN_PORT": "web"})


def test_a_network_that_is_none_names_its_variable() -> None:
    with pytest.raises(ValueError, match="LIANBIAN_PROXIES"):
        from_environment({"LIANBIAN_PROXIES": "caddy"})


def test_a_setting_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "database_url"
    file.write_text("postgresql://u:p@127.0.0.1/d\n", encoding="utf-8")
    read = from_environment({"LIANBIAN_DATABASE_URL_FILE": str(file), "LIANBIAN_DATABASE_URL": ""})
    assert read.database_url == "postgresql://u:p@127.0.0.1/d"


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"LIANBIAN_REDIS_URL_FILE": "/nowhere"}, "LIANBIAN_REDIS_URL_FILE .* cannot be read: /nowhere"),
        ({"LIANBIAN_HOST_FILE": "/etc/hostname", "LIANBIAN_HOST": "::"}, "LIANBIAN_HOST_FILE exclude"),
    ],
)
def test_a_file_that_is_missing_or_one_too_many_names_its_variable(told: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_environment(told)


SECRET = {"LIANBIAN_TURN_SECRET": "0123456789abcdef0123456789abcdef"}
URLS = {"LIANBIAN_TURN_URLS": "turn:turn.example"}


@pytest.mark.parametrize(
    "told",
    [
        URLS,
        SECRET,
        URLS | {"LIANBIAN_TURN_SECRET": "short"},
        *(
            SECRET | {"LIANBIAN_TURN_URLS": urls}
            for urls in (
                "turn.example:3478",
                "stun:turn.example",
                "turn://turn.example",
                "turn:user@turn.example",
                "turn:turn.example?transport=sctp",
                "turn:a,turn:b,turn:c,turn:d,turn:e",
            )
        ),
    ],
)
def test_a_turn_server_that_cannot_be_used_is_named_at_the_start(told: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"LIANBIAN_TURN_(URLS|SECRET)"):
        from_environment(told)


@pytest.mark.parametrize(
    ("host", "public_address", "media_host"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1", "0.0.0.0"),  # noqa: S104
        ("127.0.0.1", "192.0.2.1", "0.0.0.0"),  # noqa: S104
        ("127.0.0.1", "2001:db8::1", "::"),
    ],
)
def test_media_is_received_where_browsers_send_it(host: str, public_address: str, media_host: str) -> None:
    assert Settings(host=host, public_address=public_address).media_host == media_host
