"""The people of the demo province who sign in. The first of each role is the one that the story is about."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from server.demo.names import colleagues
from server.demo.organisations import PLAYED_CITY, Organisations
from server.kernel.identity import Role
from server.kernel.ids import AccountId, new_id
from server.people.model import Account, Organisation, OrganisationKind

_FIRM_TASKS = {
    PLAYED_CITY: ("兼职律师", "兼职律师", "兼职律师", "值班律师"),
    "410100": ("志愿律师", "志愿律师", "兼职律师"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to make an account for."""

    role: Role
    organisation: Organisation | None
    task: str
    """What they do, as their title tells it."""
    name: str = ""
    """Empty: any free one."""


def make_people(organisations: Organisations, rng: Random) -> tuple[Account, ...]:
    """Make the accounts in the order in which the demo shows them; only their ids differ between calls."""
    persons = (*_main_persons(organisations), *_others(organisations))
    names = colleagues(rng, taken=frozenset(person.name for person in persons))
    numbers = count(1)
    return tuple(
        Account(
            id=AccountId(new_id()),
            login=f"demo{next(numbers):03}",
            name=person.name or next(names),
            role=person.role,
            organisation_id=None if person.organisation is None else person.organisation.id,
            title=person.task
            if person.organisation is None
            else f"{person.task}，{person.organisation.name}",
            seeded=True,
        )
        for person in persons
    )


def _main_persons(organisations: Organisations) -> Iterator[Person]:
    for role, name, task, organisation in (
        (Role.LAWYER, "周某", "专职律师，主办张某故意伤害案", "平舆县法律援助中心"),
        (Role.LAWYER, "林某", "志愿律师，跨市协办", "郑州某衡律师事务所"),
        (Role.COORDINATOR, "何某", "协调员", "驻马店协作区"),
        (Role.FACILITY_OFFICER, "孙某", "值班民警", "平舆县看守所"),
        (Role.LEGAL_AID_OFFICER, "高某", "受理指派岗", "平舆县法律援助中心"),
        (Role.AGENCY_OFFICER, "白某", "检察官助理", "平舆县人民检察院"),
    ):
        yield Person(role, organisations.named(organisation), task, name)


def _others(organisations: Organisations) -> Iterator[Person]:
    yield from _lawyers(organisations)
    for area in organisations.of(OrganisationKind.COOPERATION_AREA)[1:]:
        yield Person(Role.COORDINATOR, area, "协调员")
    for kind, role, task, region_code in (
        (OrganisationKind.DETENTION_FACILITY, Role.FACILITY_OFFICER, "值班民警", ""),
        (OrganisationKind.LEGAL_AID_INSTITUTION, Role.LEGAL_AID_OFFICER, "受理指派岗", ""),
        (OrganisationKind.PROCURATORATE, Role.AGENCY_OFFICER, "检察官助理", PLAYED_CITY[:4]),
        (OrganisationKind.POLICE, Role.AGENCY_OFFICER, "法制民警", PLAYED_CITY[:4]),
        (OrganisationKind.COURT, Role.AGENCY_OFFICER, "法官助理", PLAYED_CITY[:4]),
    ):
        for organisation in organisations.of(kind, region_code):
            yield Person(role, organisation, task)
    for role, task in (
        (Role.INTERPRETER, "翻译人员，维吾尔语和汉语"),
        (Role.ASSESSOR, "质量评查员，省级同行评查组"),
        (Role.AUDITOR, "审计员"),
        (Role.SYSTEM_ADMIN, "系统管理员"),
        (Role.SECURITY_ADMIN, "安全管理员"),
    ):
        yield Person(role, None, task)


def _lawyers(organisations: Organisations) -> Iterator[Person]:
    """Few in the counties, many in the cities: the imbalance that the product is about."""
    for institution in organisations.of(OrganisationKind.LEGAL_AID_INSTITUTION, PLAYED_CITY[:4]):
        yield Person(Role.LAWYER, institution, "专职律师")
    zhengzhou = organisations.named("郑州市法律援助中心")
    for task in ("专职律师", "专职律师", "高校志愿律师", "高校志愿律师", "高校志愿律师"):
        yield Person(Role.LAWYER, zhengzhou, task)
    for firm in organisations.of(OrganisationKind.LAW_FIRM):
        for task in _FIRM_TASKS.get(firm.region_code, ("兼职律师", "志愿律师")):
            yield Person(Role.LAWYER, firm, task)
