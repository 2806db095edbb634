"""Every page with a context as its handler gives it: rendered by the tests, looked at in a browser."""

from tests.samples.alerts import ALERTS
from tests.samples.around_cases import AROUND_CASES
from tests.samples.cases import CASES
from tests.samples.meetings import MEETINGS
from tests.samples.operations import OPERATIONS
from tests.samples.people import PEOPLE
from tests.samples.retention import RETENTION

SAMPLES = (*PEOPLE, *CASES, *AROUND_CASES, *MEETINGS, *OPERATIONS, *ALERTS, *RETENTION)
