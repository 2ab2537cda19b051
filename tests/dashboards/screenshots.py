"""Pictures of every tab on the demo, for the README: `make screenshots`."""

import sys
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import expect

from loyalty_lens.settings import PROJECT_ROOT, Settings
from metabase.definition import read_definition
from tests.dashboards.browser import launched, previewed

FOLDER = PROJECT_ROOT / "docs" / "images"
WIDTH, HEIGHT = 1440, 900


def main(folder: Path = FOLDER) -> None:
    """One PNG a tab, as high as the tab is."""
    settings = Settings.from_environment(demo=True)
    (dashboard,) = read_definition().dashboards
    folder.mkdir(parents=True, exist_ok=True)
    with previewed(settings, settings.home) as url, launched() as browser:
        for tab in dashboard.tabs:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(f"{url}/?{urlencode({'tab': tab.name})}")
            expect(page.get_by_test_id("stMetric").first).to_be_visible(timeout=60_000)
            expect(page.get_by_test_id("stApp")).to_have_attribute(
                "data-test-script-state", "notRunning", timeout=60_000
            )
            for _ in range(3):  # charts come in, and make the page higher
                inside = page.get_by_test_id("stMainBlockContainer").bounding_box()
                assert inside is not None
                page.set_viewport_size({"width": WIDTH, "height": int(inside["height"]) + 8})
                page.wait_for_timeout(1500)
            path = folder / f"dashboard_{tab.name.lower().replace(' ', '_')}.png"
            page.screenshot(path=path)
            sys.stdout.write(f"{path.relative_to(PROJECT_ROOT)}\n")


if __name__ == "__main__":
    main()
