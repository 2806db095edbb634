"""The interface's document: true to the routes and models; a fuzzer finds nothing that differs from it."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from server.demo.seed import DEMO_AGENCY_KEY
from server.http.routing import ROUTES
from storage.database import Database
from tests.databases import Databases, Engine
from tests.faults.serving import serving
from tests.http.conftest import Browser
from tests.http.places import KEY, make_county
from tests.http.test_case_api import NOTICE, send

EXAMPLES = 40
SEED = 20260928
ALLOWED = """\
# That a date must not lie in the future, or after another one, can't be said in a schema.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 422, 429]
"""


async def document(browser: Browser, language: str = "zh") -> dict[str, Any]:
    answer = await browser.get("/api/openapi.json", headers={"Accept-Language": language})
    told: dict[str, Any] = await answer.json()
    return told


async def test_every_route_of_the_interface_is_in_the_document(
    anonymous: Browser, app: web.Application
) -> None:
    told = await document(anonymous)
    described = {(method.upper(), path) for path, each in told["paths"].items() for method in each}
    routes = {(each.method, each.path) for each in app[ROUTES] if each.path.startswith("/api/v")}
    assert described == routes
    assert told["openapi"] == "3.1.0"


async def test_what_is_parsed_is_what_is_described(anonymous: Browser) -> None:
    told = await document(anonymous)
    body = told["paths"]["/api/v1/notices"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    names = [each["$ref"].rpartition("/")[2] for each in body["anyOf"]]
    assert names == ["NoticeInput", "SecretNoticeInput"]
    described = told["components"]["schemas"]["NoticeInput"]
    assert set(NOTICE) <= set(described["properties"])
    assert described["additionalProperties"] is False
    assert described["properties"]["co_accused"]["maximum"] == 500


async def test_the_document_and_its_page_speak_the_readers_language(anonymous: Browser) -> None:
    chinese, english = await document(anonymous), await document(anonymous, "en")
    assert chinese["info"]["title"] == "联辩接口"
    assert english["info"]["title"] == "The Lianbian API"
    page = await (await anonymous.get("/api", headers={"Accept-Language": "en"})).text()
    assert "POST /api/v1/notices" in page
    assert "idempotency-key-missing" in page


async def test_cases_are_listed_page_by_page_without_a_gap(anonymous: Browser, database: Database) -> None:
    await make_county(database)
    made = []
    for number in range(5):
        body = {**NOTICE, "agency_number": f"平检刑诉受〔2026〕{number}号"}
        status, told, _ = await send(anonymous, body, idempotency_key=f"n{number}")
        assert status == 201
        made.append(told["case"]["id"])
    headers = {"Authorization": f"Bearer {KEY}"}
    seen, cursor = [], ""
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = await (await anonymous.get("/api/v1/cases", params=query, headers=headers)).json()
        seen += [case["id"] for case in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert sorted(seen) == sorted(made)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"cursor": "@"}, {"cursor": "QUFB"}])
async def test_a_page_that_is_none_is_refused(
    anonymous: Browser, database: Database, query: dict[str, str]
) -> None:
    await make_county(database)
    headers = {"Authorization": f"Bearer {KEY}"}
    assert (await anonymous.get("/api/v1/cases", params=query, headers=headers)).status == 422


async def test_what_has_not_changed_is_not_sent_again(anonymous: Browser, database: Database) -> None:
    await make_county(database)
    _, told, location = await send(anonymous, NOTICE)
    headers = {"Authorization": f"Bearer {KEY}"}
    for path in (location, f"/api/v1/notices/{told['id']}", "/api/v1/cases"):
        first = await anonymous.get(path, headers=headers)
        known = {**headers, "If-None-Match": first.headers["ETag"]}
        assert (await anonymous.get(path, headers=known)).status == 304


@pytest.mark.parametrize("wrong", [{"co_accused": "3"}, {"life_or_death": "true"}, {"offence": "a\0b"}])
async def test_a_value_of_another_type_is_refused_however_like_it_looks(
    anonymous: Browser, database: Database, wrong: dict[str, object]
) -> None:
    await make_county(database)
    status, told, _ = await send(anonymous, {**NOTICE, **wrong})
    assert (status, told["code"]) == (422, "invalid-input")


@pytest.mark.timeout(300)
async def test_schemathesis_finds_nothing(tmp_path: Path, databases: Databases) -> None:
    """A real process over HTTP, on PostgreSQL, the stricter engine; the seed is fixed, so that each run asks
    the same.
    """
    (tmp_path / "schemathesis.toml").write_text(ALLOWED, encoding="utf-8")
    url = await databases.copy(Engine.POSTGRESQL, tmp_path)
    async with serving(tmp_path / "data", environment={"LIANBIAN_DATABASE_URL": url}) as served:
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).parent / "schemathesis"), "run"),
            f"{served.address}/api/openapi.json",
            *("--header", f"Authorization: Bearer {DEMO_AGENCY_KEY}"),
            *("--checks", "all", "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--no-color"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        assert "request failed" not in served.said()
