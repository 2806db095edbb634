"""The auditor's pages, with proofs that are verified as a stranger would."""

import json
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import update

from server.audit.entry import canonical_of
from server.audit.handlers import PAGE
from server.audit.heads import HeadKey, TreeHead
from server.audit.merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion
from server.kernel.events import Event
from server.kernel.identity import Role
from server.people.events import SessionsRevoked, SignedOut
from server.people.model import Account
from server.settings import Settings
from storage.database import Database
from storage.head_files import HeadFiles
from storage.key_file import key_in
from storage.tables.audit import audit_entry
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn


@pytest.fixture
async def auditor(signed_in: SignedIn) -> Browser:
    return await signed_in(account(Role.AUDITOR, name="严某", seeded=True))


async def write(database: Database, *events: Event) -> None:
    for event in events:
        async with database.transaction() as tx:
            tx.record(event)


def revoked(by: Account, account_id: str = "a1") -> Event:
    return SessionsRevoked(actor=by.identity.actor, account_id=account_id)


async def found(browser: Browser, **query: str) -> str:
    answer = await browser.get("/audit", params=query)
    assert answer.status == 200
    return await answer.text()


@pytest.fixture
async def officer(database: Database) -> Account:
    made = replace(account(Role.SECURITY_ADMIN, name="曹某"), login="cao")
    async with database.transaction() as tx:
        await tx.people.add_account(made, password_hash=None)
    return made


@pytest.fixture
async def auditor_of_two_days(
    database: Database, officer: Account, clock: SetClock, signed_in: SignedIn
) -> Browser:
    """Finds two entries of the first day and one of the second."""
    await write(database, revoked(officer, "a1"), SignedOut(actor="lawyer:l1", account_id="a3"))
    clock.move(timedelta(hours=16))
    await write(database, revoked(officer, "a2"))
    return await signed_in(account(Role.AUDITOR, name="严某", seeded=True))


async def test_the_auditor_sees_who_did_what_from_where_and_under_which_rule(
    auditor: Browser, database: Database, officer: Account
) -> None:
    await write(database, revoked(officer, "a77"))
    page = await found(auditor)
    assert "曹某" in page
    assert "收回登录" in page
    assert "account:a77" in page
    assert "auditor/search_log" not in page
    again = await found(auditor)
    assert "查询审计日志" in again
    assert "auditor/search_log/no_record" in again
    assert "127.0.0.1" in again


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ({"who": "曹某"}, {"a1", "a2"}),
        ({"who": "cao"}, {"a1", "a2"}),
        ({"who": "nobody"}, set()),
        ({"event": "SignedOut"}, {"a3"}),
        ({"subject": "account:a2"}, {"a2"}),
        ({"since": "2026-09-29"}, {"a2"}),
        ({"until": "2026-09-28", "event": "SessionsRevoked"}, {"a1"}),
        ({"case_id": "c" * 26}, set()),
    ],
)
async def test_each_condition_narrows_what_is_found(
    auditor_of_two_days: Browser, query: dict[str, str], subjects: set[str]
) -> None:
    page = await found(auditor_of_two_days, **query)
    assert {name for name in ("a1", "a2", "a3") if f"account:{name}<" in page} == subjects


async def test_pages_lead_on_to_earlier_entries_and_show_each_once(
    auditor: Browser, database: Database, officer: Account
) -> None:
    await write(database, *(revoked(officer, f"n{number}") for number in range(PAGE + 3)))
    first = await found(auditor, event="SessionsRevoked")
    assert first.count("account:n") == PAGE
    before = first.partition("before=")[2].partition('"')[0]
    second = await found(auditor, event="SessionsRevoked", before=before)
    assert [f"account:n{number}<" in second for number in range(4)] == [True, True, True, False]
    assert "更早的记录" not in second


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"until": "9999-12-31"},
        {"before": "0"},
        {"colour": "red"},
        {"who": "x" * 81},
        {"case_id": "x" * 40},
    ],
    ids=str,
)
async def test_what_cannot_be_searched_for_is_told(auditor: Browser, query: dict[str, str]) -> None:
    answer = await auditor.get("/audit", params=query)
    assert answer.status == 422
    assert "err-sum" in await answer.text()


async def lines(browser: Browser, **query: str) -> list[dict[str, Any]]:
    answer = await browser.get("/audit/export", params=query)
    assert answer.status == 200
    assert answer.headers["Content-Disposition"].endswith('.ndjson"')
    return [json.loads(line) for line in (await answer.text()).splitlines()]


async def test_an_export_is_whole_and_ends_with_the_head_that_it_leads_to(
    auditor: Browser, database: Database, officer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.audit.handlers.BATCH", 3)
    await write(database, *(revoked(officer, f"n{number}") for number in range(9)))
    *entries, last = await lines(auditor)
    assert [entry["number"] for entry in entries] == list(range(1, last["tree_head"]["tree_size"] + 1))
    assert entries[-1]["event"] == "LogExported"
    *chosen, _ = await lines(auditor, who="曹某")
    assert [entry["details"]["account_id"] for entry in chosen] == [f"n{number}" for number in range(9)]
    *none, _ = await lines(auditor, who="nobody")
    assert none == []


def head_of(told: dict[str, Any]) -> TreeHead:
    return TreeHead(
        timestamp=told["timestamp"],
        tree_size=told["tree_size"],
        root_hash=b64decode(told["root_hash"]),
    )


async def answer_of(browser: Browser, path: str) -> dict[str, Any]:
    answer = await browser.get(path)
    assert answer.status == 200
    return dict(await answer.json())


@pytest.mark.parametrize("number", [1, 2, 7, 8, 9])
async def test_an_entry_is_proved_to_be_in_the_log(
    auditor: Browser, database: Database, officer: Account, number: int
) -> None:
    await write(database, *(revoked(officer, f"n{each}") for each in range(12)))
    told, key = (
        await answer_of(auditor, f"/audit/entries/{number}/proof"),
        await answer_of(auditor, "/audit/head"),
    )
    head = head_of(told["tree_head"])
    public = Ed25519PublicKey.from_public_bytes(b64decode(key["public_key"]))
    public.verify(b64decode(told["tree_head"]["signature"]), head.data)
    leaf = leaf_hash(told["leaf"].encode())
    path = [b64decode(step) for step in told["inclusion_path"]]
    verify_inclusion(leaf, told["leaf_index"], head.tree_size, path, head.root_hash)
    assert told["leaf_index"] == number - 1
    assert json.loads(told["leaf"])[0] == told["entry"]["number"] == number


async def test_the_log_is_proved_to_have_only_grown(
    auditor: Browser, database: Database, officer: Account
) -> None:
    await write(database, *(revoked(officer, f"n{each}") for each in range(5)))
    before = head_of(await answer_of(auditor, "/audit/head"))
    await write(database, *(revoked(officer, f"n{each}") for each in range(6)))
    after = head_of(await answer_of(auditor, "/audit/head"))
    told = await answer_of(auditor, f"/audit/consistency?tree_size_1={before.tree_size}")
    assert told["tree_size_2"] == after.tree_size
    path = [b64decode(step) for step in told["consistency_path"]]
    verify_consistency(before.tree_size, before.root_hash, after.tree_size, after.root_hash, path)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/audit/entries/0", 404),
        ("/audit/entries/999", 404),
        ("/audit/entries/999/proof", 404),
        ("/audit/entries/x", 404),
        (f"/audit/entries/{'9' * 40}", 404),
        ("/audit/entries/²", 404),
        ("/audit/consistency", 422),
        ("/audit/consistency?tree_size_1=0", 422),
        ("/audit/consistency?tree_size_1=999", 422),
        ("/audit/consistency?tree_size_1=1&tree_size_2=999", 422),
    ],
)
async def test_what_is_not_in_the_log_is_not_proved(auditor: Browser, path: str, status: int) -> None:
    answer = await auditor.get(path, headers={"Accept": "application/json"})
    assert answer.status == status


async def test_the_page_of_an_entry_says_whether_it_is_as_it_was_written(
    auditor: Browser, database: Database, officer: Account
) -> None:
    await write(database, *(revoked(officer, f"n{each}") for each in range(5)))
    page = await (await auditor.get("/audit/entries/3")).text()
    assert "这一条就是当时写入的那一条" in page
    assert page.count("合并") == 3
    async with database.transaction() as tx:
        changed = update(audit_entry).where(audit_entry.c.number == 3).values(actor="lawyer:x")
        await tx.connection.execute(changed)
    assert "可能被改动过" in await (await auditor.get("/audit/entries/3")).text()


async def rewrite(database: Database, number: int) -> None:
    """Blames somebody else for an entry, and makes the tree anew, as who has nothing but the database can."""
    async with database.transaction() as tx:
        changed = update(audit_entry).where(audit_entry.c.number == number)
        await tx.connection.execute(changed.values(actor="lawyer:x"))
        tree = Frontier()
        for row in await tx.log.rows(after=0, limit=100):
            tree.append(leaf_hash(canonical_of(row[:-2])))
            place = update(audit_entry).where(audit_entry.c.number == row.number)
            await tx.connection.execute(place.values(subtree=tree.peaks[-1]))


async def test_of_a_log_that_was_rewritten_below_the_last_head_nothing_is_signed(
    auditor: Browser, database: Database, officer: Account, settings: Settings
) -> None:
    await write(database, *(revoked(officer, f"n{each}") for each in range(5)))
    key = HeadKey(partial(key_in, settings.head_key))
    last = head_of(await answer_of(auditor, "/audit/head"))
    HeadFiles(settings.heads).append(key.sign(last))
    assert (await auditor.get("/audit/entries/3/proof")).status == 200
    await rewrite(database, 3)
    for path in ("/audit/head", "/audit/export", "/audit/entries/3", "/audit/entries/1/proof"):
        answer = await auditor.get(path, headers={"Accept": "application/json"})
        assert (answer.status, (await answer.json())["code"]) == (503, "log-contradicted"), path


async def test_an_entry_that_was_rewritten_before_a_head_showed_it_is_marked_wherever_it_is_shown(
    auditor: Browser, database: Database, officer: Account
) -> None:
    await write(database, *(revoked(officer, f"n{each}") for each in range(3)))
    await rewrite(database, 2)
    assert (await answer_of(auditor, "/audit/entries/1/proof"))["is_sealed"] is True
    assert (await answer_of(auditor, "/audit/entries/2/proof"))["is_sealed"] is False
    assert "可能被改动过" in await (await auditor.get("/audit/entries/2")).text()
    *entries, _ = await lines(auditor)
    assert [each["number"] for each in entries if not each["is_sealed"]] == [2]
    assert (await found(auditor)).count("可能被改动过") == 1


async def test_a_search_is_logged_with_its_days(auditor: Browser) -> None:
    await found(auditor, since="2026-09-01", until="2026-09-28")
    *_, entry, _ = await lines(auditor, event="LogSearched")
    told = entry["details"]
    assert (told["since"], told["until"]) == ("2026-09-01T00:00:00+08:00", "2026-09-29T00:00:00+08:00")


async def test_whoever_looks_at_an_entry_leaves_one(
    auditor: Browser, database: Database, officer: Account
) -> None:
    await write(database, revoked(officer))
    await auditor.get("/audit/entries/1")
    await auditor.get("/audit/entries/2/proof")
    *entries, _ = await lines(auditor, event="LogSearched")
    assert [entry["details"]["record"] for entry in entries] == ["log:1", "log:2"]
