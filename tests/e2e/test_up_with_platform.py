"""`onboarding up --with-platform`: sagas go through the sandbox of the outside systems."""

import json
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator

import pytest
from running_up import Up, clean, eventually, somebody, started, up_or_skip

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def up(tmp_path_factory) -> Iterator[Up]:
    with up_or_skip(tmp_path_factory.mktemp("platform"), "--with-platform") as one:
        yield one


def test_the_platform_is_shown_and_exported(up: Up):
    address = str(up.run["platform"])
    assert f"Platform   {address}" in up.told
    shell = '. /dev/stdin; printf %s "$ONBOARDING_PLATFORM"'
    told = subprocess.run(
        ["sh", "-c", shell], input=up("env").stdout, env=clean(), capture_output=True, text=True
    )
    assert told.stdout == address


def test_a_saga_goes_through_it_and_a_refusal_is_undone_there(up: Up):
    refusal = {"fault": "refuse", "step": "recruitment", "partner_id": "p-refused"}
    tell(up, refusal)
    good, refused = somebody(partner_id="p-good"), somebody(partner_id="p-refused")
    sagas = {one["partner_id"]: one for one in started(up, good, refused)}
    assert sagas["p-good"]["status"] == "COMPLETED"
    log = up.folder / ".onboarding" / "scratch" / "platform.jsonl"

    def counted() -> Counter[tuple[str, str]]:
        lines = map(json.loads, log.read_text().splitlines())
        return Counter((one["partner_id"], one["what"]) for one in lines)

    eventually(lambda: counted()["p-refused", "removed"] == 2)
    assert counted() == {
        ("p-good", "created"): 3,
        ("p-refused", "created"): 2,
        ("p-refused", "refused"): 1,
        ("p-refused", "removed"): 2,
    }


def tell(up: Up, fault: dict[str, str]) -> None:
    request = urllib.request.Request(
        f"{up.run['platform']}/faults", json.dumps(fault).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201
