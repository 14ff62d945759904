"""All text lies inside the figure, in every plot, with long names of signals and files and in narrow figures."""

import inspect
import itertools

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import bitbox_xr as bx
from bitbox_xr.plotting import captions, fitting
from bitbox_xr.plotting.methods import PlotMethods, SignalsPlotMethods

pytestmark = pytest.mark.filterwarnings("ignore:significance.*expected at least 19 surrogates")

NAMES = [f"left corner of the mouth {'as the tracker calls it ' * 2}{k:07d}" for k in range(5)]
LONG = ("study_of_families_" * 5, "child-seen-from-the-front-" * 4)
SOURCES = [f"{name[:76]}.csv" for name in LONG]
PAIR = (NAMES[1], NAMES[1])
WINDOWS = {"width": 1, "step": 0.5, "max_lag": 0.2}
MM_PER_INCH = 25.4
MARGIN_PX = 1.0


def people():
    values = np.random.default_rng(0).normal(size=(2, 300, len(NAMES)))
    values[1, 4:] += 0.5 * values[0, :-4]
    return [
        bx.signals(table, fps=30, names=NAMES, source=source, units="intensity from 0 to 5")
        for table, source in zip(values, SOURCES, strict=True)
    ]


def results():
    """For each method of `.bitbox.plot`: the data, and its arguments."""
    assert {len(name) for name in (*NAMES, *SOURCES)} == {80}
    x, y = people()
    significant = bx.significance(x, y, **WINDOWS, n=3, rng=0, progress=False)
    surrogates = bx.surrogate_windows(x, y, pair=PAIR, **WINDOWS, n=3, rng=0)
    shares = np.random.default_rng(0).normal(size=(9, 5, 2))
    dims, conditions = ("recording", "pair", "condition"), [f"{SOURCES[0]} {k}" for k in "ab"]
    summary = xr.Dataset({"excess": (dims, shares)}, {"pair": NAMES, "condition": conditions})
    settings = bx.multiverse("imitation", x, y, width=[1.0, 2.0]).sel(signal1=PAIR[0], signal2=PAIR[1])
    landmarks = np.random.default_rng(0).normal(size=(60, 153))
    face = bx.signals(landmarks, kind="landmark-can", fps=30, source=SOURCES[0])
    return {
        "matrix": (bx.coordination(x, **WINDOWS), {}),
        "lag_profile": (bx.lag_profile(x, y, **WINDOWS), {"pair": PAIR}),
        "over_time": (bx.imitation(x, y, **WINDOWS), {"pair": PAIR}),
        "expressivity": (bx.expressivity(x, scales=[0.5, 1]), {}),
        "asymmetry": (bx.asymmetry(face), {}),
        "events": (bx.events(x, scales=[1]), {}),
        "values": (bx.quality(x), {"variable": "noise"}),
        "estimates": (summary.bitbox.contrast(variable="excess", within="condition", n=99, rng=0), {}),
        "significant_pairs": (significant, {"found": significant}),
        "matched_pairs": (significant, {}),
        "null_distribution": (surrogates, {}),
        "groups": (summary.isel(pair=0), {"variable": "excess", "by": "condition"}),
        "over_time_by_chance": (surrogates, {}),
        "lag_distribution": (surrogates, {}),
        "specification_curve": (settings, {"variable": "corr_mean"}),
        "signals": (x, {}),
        "kinematics": (face, {}),
        "decomposition": (x, {"coefficient": NAMES[1], "scales": [0.5, 1]}),
        "answers": (x, {"y": y, "pair": PAIR, "max_latency": 1}),
        "lag_heatmap": (bx.lag_map(x, y, pair=PAIR, **WINDOWS), {}),
    }


@pytest.fixture(scope="module")
def drawable():
    return results()


PLOTS = [name for owner in (PlotMethods, SignalsPlotMethods) for name in vars(owner) if not name.startswith("_")]


def outside(figure):
    """The text that is cut at an edge of the figure. Labels of ticks beyond the limits of an axis are not drawn."""
    figure.draw_without_rendering()
    hidden = set()
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        low, high = sorted(axis.get_view_interval())
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        hidden |= {
            id(label) for tick in ticks if not low <= tick.get_loc() <= high for label in (tick.label1, tick.label2)
        }
    found = []
    for text in figure.findobj(Text):
        box = text.get_window_extent()
        fits = box.x0 > -MARGIN_PX and box.y0 > -MARGIN_PX
        fits &= box.x1 < figure.bbox.width + MARGIN_PX and box.y1 < figure.bbox.height + MARGIN_PX
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden and not fits:
            found.append(text.get_text())
    return found


def on_titles(figure):
    """The labels of axes that lie on a title."""
    titles = [
        ax.get_window_extent() for ax in (*(ax._left_title for ax in figure.axes), *figure.texts) if ax.get_text()
    ]
    labels = [ax.yaxis.label for ax in figure.axes if ax.get_ylabel()]
    return [label.get_text() for label in labels if any(label.get_window_extent().overlaps(box) for box in titles)]


@pytest.mark.parametrize("width", [88, 180])
@pytest.mark.parametrize("name", PLOTS)
def test_no_text_is_cut(drawable, name, width):
    data, arguments = drawable[name]
    figure = Figure(figsize=(width / MM_PER_INCH, 110 / MM_PER_INCH), layout="constrained", dpi=100)
    FigureCanvasAgg(figure)
    draw = getattr(data.bitbox.plot, name)
    on = {"fig": figure} if "fig" in inspect.signature(draw).parameters else {"ax": figure.subplots()}
    draw(**arguments, **on)
    assert outside(figure) == []
    assert on_titles(figure) == []


def test_names_of_columns_stand_apart():
    names = ["slidedMother", "slidedTherapist", "slidedPatient"]
    found = xr.Dataset({"p": (("signal1", "signal2"), np.full((3, 3), 0.5))}, {"signal1": names, "signal2": names})
    figure = Figure(figsize=(88 / MM_PER_INCH, 2), layout="constrained", dpi=100)
    ax = found.bitbox.plot.matrix(statistic="p", ax=figure.subplots())
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert all(right.x0 - left.x1 > 2 for left, right in itertools.pairwise(boxes))


def test_significant_pairs_lose_no_option_in_one_column(drawable):
    data, arguments = drawable["significant_pairs"]
    ax = Figure(figsize=(88 / MM_PER_INCH, 3), layout="constrained").subplots()
    data.bitbox.plot.significant_pairs(**arguments, ax=ax)
    title = ax.get_title(loc="left").replace(",\n", ", ")
    assert title.endswith("18 windows of 1 s, step 0.5 s, max_lag 0.2 s, 3 shift surrogates (p ≥ .250)")
    assert "framed: family-wise p ≤ 0.05, 0 of 25 pairs" in ax.get_xlabel().replace("\n", " ")


@pytest.mark.parametrize("width", [30, 60, 120, 240])
def test_text_is_shortened_in_its_longest_words(width):
    text = f"Imitation of {'mother_' * 8} by child"
    short = fitting.fitted(text, width, 7)
    assert fitting.text_width(short, 7) <= width
    assert width < 120 or (short.startswith("Imitation of mo") and short.endswith(" by child") and "…" in short)


def test_lines_break_between_words_and_keep_their_text():
    text = "mean correlation above chance of both\nsecond line"
    lines = fitting.fitted_lines(text, 60, 7).split("\n")
    assert max(fitting.text_width(line, 7) for line in lines) <= 60
    assert " ".join(lines) == text.replace("\n", " ")


def test_equal_short_names_get_numbers():
    names = ["smile_" * 9 + "left", "smile_" * 8 + "left", "brow"]
    short = fitting.fitted_names(names, 60, 7)
    assert len(set(short)) == 3
    assert short[2] == "brow"
    assert max(fitting.text_width(name, 7) for name in short) <= 60


def test_a_title_beside_other_axes_ends_before_them():
    left, right = Figure(figsize=(5, 2), layout="constrained").subplots(1, 2)
    captions.write_title(left, "Imitation of " + "mother_" * 20)
    box = left.title.get_window_extent() if left.title.get_text() else left._left_title.get_window_extent()
    assert box.x1 <= right.get_window_extent().x0
