"""How errors of the local stack read as one line."""

import pytest

from deploy.local.errors import ChildFailed, FolderRefused, LocalError, StackDied, Unavailable
from services.cli.until_stopped import one_line

LOG = "the end of /x/contract.log"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            ChildFailed(
                f"contract ended with code 2; {LOG}:\nfirst\nONBOARDING_X: must be JSON", 2
            ),
            "contract ended with code 2; see /x/contract.log: ONBOARDING_X: must be JSON",
        ),
        (
            ChildFailed(f"contract ended with code 1; {LOG}:\n"),
            "contract ended with code 1; see /x/contract.log",
        ),
        (
            FolderRefused("/x is in use by process 7"),
            "/x is in use by process 7: stop that one, or choose another folder with --data DIR",
        ),
        (
            FolderRefused("/x holds data of Apache Kafka: use --broker apache"),
            "/x holds data of Apache Kafka: use --broker apache",
        ),
        (
            StackDied(f"everything was stopped: kafka ended with code -9; {LOG}:\nlast"),
            "everything was stopped: kafka ended with code -9; see /x/contract.log: last; "
            "`onboarding up` starts anew",
        ),
        (
            StackDied("everything was stopped: /x/run.json cannot be written: No space left"),
            "everything was stopped: /x/run.json cannot be written: No space left; "
            "`onboarding up` starts anew",
        ),
        (Unavailable("java is not installed: x needs Java"), "java is not installed: x needs Java"),
        (LocalError("Maven could not fetch it:\na\nb"), "Maven could not fetch it: b"),
    ],
)
def test_it_says_what_happened_and_what_to_do(error, line):
    assert one_line(error) == line
