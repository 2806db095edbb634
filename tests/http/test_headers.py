"""What each answer tells the browser, and what the process log keeps of a refusal."""

import pytest
from structlog.testing import capture_logs

from server.kernel.identity import Role
from tests.factories import account
from tests.http.conftest import Browser, SignedIn


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/nowhere", "/api/openapi.json", "/static/x.css"])
async def test_every_answer_keeps_to_itself(anonymous: Browser, path: str) -> None:
    headers = (await anonymous.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy
    assert not [name for name in headers if name.startswith("Access-Control-")]


async def test_who_is_refused_is_logged_and_the_record_is_not(signed_in: SignedIn) -> None:
    person = account(Role.LAWYER, seeded=True)
    browser = await signed_in(person)
    with capture_logs() as lines:
        await browser.get("/accounts")
        await browser.get("/cases/a-case-that-may-exist")
    told = [line for line in lines if line["event"] == "refused"]
    assert [(line["code"], line["route"]) for line in told] == [
        ("not-allowed", "/accounts"),
        ("not-found", "/cases/{case_id}"),
    ]
    assert {line["actor"] for line in told} == {f"lawyer:{person.id}"}
    assert "a-case-that-may-exist" not in str(told)
