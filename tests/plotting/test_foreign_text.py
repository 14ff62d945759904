"""Every plot draws names of signals and files literally, also names that Matplotlib would read as formulas."""

import io

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure

import bitbox_xr as bx
from bitbox_xr.plotting import decomposition, expressivity, inference, pairs
from bitbox_xr.plotting.fitting import literal

pytestmark = pytest.mark.filterwarnings("ignore:significance.*expected at least 19 surrogates")

NAMES = [r"$\frac$", r"$\bogus{x}$", "a$b$c^", "$", "$$", "x_$1$", r"\$", r"$\alpha$", "plain"]
WINDOWS = {"width": 1, "step": 0.5, "max_lag": 0.2}


@pytest.fixture(scope="module")
def people():
    """Two recordings whose signals and files have such names."""
    values = np.random.default_rng(0).normal(size=(2, 150, len(NAMES)))
    values[1, 4:] = 0.5 * values[0, :-4] + values[1, 4:]
    return [
        bx.signals(table, fps=30, names=NAMES, source=source)
        for table, source in zip(values, (r"$\frac$.csv", "$a^$.csv"), strict=True)
    ]


@pytest.fixture
def drawn(monkeypatch):
    """Every line of text that reaches the canvas, and whether it was drawn as a formula."""
    lines = []
    draw_text = RendererAgg.draw_text

    def recorded(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        lines.append((s, ismath))
        return draw_text(self, gc, x, y, s, prop, angle, ismath, mtext)

    monkeypatch.setattr(RendererAgg, "draw_text", recorded)
    return lines


def assert_literal(figure, drawn, expected):
    """All `expected` text is drawn, none of it as a formula; saving as SVG and PDF works too."""
    drawn.clear()
    FigureCanvasAgg(figure).draw()
    formulas = [line for line, ismath in drawn if ismath]
    # numbers on logarithmic axes are formulas
    assert not [line for line in formulas if "default" not in line]
    text = "".join("".join(line.split()) for line, _ in drawn)
    assert not [name for name in expected if name not in text]
    for kind in ("svg", "pdf"):
        figure.savefig(io.BytesIO(), format=kind)


def pair_of(name):
    return (name, name)


def figure():
    return Figure(figsize=(12, 9), layout="constrained")


@pytest.mark.parametrize("name", NAMES)
def test_plots_of_one_pair(people, drawn, name):
    result = bx.imitation(*people, **WINDOWS)
    profile = bx.lag_profile(*people, **WINDOWS)
    chance = bx.surrogate_windows(*people, pair=pair_of(name), n=3, rng=0, **WINDOWS)
    lags = bx.lag_map(*people, pair=pair_of(name), **WINDOWS)
    files = [r"$\frac$", "$a^$"]
    assert_literal(pairs.over_time(result, pair_of(name), fig=figure()), drawn, [name, *files])
    assert_literal(pairs.lag_profile(profile, pair_of(name), ax=figure().subplots()).figure, drawn, [name, *files])
    assert_literal(inference.over_time_by_chance(chance, fig=figure()), drawn, [name])
    assert_literal(inference.lag_distribution(chance, ax=figure().subplots()).figure, drawn, [name])
    assert_literal(inference.lag_heatmap(lags, fig=figure()), drawn, [name])
    assert_literal(decomposition.decomposition(people[0], name, scales=[1], fig=figure()), drawn, [name])


def test_plots_of_all_signals(people, drawn):
    stats = bx.imitation(*people, **WINDOWS, stats=True)
    ax = pairs.matrix(stats, ax=figure().subplots())
    assert_literal(ax.figure, drawn, [*NAMES, "$a^$"])
    ax.xaxis.reset_ticks()  # Matplotlib then creates new artists for the labels
    ax.yaxis.reset_ticks()
    assert_literal(ax.figure, drawn, [*NAMES, "$a^$"])
    found = bx.significance(*people, **WINDOWS, n=3, rng=0, pairs="matched", progress=False)
    ax = inference.significant_pairs(stats, found, alpha=1, ax=figure().subplots())
    assert_literal(ax.figure, drawn, [*NAMES, "$a^$"])


@pytest.mark.parametrize("metric", ["activations_per_minute", "density", "frequency"])
def test_plots_of_expressivity(people, drawn, metric):
    result = bx.expressivity(people[0] * np.geomspace(1e-4, 1, len(NAMES)), scales=[0.5, 1])
    result["scale_label"] = ("scale", [r"$\frac$ s", "1 s"])
    ax = expressivity.expressivity(result, metric, ax=figure().subplots())
    assert_literal(ax.figure, drawn, [*NAMES, r"$\frac$s"])


def test_the_plot_of_asymmetry(drawn):
    face = bx.signals(np.random.default_rng(0).normal(size=(60, 153)), kind="landmark-can", fps=30)
    result = bx.asymmetry(face)
    result["asymmetry"].attrs["units"] = r"$\frac$"
    feature = result["feature"].values.astype("U20")
    feature[0] = r"$\bogus{x}$"
    ax = expressivity.asymmetry(result.assign_coords(feature=feature), ax=figure().subplots())
    assert_literal(ax.figure, drawn, [r"$\frac$", r"$\bogus{x}$"])
    ax.legend()  # a legend created by the user
    assert_literal(ax.figure, drawn, [r"$\bogus{x}$"])


def test_long_names_of_variables_are_literal_too(people, drawn):
    result = bx.imitation(*people, **WINDOWS)
    for name in ("corr", "lag", "window"):
        result[name].attrs["long_name"] = rf"$\frac$ {name}"
    figure_ = pairs.over_time(result, fig=figure())
    assert_literal(figure_, drawn, [r"$\frac$window"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("formulas", [True, False])
def test_literal_text_is_drawn_character_by_character(drawn, name, formulas):
    with rc_context({"text.parse_math": formulas}):
        figure_ = Figure()
        figure_.suptitle(literal(name))
        FigureCanvasAgg(figure_).draw()
    assert drawn == [(name, False)]
