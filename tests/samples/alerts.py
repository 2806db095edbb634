"""Pages of alerts and of the ways by which they reach people."""

from dataclasses import replace
from datetime import timedelta

from server.alerts.handling import AlertList
from server.alerts.model import Alert, AlertKind, Channel, Endpoint, Feed
from server.alerts.own_ways import TooManyEndpoints
from server.alerts.ports import Described
from server.kernel.errors import FieldError, InvalidInput
from server.kernel.identity import Role
from server.kernel.ids import AccountId, AlertId, CaseId, OrganisationId
from server.people.model import Organisation, OrganisationKind
from tests.samples.values import LAWYER, NOW, Sample, someone

_COLLEAGUE = AccountId("b" * 26)
_LATE = Alert(
    id=AlertId("1" * 26),
    case_id=CaseId("c" * 26),
    duty="meet_client",
    kind=AlertKind.OVERDUE,
    rule_id="S05",
    due_at=NOW - timedelta(hours=9),
    raised_at=NOW - timedelta(hours=9),
    level=0,
    escalates_at=NOW + timedelta(hours=1),
)
_SOON = replace(_LATE, id=AlertId("2" * 26), kind=AlertKind.DUE_SOON, due_at=NOW + timedelta(hours=30))
_HANDLED = replace(_LATE, id=AlertId("3" * 26), handled_by=_COLLEAGUE, handled_at=NOW - timedelta(hours=2))
_SETTLED = replace(_SOON, id=AlertId("4" * 26), settled_at=NOW - timedelta(days=1))
_DESCRIBED = {
    each.id: Described(
        words="首次会见受援人",
        internal=each is _SOON,
        article="" if each is _SOON else "刑事诉讼法第三十九条第二款；公安机关办理刑事案件程序规定第五十三条",
        subject="平舆援刑字〔2026〕第7号",
        path=f"/cases/{each.case_id}",
    )
    for each in (_LATE, _SOON, _HANDLED, _SETTLED)
}
_AGENCY = Organisation(
    id=OrganisationId("p" * 26),
    kind=OrganisationKind.PROCURATORATE,
    name="平舆县人民检察院",
    region_code="411723",
)
_ENDPOINT = Endpoint(
    id="e" * 26,
    organisation_id=_AGENCY.id,
    url="https://jcy.pingyu.example/lianbian/callback/with/a/long/path",
    sealed_secret=b"",
    added_at=NOW,
)
_WRONG = InvalidInput(fields=(FieldError("email", "string_pattern_mismatch", "格式不对，请对照示例修改"),))


def _list(name: str, alerts: AlertList) -> Sample:
    return Sample(
        name=name, template="alerts/list.html", identity=LAWYER, path="/alerts", context={"alerts": alerts}
    )


def _contact(name: str, channels: frozenset[Channel], problem: InvalidInput | None) -> Sample:
    return Sample(
        name=name,
        template="alerts/contact.html",
        identity=LAWYER,
        path="/account/contact",
        context={
            "typed": {"email": "zhou@", "phone": "13800000000"},
            "channels": channels,
            "problem": problem,
        },
    )


def _webhooks(name: str, **context: object) -> Sample:
    return Sample(
        name=name,
        template="alerts/webhooks.html",
        identity=someone(Role.SYSTEM_ADMIN, "尤某"),
        path="/webhooks",
        context={"agencies": [_AGENCY], "typed": {}, "problem": None, "secret": "", "endpoints": []}
        | context,
    )


ALERTS = (
    _list(
        "alerts",
        AlertList((_LATE, _SOON), (_HANDLED, _SETTLED), _DESCRIBED, {_COLLEAGUE: "林某"}),
    ),
    _list("alerts-none", AlertList((), (), {}, {})),
    _contact("contact", frozenset({Channel.EMAIL, Channel.SMS}), None),
    _contact("contact-refused", frozenset(), _WRONG),
    _webhooks(
        "webhooks",
        endpoints=[(_AGENCY, (_ENDPOINT,))],
        secret="whsec_" + "A1b2" * 11,
    ),
    _webhooks("webhooks-refused", problem=TooManyEndpoints(), typed={"url": "https://x.example/"}),
    Sample(
        name="feed",
        template="alerts/feed.html",
        identity=LAWYER,
        path="/account/feed",
        context={
            "feed": Feed(account_id=AccountId("a" * 26), token_hash=bytes(32), created_at=NOW),
            "shown": "https://lianbian.example/feeds/abc",
        },
    ),
)
