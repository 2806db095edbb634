"""What is done with cases."""

from server.cases.model import Case
from server.cases.policy import relation_to_case
from server.cases.ports import CasesTx
from server.kernel.errors import NotFound
from server.kernel.identity import Identity
from server.kernel.ids import CaseId
from server.kernel.permissions import Action, require


async def find_case(case_id: CaseId, identity: Identity, action: Action, tx: CasesTx) -> Case:
    """Return the case if `identity` may do `action` with it.

    Raises:
        NotFound: there is none, or it is none of theirs: the two look alike.
        NotAllowed: it is theirs, but `action` is not.
    """
    case = await tx.cases.case(case_id)
    if case is None:
        raise NotFound
    assignments = await tx.cases.assignments_of(case_id)
    require(identity.role, action, relation_to_case(identity, case, assignments))
    return case
