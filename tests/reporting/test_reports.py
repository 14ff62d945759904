"""Reports: what they show, that names from files are text in them, and that they appear whole or not at all."""

import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.reporting import document
from bitbox_xr.reporting.kinds import KINDS, kind_of
from bitbox_xr.reporting.page import Page
from bitbox_xr.reporting.results import statistics

from random_recordings import random_walk
from study_summaries import study

pytestmark = pytest.mark.filterwarnings("ignore:(significance|contingency)")  # few surrogates are enough

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)></style>&amp;$x$"
WINDOWS = {"width": 1.0, "max_lag": 0.5}
X, Y = random_walk(0, frames=600), random_walk(1, frames=600)
PHASES = pd.DataFrame({"onset": [0, 10], "offset": [10, 20], "label": ["calm", "talk"]})
LABELLED = bx.annotate(X, PHASES)
POSE = bx.signals(np.random.default_rng(0).normal(size=(90, 6)).cumsum(0), kind="pose", fps=30)
FACE = bx.signals(np.random.default_rng(0).normal(size=(90, 153)), kind="landmark-can", fps=30)
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source"}


class Parsed(HTMLParser):
    """Elements, texts, cells of tables and ids of a page; fails if elements are not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts, self.ids, self.rows = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        self.rows += [[]] if tag == "tr" else []
        self.open += [tag] if tag not in VOID else []

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1].append(data)

    def tags(self):
        return [tag for tag, _ in self.elements]


def written(result, tmp_path, **options):
    bx.report(result, tmp_path / "report.html", **options)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    parsed = Parsed(text)
    assert len(parsed.ids) == len(set(parsed.ids))
    for name in ("src", "href", "xlink:href"):
        targets = [attrs[name] for _, attrs in parsed.elements if name in attrs]
        assert all(target.startswith(("#", "data:image/png;base64,")) for target in targets)
        assert {target[1:] for target in targets if target.startswith("#")} <= set(parsed.ids)
    assert set(re.findall(r"url\(#?([^)]*)\)", text)) <= set(parsed.ids)
    return parsed, text


RESULTS = {
    "imitation": (lambda: bx.imitation(X, Y, **WINDOWS), 2, "Mean correlation over windows of each pair"),
    "statistics": (lambda: bx.imitation(X, Y, stats=True, **WINDOWS), 1, "The same signal of both (matched pairs)"),
    "conditions": (lambda: bx.imitation(LABELLED, Y, by="condition", **WINDOWS), 3, "Results by condition"),
    "one person": (lambda: bx.coordination(X, **WINDOWS), 2, "All pairs, the strongest first"),
    "profile": (lambda: bx.lag_profile(X, Y, **WINDOWS), 2, "mean correlation over windows at the best lag"),
    "significance": (lambda: bx.significance(X, Y, n=5, rng=0, progress=False, **WINDOWS), 1,
                     "with 5 surrogates the smallest possible p is .167, and z is unreliable"),
    "matched pairs": (lambda: bx.significance(LABELLED, Y, by="condition", pairs="matched", n=5, rng=0, progress=False,
                                              **WINDOWS), 2, "with the range that chance gives"),
    "contingency": (lambda: bx.contingency(X, Y, scales=[1.0], n=5, rng=0, progress=False), 1, "activations of y"),
    "expressivity": (lambda: bx.expressivity(X, scales=[1.0, 2.0]), 1, "activations, 1/min"),
    "events": (lambda: bx.events(X, scales=[1.0]), 1, "height of the rise"),
    "diversity": (lambda: bx.diversity(X, scales=[1.0]), 0, "entropy"),
    "asymmetry": (lambda: bx.asymmetry(FACE), 1, "asymmetry, mm"),
    "kinematics": (lambda: bx.kinematics(POSE), 0, "speed, mm/s"),
    "smoothness": (lambda: bx.smoothness(POSE), 0, "log dimensionless jerk"),
    "relative motion": (lambda: bx.relative_motion(POSE), 0, "distance mean, mm"),
    "quality": (lambda: bx.quality(LABELLED, by="condition"), 2, "lost frames"),
    "contrast": (lambda: bx.contrast(study(), variable="excess", between="group", n=99, rng=0), 1, "95 % CI from"),
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_has_a_report(name, tmp_path):
    make, pictures, text = RESULTS[name]
    parsed, _ = written(make(), tmp_path)
    assert parsed.tags().count("svg") == pictures
    assert text in " ".join(parsed.texts)
    assert parsed.tags().count("h1") == 1
    assert {"Settings", "Methods", "References"} <= set(parsed.texts)
    heads = [row for row in parsed.rows if row]
    assert len(heads) > 2
    assert "nan" not in " ".join(cell for row in parsed.rows for cell in row)


def test_a_contrast_says_which_group_is_subtracted(tmp_path):
    found = bx.contrast(study().isel(pair=[0]), variable="excess", between="group", n=99, rng=0)
    parsed, text = written(found, tmp_path)
    assert ["First group, which is subtracted", "clinic"] in parsed.rows
    assert "0 of 1 test has a family-wise p" in text


def test_every_kind_of_result_is_in_a_test():
    found = {kind_of(statistics(make())) for make, *_ in RESULTS.values()}
    assert found == set(KINDS)


def test_long_names_of_files_are_shortened_in_the_table_and_sections_told_apart(tmp_path):
    long = "a_recording_with_a_long_name_of_its_file.csv"
    result = bx.imitation(X.assign_attrs(source=long), Y.assign_attrs(source="b.csv"), **WINDOWS)
    parsed, _ = written([result, result.assign_attrs(source2="c.csv")], tmp_path)
    assert [attrs["title"] for tag, attrs in parsed.elements if tag == "td" and "title" in attrs] == [long, long]
    assert {f"Imitation: {long}, b.csv", f"Imitation: {long}, c.csv"} <= set(parsed.texts)
    assert "a_recording_w…_its_file.csv" in {row[1] for row in parsed.rows if len(row) > 1}


def test_lags_and_numbers_of_surrogates_are_told_as_they_are(tmp_path):
    _, text = written(bx.coordination(X, Y, **WINDOWS), tmp_path)
    assert re.search(r"Largest shift of a window</td><td[^>]*>0.5 s<.*\n.*Largest lag</td><td[^>]*>1 s<", text)
    found = bx.significance(X, Y, n=99, rng=0, progress=False, **WINDOWS)
    below = found.assign(surrogate_z=-abs(found.surrogate_z) - 1)
    assert "No value is above chance. The highest z of a matched pair: −" in written(below, tmp_path)[1]
    two_sided = below.assign_attrs(statistic="corr_mean")
    assert "Strongest z of a matched pair: −" in written(two_sided, tmp_path)[1]
    assert "smallest possible p" not in written(found.assign_attrs(n=99), tmp_path)[1]
    assert "with 7 surrogates the smallest possible p is .125" in written(found.assign_attrs(n=7), tmp_path)[1]


def test_numbers_are_those_of_the_result(tmp_path):
    result = bx.significance(X, Y, n=19, rng=0, progress=False, **WINDOWS)
    parsed, _ = written(result, tmp_path)
    one = result.sel(signal1="AU04", signal2="AU12")
    row = next(row for row in parsed.rows if row[:2] == ["AU04", "AU12"])
    expected = [f"{one[name].item():.2f}".replace("0.", ".", 1) for name in ("observed", "null_mean")]
    assert row[2:4] == expected
    assert row[6] == f"{one['p'].item():.3f}".replace("0.", ".", 1)
    assert ["Length of a window", "1 s"] in parsed.rows
    assert ["Seed of random numbers", "0"] in parsed.rows


def test_a_report_on_signals_and_results_has_a_section_for_each(tmp_path):
    x = X.where(X.time > 1).assign_attrs(source="child.csv", backend="OpenFace 2")
    results = [bx.imitation(x, Y, **WINDOWS), bx.expressivity(x, scales=[1.0])]
    parsed, text = written([x, *results], tmp_path, title="Dyad 12")
    assert "<h1>Dyad 12</h1>" in text
    assert {"Data quality", "Imitation", "Expressivity"} <= set(parsed.texts)
    row = next(row for row in parsed.rows if row and row[0] == "child.csv")
    assert row[1:6] == ["OpenFace 2", "expression coefficients", "2", "600", "20"]
    assert row[7] == "31 (5.2 %)"
    assert parsed.tags().count("svg") == 4  # signals, all pairs, one pair over time, expressivity


def hostile_result():
    names = ["<script>a()</script>", HOSTILE]
    x, y = (one.assign_coords(signal=names).assign_attrs(source=HOSTILE, backend=HOSTILE) for one in (X, Y))
    x = bx.annotate(x, PHASES.assign(label=[HOSTILE, "talk"]))
    return bx.imitation(x, y, by="condition", **WINDOWS), x


def assert_harmless(parsed, text):
    assert parsed.tags().count("script") == 1
    assert parsed.tags().count("style") == 1
    assert "img" not in parsed.tags()
    assert not [name for _, attrs in parsed.elements for name in attrs if name.startswith("on")]
    assert HOSTILE in " ".join(parsed.texts)
    assert "<script>alert" not in text


def test_names_from_files_are_text(tmp_path):
    result, x = hostile_result()
    parsed, text = written([x, result], tmp_path, title=HOSTILE)
    assert_harmless(parsed, text)
    svgs = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert any("<script>a()</script>" in "".join(Parsed(svg).texts) for svg in svgs)  # Matplotlib's text, not outlines
    assert "script-src 'sha256-" in text


def test_a_report_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "report.html"
    target.write_text("mine")
    monkeypatch.setattr(document, "rendered", lambda page: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bx.report(bx.kinematics(POSE), target)
    monkeypatch.setattr(document, "rendered", lambda page: "\ud800")  # cannot be written as UTF-8
    with pytest.raises(UnicodeEncodeError):
        bx.report(bx.kinematics(POSE), target)
    assert target.read_text() == "mine"
    assert [*tmp_path.iterdir()] == [target]


def test_equal_results_make_equal_reports(tmp_path):
    result = bx.imitation(X, Y, **WINDOWS)
    texts = [written(one, tmp_path)[1] for one in (result, result.copy(deep=True))]
    assert texts[0] == texts[1]
    result.bitbox.report(tmp_path / "other.html")
    assert (tmp_path / "other.html").read_text(encoding="utf-8") == texts[0]


@pytest.mark.parametrize(
    ("given", "name", "error", "message"),
    [
        (list, "a.html", ValueError, "expected at least one result, got an empty list"),
        (lambda: "imitation.nc", "a.html", TypeError, "got str; open a file with open_netcdf()"),
        (lambda: [bx.kinematics(POSE), 3], "a.html", TypeError, "got int"),
        (lambda: xr.Dataset({"a": 1.0}), "a.html", ValueError, "expected results with the attribute measure"),
        (lambda: xr.DataArray([1.0]), "a.html", ValueError, "expected dimensions time and signal"),
        (lambda: bx.kinematics(POSE), "a.pdf", ValueError, "expected the name of an HTML file, got a.pdf"),
        (lambda: bx.kinematics(POSE), "no/a.html", FileNotFoundError, "expected an existing folder"),
    ],
)
def test_what_is_no_result_is_refused(given, name, error, message, tmp_path):
    with pytest.raises(error, match=re.escape(message)):
        bx.report(given(), tmp_path / name)
    assert [*tmp_path.iterdir()] == []


# --- studies


@pytest.fixture
def out(tmp_path):
    """The output folder of a study with two measures, one recording that failed and one that was not done."""
    summary = study(0, each=4, conditions=2).drop_vars("sleep")
    summary["surrogate_z"] = 10 * summary["excess"]
    summary.attrs = {"measure": "imitation", "by": "condition", "surrogates": "shift", "n": 19, "width": 2.0}
    quality = xr.Dataset(
        {"lost_share": (("recording", "condition", "signal"), np.full((8, 2, 1), 0.125))},
        {"recording": summary.recording, "condition": summary.condition, "signal": ["AU12"], "group": summary.group},
        {"measure": "quality", "by": "condition", "fps": 25.0},
    )
    rows = [[name, "done", "", 1.0, 0, "done", "done"] for name in summary.recording.values]
    rows[0][2] = rows[1][2] = "the times of x.csv are not used"
    rows.insert(3, [HOSTILE, "failed", f"{HOSTILE}: expected a file, got none", 1.0, 0, "failed", "failed"])
    rows.append(["last", "not done", "", 0.0, 0, "not done", "not done"])
    columns = ["recording", "state", "message", "seconds", "retries", "significance", "quality"]
    folder = tmp_path / "out"
    for name, one in (("significance", summary), ("quality", quality)):
        (folder / name).mkdir(parents=True)
        bx.to_netcdf(one, folder / name / "summary.nc")
    pd.DataFrame(rows, columns=columns).to_csv(folder / "status.csv", index=False)
    return folder


def test_a_report_on_a_study(out, tmp_path):
    parsed, text = written(bx.cohort.open(out), tmp_path)
    assert_harmless(parsed, text)
    assert "<h1>Study out</h1>" in text
    assert [HOSTILE, f"{HOSTILE}: expected a file, got none"] in parsed.rows
    assert ["r00, r01", "the times of x.csv are not used"] in parsed.rows
    assert {"Warnings", "Failed recordings", "Not done recordings", "Results by group", "Methods"} <= set(parsed.texts)
    assert ["control", "12.5 %"] in parsed.rows
    assert parsed.tags().count("svg") == 7  # two conditions; three pairs by condition, the largest by group and by site
    assert "by group: each recording, means and 95 % confidence intervals" in " ".join(parsed.texts)
    with bx.open_netcdf(out / "significance" / "summary.nc") as summary:
        cell = summary.excess.sel(condition="task", pair="AU01").values
    row = next(row for row in parsed.rows if row[:2] == ["task", "AU01"])
    shown = [f"{value:.2f}".replace("0.", ".", 1).replace("-", "−") for value in (cell.mean(), cell.std(ddof=1))]
    assert row[2:5] == ["8", *shown]
    from scipy.stats import ttest_1samp

    interval = ttest_1samp(cell, 0).confidence_interval()
    ends = [f"{value:.2f}".replace("-0.", "-.").replace("-", "−") for value in interval]
    assert row[5:] == [end.replace("0.", ".", 1) if end.startswith("0.") else end for end in ends]


def test_a_report_on_a_study_without_any_result(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "status.csv").write_text(
        "recording,state,message,seconds,retries,imitation\na,failed,no file,0,0,failed\n"
    )
    parsed, _ = written(bx.cohort.open(folder), tmp_path)
    assert ["a", "no file"] in parsed.rows
    assert "Methods" not in parsed.texts


def test_the_summary_of_a_measure_has_a_report(out, tmp_path):
    with bx.open_netcdf(out / "significance" / "summary.nc") as summary:
        parsed, _ = written(summary, tmp_path)
    assert "Results over 8 recordings" in parsed.texts


def test_templates_are_in_the_package_and_pages_are_strict():
    assert {path.name for path in (files("bitbox_xr.reporting") / "templates").iterdir()} >= {
        "report.html", "report.css", "report.js",
    }  # fmt: skip
    text = document.rendered(Page("<b>", "", ()))
    assert "<title>&lt;b&gt;</title>" in text
    assert Parsed(text).tags().count("nav") == 0


def test_large_matrices_make_small_reports(tmp_path):
    rng = np.random.default_rng(0)
    x, y = (bx.signals(rng.normal(size=(400, 79)), fps=30) for _ in range(2))
    result = bx.imitation(x, y, stats=True)
    bx.report(result, tmp_path / "large.html")
    assert (tmp_path / "large.html").stat().st_size < 500_000
