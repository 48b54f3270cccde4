"""The stack of a file's tests, started once and by `onboarding up` itself."""

from collections.abc import Iterator

import pytest
from running_up import START_SECONDS, Up, eventually, spawn_up


@pytest.fixture(scope="module")
def up(tmp_path_factory) -> Iterator[Up]:
    one = spawn_up(tmp_path_factory.mktemp("up"))
    try:
        eventually(lambda: "Ctrl-C" in one.told or one.process.poll() is not None, START_SECONDS)
        if "[embedded]" in one.told:
            pytest.skip(one.told)
        assert one.process.poll() is None, one.told
        yield one
    finally:
        one.process.terminate()
        one.process.wait(60)
