"""What each answer tells the browser, and what the process log keeps of a refusal."""

from collections import Counter

import pytest
from structlog.testing import capture_logs

from server.http.base64 import to_text
from server.kernel.identity import Role
from tests.factories import account
from tests.http.conftest import Browser, SignedIn
from tests.terminal_device import Device


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


async def test_who_tries_to_get_in_is_told_of_once_a_second(
    anonymous: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.http.problems._TOLD_AT", {})
    monkeypatch.setattr("server.http.problems._LEFT_OUT", Counter())
    wrong = {"Authorization": "Bearer lb_wrong", "Accept": "application/json"}
    with capture_logs() as lines:
        for _ in range(20):
            assert (await anonymous.get("/api/v1/cases", headers=wrong)).status == 401
        form = {"code": "1" * 12, "public_key": to_text(Device().public_key)}
        assert (await anonymous.post("/kiosk/pair", data=form)).status == 422
    told = [line for line in lines if line["event"] == "kept out"]
    assert {line["code"] for line in told} == {"not-signed-in", "wrong-pairing-code"}
    assert len(told) < 20
    assert {line["origin"] for line in told} == {"127.0.0.1"}


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
