"""The permission policy in one table: role × action × relation to the record. Enums only; default deny.

Each feature's `policy` computes the relation of an identity to a record; here it meets the table.
`docs/permissions.md` is generated from it, and every route names its action.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum

from server.kernel.circumstances import RULE
from server.kernel.errors import NotAllowed, NotFound, NotSignedIn
from server.kernel.identity import Role


class Relation(StrEnum):
    """How an identity stands to the record it asks for, in the way that is meant for its role.

    A lawyer's own cases are those assigned to them; a coordinator's, those of their area; a facility
    officer's, the bookings of their facility; an agency's, what it sent.
    """

    NO_RECORD = "no_record"
    """The action is not about one record: a list of one's own, a form, the sign-in page."""
    OWN = "own"
    CLOSED = "closed"
    """One's own, but closed: it can be read as far as the table says, no longer changed."""
    SEALED = "sealed"
    """A closed case whose records are sealed by law: none reads it, its institution keeps it."""
    UNRELATED = "unrelated"


class Decision(Enum):
    """What the table says."""

    ALLOW = "allow"
    SIGN_IN = "sign_in"
    HIDE = "hide"
    REFUSE = "refuse"


class Action(StrEnum):
    """What can be asked for; the words of the routes."""

    VISIT = "visit"
    """Pages and assets for everyone: sign-in, health, static files."""
    USE_OWN_ACCOUNT = "use_own_account"
    """One's own home page, language, signing out."""
    HEAR = "hear"
    """Live updates of what one may see."""
    KEEP_CREDENTIALS = "keep_credentials"
    """Set up one's own passkeys and codes, and take them away; see where one is signed in, and end that."""
    USE_FEED = "use_feed"
    """Have one's own deadlines and meetings in a calendar program, and end that."""
    SEE_ALERTS = "see_alerts"
    """See the alerts that reached one, and say where one wants them besides."""
    HANDLE_ALERT = "handle_alert"
    """Say that one sees to an alert."""
    KEEP_WEBHOOKS = "keep_webhooks"
    """Say where an agency's system hears of alerts about its duties."""
    KEEP_API_KEYS = "keep_api_keys"
    """Issue, rotate and revoke the keys of agencies' systems."""
    ADD_ACCOUNT = "add_account"
    """See the accounts and let another person in."""
    MANAGE_ACCOUNT = "manage_account"
    """Close an account, reopen it, give it a fresh password."""
    ADD_ORGANISATION = "add_organisation"
    """See the organisations and register another, or a facility's terminal."""
    EDIT_CALENDAR = "edit_calendar"
    """See the calendar by which deadlines are counted, and correct it."""
    SEARCH_LOG = "search_log"
    """Search the audit log, take it away in a file, and have its entries proved."""
    SEE_HEALTH = "see_health"
    """See how the installation's parts are: whether each answers, and what to do if not."""
    LIST_TERMINALS = "list_terminals"
    """See which terminals of one's facility are paired."""
    MANAGE_TERMINAL = "manage_terminal"
    """Pair a device with a terminal, or end its pairing."""
    LIST_CASES = "list_cases"
    """See which cases are one's own."""
    VIEW_CASE = "view_case"
    """See a case: people, deadlines, assignment; what it holds besides has actions of its own."""
    SEE_CASE_LOG = "see_case_log"
    """See who looked at a case and who did what in it."""
    RECORD_PROGRESS = "record_progress"
    """Write down what happened in a case outside the platform, and withdraw it."""
    RECORD_STEP = "record_step"
    """Tell that a duty of the defence is done, which ends its clock."""
    CLOSE_CASE = "close_case"
    """End legal aid in a case, or put its file into the archive."""
    LIST_KEPT_CASES = "list_kept_cases"
    """See which closed cases one's institution keeps, and which it need keep no longer."""
    KEEP_CASE = "keep_case"
    """See until when a case is kept and why; hold it beyond that, and end the hold."""
    SEAL_CASE = "seal_case"
    """Seal the records of a minor's case."""
    OPEN_SEAL = "open_seal"
    """Open sealed records to one's institution for a while, for a purpose that the law names."""
    ERASE_CASE = "erase_case"
    """Have a closed case be erased after a while, and take that back."""
    SEE_PERIODS = "see_periods"
    """See how long records of each kind are kept, and the impact assessments."""
    SET_PERIOD = "set_period"
    """Keep records of a kind for longer than the law demands."""
    RECORD_ASSESSMENT = "record_assessment"
    """Write down an assessment of the impact on personal information."""
    SEND_NOTICE = "send_notice"
    """Notify legal aid that somebody needs a defender."""
    LIST_SENT_CASES = "list_sent_cases"
    """See the cases that came of one's agency's notices, page by page."""
    VIEW_NOTICE = "view_notice"
    """See what became of a notice."""
    ANSWER_ASSIGNMENT = "answer_assignment"
    """Accept or decline a proposed assignment."""
    END_ASSIGNMENT = "end_assignment"
    """End a lawyer's assignment, or take a proposal back."""
    COORDINATE = "coordinate"
    """See which cases of one's area wait for a lawyer: metadata, no names."""
    PROPOSE_ASSIGNMENT = "propose_assignment"
    """Weigh lawyers for a case and propose one."""
    READ_DOSSIER = "read_dossier"
    """See a case's dossiers, their pages and what is written on them."""
    ANNOTATE_DOSSIER = "annotate_dossier"
    """Write on a dossier's pages."""
    ADD_DOSSIER = "add_dossier"
    """Upload a dossier into a case."""
    LIST_MEETINGS = "list_meetings"
    """See one's own meetings, past and to come."""
    BOOK_MEETING = "book_meeting"
    """Hold a slot at the detention facility and ask for it."""
    SEE_BOOKING = "see_booking"
    """See what became of a booking, and its reason."""
    CANCEL_BOOKING = "cancel_booking"
    """Take a booking back."""
    SEE_DESK = "see_desk"
    """See the bookings and terminals of one's facility."""
    DECIDE_BOOKING = "decide_booking"
    """Approve a booking of one's facility, or refuse it with a reason."""
    ANSWER_CALL = "answer_call"
    """Take the call of a terminal of one's facility."""
    USE_KIOSK = "use_kiosk"
    """Type a meeting code on a paired terminal, wait there, and wipe it."""
    JOIN_MEETING = "join_meeting"
    """Prepare for a meeting and take part in it."""
    WATCH_MEETING = "watch_meeting"
    """Watch the recipient's picture silently, where the facility's practice has it."""


_NO_RECORD = frozenset({Relation.NO_RECORD})
_OWN = frozenset({Relation.OWN})
_OPEN_OR_CLOSED = frozenset({Relation.OWN, Relation.CLOSED})
_KEPT = frozenset({Relation.OWN, Relation.CLOSED, Relation.SEALED})
_SIGNED_IN = tuple(role for role in Role if role is not Role.ANONYMOUS)
_PERSONS = tuple(role for role in _SIGNED_IN if role is not Role.RECIPIENT)
_CASE_ROLES = (Role.LAWYER, Role.LEGAL_AID_OFFICER, Role.AGENCY_OFFICER)
_KEEPERS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
_ALERTED = (*_CASE_ROLES, Role.COORDINATOR, Role.FACILITY_OFFICER)

PERMISSIONS: Mapping[Action, Mapping[Role, frozenset[Relation]]] = {
    Action.VISIT: dict.fromkeys(Role, _NO_RECORD),
    Action.USE_OWN_ACCOUNT: dict.fromkeys(_SIGNED_IN, _NO_RECORD),
    Action.HEAR: dict.fromkeys(_SIGNED_IN, _NO_RECORD),
    Action.KEEP_CREDENTIALS: dict.fromkeys(_PERSONS, _NO_RECORD),
    Action.USE_FEED: dict.fromkeys(_PERSONS, _NO_RECORD),
    Action.SEE_ALERTS: dict.fromkeys(_ALERTED, _NO_RECORD),
    Action.HANDLE_ALERT: dict.fromkeys(_ALERTED, _OPEN_OR_CLOSED),
    Action.KEEP_WEBHOOKS: {Role.SYSTEM_ADMIN: _NO_RECORD},
    Action.KEEP_API_KEYS: {Role.SECURITY_ADMIN: _NO_RECORD},
    Action.ADD_ACCOUNT: {Role.SECURITY_ADMIN: _NO_RECORD},
    Action.MANAGE_ACCOUNT: {Role.SECURITY_ADMIN: _OWN},
    Action.ADD_ORGANISATION: {Role.SYSTEM_ADMIN: _NO_RECORD},
    Action.EDIT_CALENDAR: {Role.SYSTEM_ADMIN: _NO_RECORD},
    Action.SEARCH_LOG: {Role.AUDITOR: _NO_RECORD},
    Action.SEE_HEALTH: {Role.SYSTEM_ADMIN: _NO_RECORD},
    Action.LIST_TERMINALS: {Role.FACILITY_OFFICER: _NO_RECORD},
    Action.MANAGE_TERMINAL: {Role.FACILITY_OFFICER: _OWN},
    Action.LIST_CASES: dict.fromkeys(_CASE_ROLES, _NO_RECORD),
    Action.VIEW_CASE: dict.fromkeys(_CASE_ROLES, _OPEN_OR_CLOSED),
    Action.SEE_CASE_LOG: dict.fromkeys((Role.LAWYER, Role.LEGAL_AID_OFFICER), _OPEN_OR_CLOSED),
    Action.RECORD_PROGRESS: {Role.LAWYER: _OWN, Role.LEGAL_AID_OFFICER: _OPEN_OR_CLOSED},
    Action.RECORD_STEP: {Role.LAWYER: _OWN},
    Action.CLOSE_CASE: {Role.LEGAL_AID_OFFICER: _OWN},
    Action.LIST_KEPT_CASES: {Role.LEGAL_AID_OFFICER: _NO_RECORD},
    Action.KEEP_CASE: {Role.LEGAL_AID_OFFICER: _KEPT},
    Action.SEAL_CASE: {Role.LEGAL_AID_OFFICER: frozenset({Relation.CLOSED})},
    Action.OPEN_SEAL: {Role.LEGAL_AID_OFFICER: frozenset({Relation.SEALED})},
    Action.ERASE_CASE: {Role.LEGAL_AID_OFFICER: _KEPT - _OWN},
    Action.SEE_PERIODS: dict.fromkeys((Role.LEGAL_AID_OFFICER, *_KEEPERS), _NO_RECORD),
    Action.SET_PERIOD: {Role.SYSTEM_ADMIN: _NO_RECORD},
    Action.RECORD_ASSESSMENT: {Role.SECURITY_ADMIN: _NO_RECORD},
    Action.SEND_NOTICE: {Role.AGENCY_OFFICER: _NO_RECORD},
    Action.LIST_SENT_CASES: {Role.AGENCY_OFFICER: _NO_RECORD},
    Action.VIEW_NOTICE: {Role.AGENCY_OFFICER: _OWN},
    Action.ANSWER_ASSIGNMENT: {Role.LAWYER: _OWN},
    Action.END_ASSIGNMENT: {Role.LEGAL_AID_OFFICER: _OWN, Role.COORDINATOR: _OWN},
    Action.COORDINATE: {Role.COORDINATOR: _NO_RECORD},
    Action.PROPOSE_ASSIGNMENT: {Role.COORDINATOR: _OWN},
    Action.READ_DOSSIER: {Role.LAWYER: _OPEN_OR_CLOSED},
    Action.ANNOTATE_DOSSIER: {Role.LAWYER: _OWN},
    Action.ADD_DOSSIER: {Role.LAWYER: _OWN},
    Action.LIST_MEETINGS: {Role.LAWYER: _NO_RECORD},
    Action.BOOK_MEETING: {Role.LAWYER: _OWN},
    Action.SEE_BOOKING: {Role.LAWYER: _OPEN_OR_CLOSED, Role.FACILITY_OFFICER: _OPEN_OR_CLOSED},
    Action.CANCEL_BOOKING: {Role.LAWYER: _OWN},
    Action.SEE_DESK: {Role.FACILITY_OFFICER: _NO_RECORD},
    Action.DECIDE_BOOKING: {Role.FACILITY_OFFICER: _OWN},
    Action.ANSWER_CALL: {Role.FACILITY_OFFICER: _OWN},
    Action.USE_KIOSK: {Role.RECIPIENT: _NO_RECORD},
    Action.JOIN_MEETING: {
        Role.LAWYER: _OWN,
        Role.RECIPIENT: _OWN,
        Role.INTERPRETER: _OWN,
        Role.APPROPRIATE_ADULT: _OWN,
    },
    Action.WATCH_MEETING: {Role.FACILITY_OFFICER: _OWN},
}


def needs_no_record(action: Action) -> bool:
    """Tell whether `action` is about no record, so that the table alone can judge it."""
    return any(Relation.NO_RECORD in relations for relations in PERMISSIONS[action].values())


def decide(role: Role, action: Action, relation: Relation) -> Decision:
    """Look up the table: anonymous → sign in; unrelated → hidden; related but not allowed → refused."""
    if relation in PERMISSIONS[action].get(role, frozenset()):
        return Decision.ALLOW
    if role is Role.ANONYMOUS:
        return Decision.SIGN_IN
    if relation is Relation.UNRELATED:
        return Decision.HIDE
    return Decision.REFUSE


def require(role: Role, action: Action, relation: Relation) -> None:
    """Pass if the table allows it; then the log names the cell for what is done next.

    Raises:
        NotSignedIn: nobody is signed in.
        NotFound: the record is none of theirs, so its existence stays hidden.
        NotAllowed: the record is theirs, the action is not.
    """
    match decide(role, action, relation):
        case Decision.ALLOW:
            RULE.set(f"{role}/{action}/{relation}")
        case Decision.SIGN_IN:
            raise NotSignedIn
        case Decision.HIDE:
            raise NotFound
        case Decision.REFUSE:
            raise NotAllowed
