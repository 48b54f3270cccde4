"""The stack of a file's tests, started once and by `onboarding up` itself."""

from collections.abc import Iterator

import pytest
from running_up import Up, up_or_skip


@pytest.fixture(scope="module")
def up(tmp_path_factory) -> Iterator[Up]:
    with up_or_skip(tmp_path_factory.mktemp("up")) as one:
        yield one
