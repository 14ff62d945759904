"""Five plots look as they did: their images, without text, are compared with those in the folder `baseline`.

Other tests check text, because glyphs differ between versions of Matplotlib: whole images differ by 25 to 33 (root mean
square) between 3.10.7 and 3.11, those without text by at most 7.1, at lines that are one pixel away. Another colour
map, other limits, and missing frames or shading differ by 12 and more.

After an intended change, look at the new images and store them:
`pytest tests/plotting/test_plotting_images.py --mpl-generate-path=tests/plotting/baseline`
"""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

import bitbox_xr as bx
from bitbox_xr.plotting import chance, expressivity, inference, pairs, recordings

IMAGE = {"style": "default", "tolerance": 9, "savefig_kwargs": {"dpi": 80}}
NAMES = ["AU01_r", "AU04_r", "AU06_r", "AU12_r", "AU25_r"]
WINDOWS = {"width": 2, "step": 1, "max_lag": 0.5}


@pytest.fixture(autouse=True)
def needs_the_plugin(request):
    if not request.config.pluginmanager.hasplugin("pytest_mpl"):
        pytest.skip("images are compared by the plugin pytest-mpl, which is not installed")


def figure(width, height):
    """A figure of this size in mm, whose layout does not depend on the size of text, unlike that of new figures."""
    new = Figure(figsize=(width / 25.4, height / 25.4))
    new.subplots_adjust(left=0.2, right=0.9, bottom=0.2, top=0.8)
    FigureCanvasAgg(new)
    return new


def without_text(drawn):
    """The figure without any text and without legends, whose size depends on their text."""
    for text in drawn.findobj(Text):
        text.set_visible(False)
    for legend in drawn.findobj(Legend):
        legend.set_visible(False)
    for ax in drawn.axes:
        ax.tick_params(which="both", labelbottom=False, labelleft=False, labelright=False)
    return drawn


@pytest.fixture(scope="module")
def people():
    """A child who follows its mother in two signals, with lost frames and a flat signal for a while."""
    rng = np.random.default_rng(0)
    smooth = np.hanning(25) / np.hanning(25).sum()
    mother, child = (
        np.apply_along_axis(np.convolve, 0, rng.normal(size=(1200, 5)), smooth, mode="same") * 4 for _ in range(2)
    )
    child[9:, 2:4] += mother[:-9, 2:4]
    child[300:360] = np.nan
    child[400:1000, 1] = 0.0
    return [
        bx.signals(values, fps=30, names=NAMES, source=f"dyad07_{name}.csv")
        for values, name in ((child, "child"), (mother, "mother"))
    ]


@pytest.mark.mpl_image_compare(**IMAGE)
def test_image_of_significant_pairs(people):
    result = bx.imitation(*people, **WINDOWS, stats=True)
    found = bx.significance(*people, **WINDOWS, n=19, rng=0, progress=False)
    return without_text(inference.significant_pairs(result, found, by="p", ax=figure(88, 70).subplots()).figure)


@pytest.mark.mpl_image_compare(**IMAGE)
def test_image_of_one_pair_over_time(people):
    return without_text(pairs.over_time(bx.imitation(*people, **WINDOWS), ("AU12_r", "AU12_r"), fig=figure(88, 82)))


@pytest.mark.mpl_image_compare(**IMAGE)
def test_image_of_matched_pairs(people):
    found = bx.significance(*people, **WINDOWS, n=19, rng=0, pairs="matched", progress=False)
    return without_text(chance.matched_pairs(found, by="p", ax=figure(88, 55).subplots()).figure)


@pytest.mark.mpl_image_compare(**IMAGE)
def test_image_of_signals(people):
    phases = pd.DataFrame({"onset": [0, 20], "offset": [15, 38], "label": ["baseline", "task"]})
    return without_text(recordings.signals(bx.annotate(people[0], phases), by="condition", fig=figure(88, 75)))


@pytest.mark.mpl_image_compare(**IMAGE)
def test_image_of_expressivity(people):
    found = bx.expressivity(people[0], scales=[0.5, 1, 2])
    return without_text(expressivity.expressivity(found, ax=figure(88, 50).subplots()).figure)
