"""Pages of people and of errors."""

from dataclasses import replace
from datetime import timedelta

import segno
from markupsafe import Markup

from server.http.proof import Carried
from server.http.scopes import Scope
from server.kernel.errors import FieldError, InvalidInput, NotAllowed, NotFound
from server.kernel.identity import ANONYMOUS, Role
from server.kernel.ids import AccountId, OrganisationId, SessionId, TerminalId
from server.people.model import (
    Account,
    AgencyKey,
    Organisation,
    OrganisationKind,
    OtpAuthenticator,
    Passkey,
    Proof,
    Recovery,
    Session,
    Terminal,
)
from server.people.own_codes import WrongCode
from tests.samples.values import LAWYER, NOW, OFFICER, Sample, someone

_CENTRE = Organisation(
    id=OrganisationId("o" * 26),
    kind=OrganisationKind.LEGAL_AID_INSTITUTION,
    name="驻马店市法律援助中心",
    region_code="411700",
)


_AREA = Organisation(
    id=OrganisationId("p" * 26),
    kind=OrganisationKind.COOPERATION_AREA,
    name="驻马店协作区",
    region_code="411700",
)
_FACILITY = Organisation(
    id=OrganisationId("q" * 26),
    kind=OrganisationKind.DETENTION_FACILITY,
    name="平舆县看守所",
    region_code="411723",
    parent_id=_AREA.id,
)


def _account(number: int, name: str, role: Role, title: str = "") -> Account:
    return Account(
        id=AccountId(f"{number:026}"),
        login=f"demo{number}",
        name=name,
        role=role,
        organisation_id=_CENTRE.id,
        title=title,
        seeded=True,
    )


_ACCOUNTS = (
    *(_account(n, f"{name}某", Role.LAWYER, "专职律师，驻马店") for n, name in enumerate("周林罗邓许蒋贺郭")),
    _account(20, "何某", Role.COORDINATOR),
    _account(21, "孙某", Role.FACILITY_OFFICER, "值班民警，平舆县看守所"),
    _account(22, "冯某", Role.LEGAL_AID_OFFICER),
    _account(23, "贾某", Role.AGENCY_OFFICER, "平舆县检察院"),
)
_TERMINALS = (
    Terminal(id=TerminalId("t" * 26), facility_id=_CENTRE.id, name="1 号终端", paired_at=NOW),
    Terminal(id=TerminalId("u" * 26), facility_id=_CENTRE.id, name="2 号终端"),
)
_CODES = OtpAuthenticator(account_id=AccountId("a" * 26), sealed_secret=b"", added_at=NOW, last_step=0)
_PASSKEY = Passkey(
    credential_id=b"a",
    account_id=AccountId("a" * 26),
    public_key=b"",
    sign_count=1,
    name="办公室电脑",
    synced=False,
    added_at=NOW,
    used_at=NOW,
)
_SESSIONS = tuple(
    Session(
        id=SessionId(number * 26),
        token_hash=b"",
        account_id=AccountId("a" * 26),
        terminal_id=None,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=12),
        proof=Proof.PASSKEY,
        proved_at=NOW,
        used_at=NOW,
        origin=origin,
        device=device,
    )
    for number, device, origin in (
        ("1", "Edge, Windows", "198.51.100.17"),
        ("2", "WeChat, Android", "2001:db8:85a3:8d3:1319:8a2e:370:7348"),
        ("3", "", ""),
    )
)
_RECOVERIES = tuple(
    Recovery(
        account_id=_ACCOUNTS[number].id,
        reason="手机落水，本人到中心当面核对身份证",
        asked_by=asked_by,
        asked_at=NOW,
    )
    for number, asked_by in ((1, _ACCOUNTS[8].id), (2, _ACCOUNTS[0].id))
)
_PICTURE = segno.make("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ").svg_inline(omitsize=True)
_WRONG = InvalidInput(fields=(FieldError("login", "missing", "请填写这一项。"),))


def people() -> tuple[Sample, ...]:
    return (
        Sample(
            name="sign-in",
            template="people/sign_in.html",
            identity=ANONYMOUS,
            path="/sign-in",
            context={"next": "/", "login": "", "problem": None, "passkeys": True, "provider": "统一身份"},
        ),
        Sample(
            name="sign-in-refused",
            template="people/sign_in.html",
            identity=ANONYMOUS,
            path="/sign-in",
            context={"next": "/", "login": "zhou", "problem": _WRONG, "passkeys": False, "provider": ""},
        ),
        Sample(
            name="choose",
            template="people/choose.html",
            identity=ANONYMOUS,
            path="/choose",
            context={"leading": _ACCOUNTS[:2], "others": _ACCOUNTS[2:]},
        ),
        Sample(
            name="pair",
            template="people/pair.html",
            identity=ANONYMOUS,
            path="/kiosk/pair",
            context={"problem": None},
        ),
        Sample(
            name="terminals",
            template="people/terminals.html",
            identity=OFFICER,
            path="/terminals",
            context={
                "terminals": _TERMINALS,
                "seen": {_TERMINALS[0].id: NOW},
                "code": "48192036",
                "code_for": _TERMINALS[0].id,
            },
        ),
        Sample(
            name="terminals-none",
            template="people/terminals.html",
            identity=OFFICER,
            path="/terminals",
            context={"terminals": (), "seen": {}, "code": None},
        ),
    )


def administration() -> tuple[Sample, ...]:
    accounts: dict[str, object] = {
        "accounts": _ACCOUNTS,
        "organisations": {_CENTRE.id: _CENTRE, _AREA.id: _AREA},
        "roles": (Role.LAWYER, Role.COORDINATOR),
        "by_id": {each.id: each for each in _ACCOUNTS},
        "recoveries": {each.account_id: each for each in _RECOVERIES},
        "is_alone": True,
    }
    organisations: dict[str, object] = {
        "organisations": {_CENTRE.id: _CENTRE, _AREA.id: _AREA, _FACILITY.id: _FACILITY},
        "terminals": {_FACILITY.id: _TERMINALS},
        "kinds": tuple(OrganisationKind),
    }
    typed = {"name": "周某", "role": "lawyer"}
    own: dict[str, object] = {
        "organisation": _CENTRE,
        "title": "",
        "problem": None,
        "least": 12,
        "link": None,
        "provider": "统一身份",
    }
    return (
        Sample(
            name="accounts",
            template="people/accounts.html",
            identity=someone(Role.SECURITY_ADMIN, "秦某"),
            path="/accounts",
            context=accounts | {"typed": {}, "problem": None, "shown": (_ACCOUNTS[0], "Qm3x-9TzRw_4kVpL")},
        ),
        Sample(
            name="accounts-refused",
            template="people/accounts.html",
            identity=someone(Role.SECURITY_ADMIN, "秦某"),
            path="/accounts",
            context=accounts | {"typed": typed, "problem": _WRONG, "shown": None},
        ),
        Sample(
            name="organisations",
            template="people/organisations.html",
            identity=someone(Role.SYSTEM_ADMIN, "尤某"),
            path="/organisations",
            context=organisations | {"typed": {}, "problem": None},
        ),
        Sample(
            name="account",
            template="people/account.html",
            identity=LAWYER,
            path="/account",
            context=own | {"codes": _CODES, "passkeys": [("a1", _PASSKEY)], "passkeys_work": True},
        ),
        Sample(
            name="sessions",
            template="people/sessions.html",
            identity=replace(LAWYER, session_id=_SESSIONS[0].id),
            path="/account/sessions",
            context={"sessions": _SESSIONS},
        ),
        Sample(
            name="account-not-enrolled",
            template="people/account.html",
            identity=replace(LAWYER, must_enrol=True),
            path="/account",
            context=own | {"codes": None, "passkeys": [], "passkeys_work": False},
        ),
    )


def api_keys() -> tuple[Sample, ...]:
    key = AgencyKey(
        id="k" * 26,
        key_hash=bytes(32),
        organisation_id=_CENTRE.id,
        name="统一业务系统",
        scopes=("notices:send", "cases:read"),
        networks=("10.20.0.0/16", "2001:db8::/32"),
        created_at=NOW,
        expires_at=NOW + timedelta(days=365),
    )
    context: dict[str, object] = {
        "keys": (key, replace(key, expires_at=NOW)),
        "agencies": (_CENTRE,),
        "names": {_CENTRE.id: _CENTRE.name},
        "scopes": tuple(Scope),
        "chosen": ("notices:send",),
        "typed": {},
        "problem": None,
        "secret": "lb_" + "Qm3x9TzRw4kVpL_" * 3,
    }
    admin = someone(Role.SECURITY_ADMIN, "秦某")
    return tuple(
        Sample(name=name, template="people/api_keys.html", identity=admin, path="/api-keys", context=shown)
        for name, shown in (
            ("api-keys", context),
            ("api-keys-none", context | {"keys": (), "secret": "", "problem": _WRONG}),
        )
    )


def credentials() -> tuple[Sample, ...]:
    carried = Carried("/accounts", (("login", "lin"), ("name", "林某")))
    return (
        Sample(
            name="codes",
            template="people/codes.html",
            identity=LAWYER,
            path="/account/codes",
            context={
                "picture": Markup(_PICTURE),  # noqa: S704 - drawn here
                "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
                "sealed": "c2VhbGVk",
                "problem": WrongCode(),
            },
        ),
        Sample(
            name="prove",
            template="people/prove.html",
            identity=LAWYER,
            path="/account/prove",
            context={"next": "/", "carried": carried.text, "problem": None, "provider": "统一身份"},
        ),
        Sample(
            name="prove-page",
            template="people/prove.html",
            identity=LAWYER,
            path="/account/prove",
            context={"next": "/account/codes", "carried": "", "problem": _WRONG, "provider": "统一身份"},
        ),
        Sample(
            name="proved",
            template="people/proved.html",
            identity=LAWYER,
            path="/account/prove/done",
        ),
        Sample(
            name="arrived",
            template="people/arrived.html",
            identity=ANONYMOUS,
            path="/sign-in/provider/back",
            context={"next": "#arrived"},
        ),
        Sample(
            name="go-on",
            template="people/go_on.html",
            identity=LAWYER,
            path="/account/prove",
            context={"carried": carried},
        ),
    )


def problems() -> tuple[Sample, ...]:
    return tuple(
        Sample(
            name=f"problem-{status}",
            template="errors/problem.html",
            identity=LAWYER,
            path="/cases/unknown",
            context={"problem": problem, "status": status},
        )
        for status, problem in ((404, NotFound()), (403, NotAllowed()), (422, _WRONG))
    )


PEOPLE = (*people(), *administration(), *credentials(), *api_keys(), *problems())
