"""A new person's way in, in real Chromium with an authenticator in it: first password, passkey, proof."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from server.kernel.identity import Role
from server.people.model import Account
from server.people.passwords import Argon2Passwords
from server.people.policy import PROOF_LIFE
from tests.browser.province import Province, province
from tests.factories import account
from tests.fakes.clock import SetClock

PASSWORD = "correct horse battery"  # noqa: S105 - of a person made up here
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Province]:
    async with province(tmp_path) as running:
        yield running


@pytest.fixture
async def page(browser: Browser, demo: Province) -> AsyncIterator[Page]:
    """A page at the name for which passkeys are made, with an authenticator that knows its user."""
    context = await browser.new_context(
        base_url=demo.address.replace("127.0.0.1", "localhost"), locale="zh-CN"
    )
    opened = await context.new_page()
    devtools = await context.new_cdp_session(opened)
    await devtools.send("WebAuthn.enable")
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield opened
    await context.close()


async def person_in(demo: Province, role: Role) -> Account:
    made = account(role)
    async with demo.database.transaction() as tx:
        await tx.people.add_account(made, password_hash=await Argon2Passwords().hash(PASSWORD))
    return made


async def add_passkey(page: Page, person: Account) -> None:
    """Comes in with the password alone, and adds a passkey."""
    await page.goto("/sign-in")
    await page.get_by_label("账号").fill(person.login)
    await page.get_by_label("密码", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_text("请先设置通行密钥或动态验证码")).to_be_visible()
    await page.get_by_label("名称").fill("办公室电脑")
    await page.get_by_role("button", name="添加通行密钥").click()
    await expect(page.get_by_text("办公室电脑", exact=True)).to_be_visible()


async def test_a_new_person_adds_a_passkey_and_comes_in_with_it_from_then_on(
    page: Page, demo: Province
) -> None:
    await add_passkey(page, await person_in(demo, Role.SECURITY_ADMIN))
    await page.get_by_role("button", name="退出登录").click()
    await page.goto("/sign-in?next=/accounts")
    await page.get_by_role("button", name="使用通行密钥登录").click()
    await expect(page.get_by_role("heading", name="账号", exact=True)).to_be_visible()


async def test_a_form_that_waits_for_a_proof_goes_on_after_the_passkey(page: Page, demo: Province) -> None:
    await add_passkey(page, await person_in(demo, Role.SECURITY_ADMIN))
    await page.goto("/accounts")
    assert isinstance(demo.clock, SetClock)
    demo.clock.move(PROOF_LIFE)
    await page.get_by_label("账号", exact=True).fill("lin")
    await page.get_by_label("姓名").fill("林某某")
    await page.get_by_label("角色").select_option("auditor")
    await page.get_by_role("button", name="新增账号").click()
    await page.get_by_role("button", name="使用通行密钥").click()
    await page.get_by_role("button", name="继续").click()
    await expect(page.get_by_text("林某某的密码")).to_be_visible()


async def test_an_authenticator_that_does_not_answer_leaves_the_other_way_open(page: Page) -> None:
    await page.goto("/sign-in")
    await page.get_by_role("button", name="使用通行密钥登录").click()
    await expect(page.get_by_role("alert").filter(has_text="没有完成")).to_be_visible()
    await expect(page.get_by_role("button", name="登录", exact=True)).to_be_enabled()
