"""One stack and one browser for all tests of a module."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.running_up import Up, up_or_skip
from tests.ui.chromium import ARGUMENTS, CHROMIUM
from tests.ui.people import House


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    if not CHROMIUM.exists():
        pytest.fail(f"no Chromium at {CHROMIUM}: apt-get install --no-install-recommends chromium")
    with up_or_skip(tmp_path_factory.mktemp("ui"), "--with-platform") as one:
        yield one


@pytest.fixture(scope="module")
def house(up: Up) -> Iterator[House]:
    roles = ("viewer", "operator", "admin")
    keys = {role: up("keys", "create", f"the {role}", "--role", role).stdout for role in roles}
    keys = {role: text.split()[0] for role, text in keys.items()}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield House(up, browser, keys)
        browser.close()
