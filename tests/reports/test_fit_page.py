"""The page that shows a fit step by step: what it holds, that nothing breaks out of it, and that its script runs."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_descents import fake_descent

from experiments.reports.drawing.page import STEPS, page
from experiments.reports.drawing.recorded import Recorded
from experiments.reports.drawing.theme import DARK, LIGHT
from experiments.runs.run import Run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LOST = [[-1, 1], [20, 3], [2e5, -7e4], [np.inf, 1e300], [np.nan, np.nan]]


def data_in(text: str) -> dict[str, Any]:
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    read: dict[str, Any] = json.loads(data, parse_constant=pytest.fail)
    return read


def test_numbers_are_those_of_the_run(tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run", steps=30)
    data = data_in(page(recorded))
    assert data["steps"] == list(range(31))
    assert data["last"] == 30
    np.testing.assert_allclose(data["parameters"], recorded.parameters, rtol=1e-4)
    np.testing.assert_allclose(data["losses"], recorded.losses(), rtol=1e-4)
    assert data["comparison"]["names"] == ["slope", "intercept"]
    np.testing.assert_allclose(data["comparison"]["parameters"], recorded.least_squares(), rtol=1e-4)


def test_constant_may_come_first(tmp_path: Path) -> None:
    assert data_in(page(fake_descent(tmp_path / "one", degree=1)))["comparison"]["names"] == ["intercept", "slope"]
    assert data_in(page(fake_descent(tmp_path / "two", degree=2)))["comparison"]["names"][2] == "weight 2"
    assert data_in(page(fake_descent(tmp_path / "nine", degree=9)))["comparison"] is None


def test_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    text = page(fake_descent(tmp_path / "run"))
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<link|<img|@import|url\((?!#)|\bsrc=|\{\{", text)
    assert LIGHT.page in text
    assert DARK.page in text


def test_long_run_of_many_weights_and_points_stays_small(tmp_path: Path) -> None:
    recorded = fake_descent(tmp_path / "run", degree=15, path=np.random.default_rng(0).normal(size=(2001, 16)).tolist())
    many = replace(recorded.valid, x=np.linspace(-1, 1, 5000), y=np.linspace(-1, 1, 5000))
    text = page(replace(recorded, valid=many))
    data = data_in(text)
    assert len(text) < 300_000
    assert len(data["steps"]) <= STEPS + 2
    assert data["steps"][:5] == [0, 1, 2, 3, 4]
    assert data["steps"][-1] == data["last"] == 2000
    assert all(np.diff(data["steps"]) > 0)
    assert data["valid"]["count"] == 5000
    assert len(data["valid"]["x"]) <= 400


def test_parameters_that_are_no_longer_finite_are_null(tmp_path: Path) -> None:
    data = data_in(page(fake_descent(tmp_path / "run", path=LOST)))
    assert data["parameters"][-1] == [None, None]
    assert data["losses"][-1] is None
    assert data["outOfSight"] == 2
    assert np.isfinite([*data["window"]["y"], data["scale"]["high"], *data["scale"]["ticks"]]).all()


class Renamed(Run):
    name = '</script><b>{{ data }} & "quotes" <!-- <script>'


def test_name_does_not_break_out(tmp_path: Path) -> None:
    recorded = renamed(fake_descent(tmp_path / "run"))
    plain, text = page(fake_descent(tmp_path / "plain")), page(recorded)
    assert data_in(text)["name"] == Renamed.name
    assert text.count("<script") == plain.count("<script")
    assert text.count("</script>") == plain.count("</script>")
    assert "<b>" not in text
    assert "&lt;/script&gt;&lt;b&gt;{{ data }} &amp; " in text


def renamed(recorded: Recorded) -> Recorded:
    return replace(recorded, run=Renamed(recorded.run.path))


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium or Chrome to open the page in")
def test_script_runs_in_a_browser(tmp_path: Path) -> None:
    opened = in_browser(tmp_path / "good", page(renamed(fake_descent(tmp_path / "run"))), keys=3)
    assert text_of(opened, "caption").startswith("step 3 of 30, loss ")
    assert re.search(r'<path class="fit" d="M[\d.]+ [\d.]+L', opened)
    assert opened.count('<circle class="train"') == 40 + 1  # and the key
    assert 'class="stamp" visibility="hidden"' in opened
    assert 'aria-valuetext="step 3 of 30, loss ' in opened
    lost = in_browser(tmp_path / "lost", page(fake_descent(tmp_path / "other", path=LOST)), keys=9)
    assert text_of(lost, "caption") == "step 4 of 4, loss infinite"
    assert 'class="stamp" visibility="visible"' in lost
    assert "not finite" in lost


def in_browser(folder: Path, text: str, keys: int) -> str:
    """The document as it is after so many presses of the right arrow."""
    folder.mkdir()
    press = 'document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));'
    (folder / "page.html").write_text(f"{text}<script>{press * keys}</script>", encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    command = [str(BROWSER), *options, (folder / "page.html").as_uri()]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True).stdout


def text_of(document: str, identity: str) -> str:
    (text,) = re.findall(rf'id="{identity}"[^>]*>([^<]*)<', document)
    return str(text)
