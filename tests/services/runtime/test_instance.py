"""What a process is called is its own, also beside another of the same host and number."""

import os
import socket
import subprocess
import sys

from services.runtime.instance import has_ended_here, new_instance

HOST = socket.gethostname()


def test_two_processes_of_one_host_and_number_have_two_names():
    one, other = new_instance(), new_instance()
    assert one != other
    assert one.rpartition(":")[0] == other.rpartition(":")[0] == f"{HOST}:{os.getpid()}"


def test_one_of_this_machine_that_has_ended_is_known_to_have():
    ended = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""])
    ended.wait(timeout=30)
    assert has_ended_here(f"{HOST}:{ended.pid}:a1b2c3")
    assert has_ended_here(f"{HOST}:{ended.pid}"), "as an older version writes it"


def test_of_one_that_lives_or_that_ran_elsewhere_nothing_is_concluded():
    assert not has_ended_here(new_instance())
    assert not has_ended_here("elsewhere:999999999:a1b2c3")
    assert not has_ended_here(HOST)
