"""`onboarding watch` that is told to end while it waits: no words, the code of the signal."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ONBOARDING = str(Path(sys.executable).parent / "onboarding")


@pytest.mark.timeout(150)
@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_watch_that_is_told_to_end_says_nothing(tmp_path, how, code):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"mongodb://127.0.0.1:{silent.getsockname()[1]}"
        watcher = subprocess.Popen(
            [ONBOARDING, "watch"],
            env={**os.environ, "ONBOARDING_MONGO": uri},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with silent.accept()[0]:  # it is there, and waits for an answer
            watcher.send_signal(how)
            told = watcher.communicate(timeout=90)
    assert (watcher.returncode, told) == (code, ("", ""))
