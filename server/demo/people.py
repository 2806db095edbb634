"""The people of the demo province who sign in. The first of each role is the one that the story is about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from server.cooperation.model import LawyerCategory
from server.demo.names import colleagues
from server.demo.organisations import PLAYED_CITY, Organisations
from server.kernel.identity import Role
from server.kernel.ids import ID_ALPHABET, ID_LENGTH, AccountId, OrganisationId
from server.people.model import Account, Organisation, OrganisationKind

_CATEGORIES: Mapping[LawyerCategory, str] = {
    LawyerCategory.FULL_TIME: "专职律师",
    LawyerCategory.PART_TIME: "兼职律师",
    LawyerCategory.VOLUNTEER: "志愿律师",
    LawyerCategory.ACADEMIC: "高校志愿律师",
    LawyerCategory.DUTY: "值班律师",
}
_OF_FIRMS: Mapping[str, tuple[LawyerCategory, ...]] = {
    PLAYED_CITY: (*[LawyerCategory.PART_TIME] * 3, LawyerCategory.DUTY),
    "410100": (LawyerCategory.VOLUNTEER, LawyerCategory.VOLUNTEER, LawyerCategory.PART_TIME),
}
_OF_OTHER_FIRMS = (LawyerCategory.PART_TIME, LawyerCategory.VOLUNTEER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to make an account for."""

    role: Role
    organisation: Organisation | None = None
    task: str
    """What they do, as their title tells it."""
    name: str = ""
    """Empty: any free one."""
    category: LawyerCategory | None = None
    """On what footing a lawyer does legal aid; None for everybody else."""


@dataclass(frozen=True, slots=True)
class People:
    """All accounts in the order in which the demo shows them, and the lawyers' categories."""

    accounts: tuple[Account, ...]
    categories: Mapping[AccountId, LawyerCategory]

    def named(self, name: str) -> Account:
        """Return who bears the name."""
        return next(account for account in self.accounts if account.name == name)

    def by_id(self, account_id: AccountId) -> Account:
        """Return whose account it is."""
        return next(account for account in self.accounts if account.id == account_id)

    def of(self, role: Role, organisation_id: OrganisationId) -> Account:
        """Return who acts in `role` for the organisation."""
        return next(
            account
            for account in self.accounts
            if account.role is role and account.organisation_id == organisation_id
        )


def make_people(organisations: Organisations, rng: Random) -> People:
    """Make them, the same each time: where two lawyers score alike, their ids decide who comes first."""
    persons = (*_main_persons(organisations), *_others(organisations))
    names = colleagues(rng, taken=frozenset(person.name for person in persons))
    accounts = tuple(_account(number, person, names, rng) for number, person in enumerate(persons, start=1))
    return People(
        accounts,
        {
            account.id: person.category
            for account, person in zip(accounts, persons, strict=True)
            if person.category is not None
        },
    )


def _account(number: int, person: Person, names: Iterator[str], rng: Random) -> Account:
    organisation = person.organisation
    return Account(
        id=AccountId("".join(rng.choices(ID_ALPHABET, k=ID_LENGTH))),
        login=f"demo{number:03}",
        name=person.name or next(names),
        role=person.role,
        organisation_id=None if organisation is None else organisation.id,
        title=person.task if organisation is None else f"{person.task}，{organisation.name}",
        seeded=True,
    )


def _main_persons(organisations: Organisations) -> Iterator[Person]:
    for role, name, task, organisation, category in (
        (
            Role.LAWYER,
            "周某",
            "专职律师，主办张某故意伤害案",
            "平舆县法律援助中心",
            LawyerCategory.FULL_TIME,
        ),
        (Role.LAWYER, "林某", "志愿律师，跨市协办", "郑州某衡律师事务所", LawyerCategory.VOLUNTEER),
        (Role.COORDINATOR, "何某", "协调员", "驻马店协作区", None),
        (Role.FACILITY_OFFICER, "孙某", "值班民警", "平舆县看守所", None),
        (Role.LEGAL_AID_OFFICER, "高某", "受理指派岗", "平舆县法律援助中心", None),
        (Role.AGENCY_OFFICER, "白某", "检察官助理", "平舆县人民检察院", None),
    ):
        yield Person(
            role=role,
            organisation=organisations.named(organisation),
            task=task,
            name=name,
            category=category,
        )


def _others(organisations: Organisations) -> Iterator[Person]:
    for organisation, category in _lawyers(organisations):
        yield Person(
            role=Role.LAWYER, organisation=organisation, task=_CATEGORIES[category], category=category
        )
    for area in organisations.of(OrganisationKind.COOPERATION_AREA)[1:]:
        yield Person(role=Role.COORDINATOR, organisation=area, task="协调员")
    for kind, role, task, region_code in (
        (OrganisationKind.DETENTION_FACILITY, Role.FACILITY_OFFICER, "值班民警", ""),
        (OrganisationKind.LEGAL_AID_INSTITUTION, Role.LEGAL_AID_OFFICER, "受理指派岗", ""),
        (OrganisationKind.PROCURATORATE, Role.AGENCY_OFFICER, "检察官助理", PLAYED_CITY[:4]),
        (OrganisationKind.POLICE, Role.AGENCY_OFFICER, "法制民警", PLAYED_CITY[:4]),
        (OrganisationKind.COURT, Role.AGENCY_OFFICER, "法官助理", PLAYED_CITY[:4]),
    ):
        for organisation in organisations.of(kind, region_code):
            yield Person(role=role, organisation=organisation, task=task)
    for role, task in (
        (Role.INTERPRETER, "翻译人员，维吾尔语和汉语"),
        (Role.ASSESSOR, "质量评查员，省级同行评查组"),
        (Role.AUDITOR, "审计员"),
        (Role.SYSTEM_ADMIN, "系统管理员"),
        (Role.SECURITY_ADMIN, "安全管理员"),
    ):
        yield Person(role=role, task=task)


def _lawyers(organisations: Organisations) -> Iterator[tuple[Organisation, LawyerCategory]]:
    """Few in the counties, many in the cities: the imbalance that the product is about."""
    for institution in organisations.of(OrganisationKind.LEGAL_AID_INSTITUTION, PLAYED_CITY[:4]):
        yield institution, LawyerCategory.FULL_TIME
    zhengzhou = organisations.named("郑州市法律援助中心")
    for category in (*[LawyerCategory.FULL_TIME] * 2, *[LawyerCategory.ACADEMIC] * 3):
        yield zhengzhou, category
    for firm in organisations.of(OrganisationKind.LAW_FIRM):
        for category in _OF_FIRMS.get(firm.region_code, _OF_OTHER_FIRMS):
            yield firm, category
