"""Other code: copies of the contracts, changed as somebody might who does not think of sagas."""

import re
import shutil
from pathlib import Path

from tests.sources import ROOT

SECOND = """
PARTNER_ONBOARDING_2 = Journey("partner-onboarding", 2, PARTNER_ONBOARDING_1.steps[:-1])
"""


def contracts_in(folder: Path) -> Path:
    """The folder, with a copy of the contracts."""
    shutil.copytree(
        ROOT / "contracts", folder / "contracts", ignore=shutil.ignore_patterns("__pycache__")
    )
    return folder


def changed(folder: Path, file: str, before: str, after: str) -> Path:
    """With other text in one of its files."""
    path = folder / "contracts" / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    return folder


def with_second_version(folder: Path) -> Path:
    """As CONTRIBUTING.md has it: a version more."""
    known = "JOURNEYS = journeys_of(PARTNER_ONBOARDING_1, PARTNER_CREATION_1)"
    more = f"{SECOND}\n{known.replace('(PARTNER', '(PARTNER_ONBOARDING_2, PARTNER', 1)}"
    return changed(folder, "journey.py", known, more)


def without_first_version(folder: Path) -> Path:
    """The version is replaced by the next one."""
    return changed(folder, "journey.py", '"partner-onboarding", 1,', '"partner-onboarding", 2,')


def without_documents(folder: Path) -> Path:
    """A step is taken out of the version that sagas are on."""
    path = folder / "contracts/journey.py"
    rows = re.sub(r'    Step\("documents".*?30\),\n', "", path.read_text(), count=1, flags=re.S)
    path.write_text(rows.replace('"DocumentsVerified",            "CampaignsEnabled"',
                                 '"ContractCreated",              "CampaignsEnabled"'))  # fmt: skip
    return folder


def with_another_contract_event(folder: Path) -> Path:
    """The only version of an event is another one now."""
    line = "    contract: Contract\n    wishes: Wishes = Wishes()\n"
    return changed(
        folder, "events.py", f'"""The contract (or alliance) is active."""\n\n{line}',
        f'"""The contract (or alliance) is active."""\n\n    VERSION: ClassVar[int] = 2\n{line}',
    )  # fmt: skip


def with_another_name(folder: Path) -> Path:
    """An event of the version that sagas are on has another name."""
    return changed(folder, "journey.py", '"ContractCreated"', '"ContractSigned"')


def with_a_field_that_nobody_said(folder: Path) -> Path:
    """A field more without a default."""
    return changed(
        folder, "facts.py", "    number: str\n    kind: ContractKind\n",
        "    number: str\n    region: str\n    kind: ContractKind\n",
    )  # fmt: skip
