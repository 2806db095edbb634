import pytest

from server.kernel.lines import is_in_the_clear
from server.settings import from_environment

MANAGED = frozenset({"postgres"})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@db.example/lianbian?sslmode=verify-full",
        "postgresql://u:p@db.example/lianbian?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql://u:p@127.0.0.1/lianbian",
        "postgresql:///lianbian?host=/run/postgresql",
        "postgresql://u:p@postgres/lianbian",
        "rediss://redis.example",
        "redis://localhost",
        "unix:///run/redis.sock",
        "https://k:s@s3.example/bucket",
        "http://k:s@[::1]:9000/bucket",
        "smtps://u:p@mail.example",
        "smtp://u:p@mail.example",
    ],
)
def test_what_is_encrypted_or_stays_on_this_machine_is_taken(url: str) -> None:
    assert not is_in_the_clear(url, MANAGED)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@db.example/lianbian",
        "postgresql://u:p@db.example/lianbian?sslmode=prefer",
        "postgresql://u:p@db.example/lianbian?sslmode=require",
        "postgresql://u:p@db.example/lianbian?sslmode=verify-full&sslmode=disable",
        "postgresql:///lianbian?host=db.example",
        "postgresql:///lianbian?host=/run/postgresql,db.example",
        "redis://redis.example",
        "redis://10.0.0.7",
        "http://k:s@s3.example/bucket",
        "http://localhost.example/token",
    ],
)
def test_what_could_be_read_on_its_way_is_not(url: str) -> None:
    assert is_in_the_clear(url, MANAGED)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql://u:secret@db.example/d"),
        ("REDIS_URL", "redis://:secret@redis.example"),
        ("OBJECTS_URL", "http://k:secret@s3.example/b"),
        ("SMS_URL", "http://secret@sms.example/send"),
        ("OIDC_ISSUER", "http://id.example/secret"),
    ],
)
def test_no_process_starts_with_a_line_in_the_clear_unless_the_operator_answers_for_it(
    name: str, url: str
) -> None:
    with pytest.raises(ValueError, match=f"LIANBIAN_{name} .* LIANBIAN_PLAIN_HOSTS") as refused:
        from_environment({f"LIANBIAN_{name}": url})
    assert "secret" not in str(refused.value)
    hosts = "db.example redis.example s3.example sms.example id.example"
    read = from_environment({f"LIANBIAN_{name}": url, "LIANBIAN_PLAIN_HOSTS": hosts})
    assert read.plain_hosts == frozenset(hosts.split())
