"""Lists of settings in a cohort: each recording has every combination, with the labels of `multiverse`."""

import json

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr import cohort
from bitbox_xr.cohort import seeds

from random_recordings import write_pairs

pytestmark = pytest.mark.filterwarnings("ignore:significance.*expected at least 19 surrogates")

MEASURES = """
[measures.imitation]
width = [2, 1]
max_lag = ["default", 0.5]
step = 0.5

[measures.significance]
width = [1.0, 1.5]
polarity = [true, false]
step = 0.5
max_lag = 0.2
n = 5
rng = 3

[measures.expressivity]
scales = [[0.5, 1], [1, 2]]

[measures.diversity]
scales = [0.5, 1]
"""


@pytest.fixture
def study(tmp_path):
    return write_pairs(tmp_path, 8)


@pytest.fixture
def run(study, client):
    def run(toml=None, **options):
        if toml is not None:
            (study / "study.toml").write_text(toml)
            options["config"] = study / "study.toml"
        return cohort.run(study / "study.csv", study / "out", client=client, progress=False, **options)

    return run


def sides(study, k):
    return [bx.open_signals(study / f"{side}{k}.nc").load() for side in "xy"]


def same(found, expected):
    for name, variable in {**expected.data_vars, **expected.coords}.items():
        np.testing.assert_array_equal(found[name], variable, err_msg=str(name))
        assert found[name].dims == variable.dims


def test_each_recording_has_what_multiverse_gives(study, run):
    done = run(MEASURES)
    x, y = sides(study, 2)
    same(done["imitation"].recordings["002"], bx.multiverse("imitation", x, y, width=[2, 1], max_lag=[None, 0.5],
                                                            step=0.5))  # fmt: skip
    options = {"step": 0.5, "max_lag": 0.2, "n": 5, "rng": seeds.seed_of(3, "002"), "pairs": "matched"}
    tested = bx.multiverse("significance", x, y, width=[1.0, 1.5], polarity=[True, False], **options)
    same(done["significance"].recordings["002"], tested)
    same(done["expressivity"].recordings["002"], bx.multiverse("expressivity", x, scales=[(0.5, 1), (1, 2)]))
    same(done["diversity"].recordings["002"], bx.diversity(x, scales=[0.5, 1]))
    summary = done["significance"].summary
    assert summary["excess"].dims == ("recording", "width", "polarity", "pair")
    assert summary["n_windows"].dims == ("recording", "width", "polarity", "pair")
    assert summary["duration"].dims == ("recording",)
    table = pd.read_csv(study / "out" / "imitation" / "summary.csv", dtype={"recording": str})
    assert len(table) == 8 * 4 * 2
    assert table.columns[:5].tolist() == ["recording", "group", "width", "max_lag", "pair"]
    row = table.query("recording == '005' and width == 1 and max_lag == '0.5' and pair == 'AU12'")
    one = bx.imitation(*sides(study, 5), width=1, step=0.5, max_lag=0.5, stats=True)
    assert row["corr_mean"].item() == pytest.approx(one.corr_mean.sel(signal1="AU12", signal2="AU12").item())


def test_a_contrast_has_each_setting_as_its_own_family_and_marks_the_preregistered_one(run):
    from matplotlib.figure import Figure

    summary = run(MEASURES)["significance"].summary.load()
    found = summary.bitbox.contrast(variable="excess", between="group", rng=0)
    assert found.estimate.dims == ("width", "polarity", "pair")
    chosen = {"width": 1.5, "polarity": "False"}
    alone = summary.sel(chosen).bitbox.contrast(variable="excess", between="group", rng=0)
    for name in ("estimate", "p_fwe", "q"):
        np.testing.assert_allclose(found[name].sel(chosen), alone[name])
    assert json.loads(found.attrs["preregistered_setting"]) == {"width": "1", "polarity": "True"}
    fig = found.sel(pair="AU12").bitbox.plot.specification_curve(fig=Figure())
    estimate = found.estimate.sel(pair="AU12", width=1.0, polarity="True").item()
    assert fig.axes[0].get_legend().get_texts()[0].get_text() == f"preregistered: {estimate:.3g}"
    other = found.sel(pair="AU12", polarity="False").bitbox.plot.specification_curve(fig=Figure())
    assert other.axes[0].get_legend() is None  # the preregistered setting is not among these
    text = found.bitbox.methods()
    assert "settings were computed (Steegen et al., 2016): width 1 or 1.5; polarity True or False." in text
    assert "The preregistered setting was width 1; polarity True." in text
    assert "Windows were 2 or 1 s long and began every 0.5 s." in cohort_methods(run)


def cohort_methods(run):
    return run(MEASURES)["imitation"].summary.bitbox.methods()


def test_a_longer_list_repeats_its_measure_and_keeps_the_frozen_setting(study, run):
    run(MEASURES.replace("width = [2, 1]", "width = 2"))
    before = {path: path.read_bytes() for path in study.glob("out/*/recordings/*.nc")}
    done = run(MEASURES.replace("width = [2, 1]", "width = [1, 2, 3]"))
    changed = {path.parts[-3] for path, content in before.items() if path.read_bytes() != content}
    assert changed == {"imitation"}
    summary = done["imitation"].summary
    assert json.loads(summary.attrs["preregistered_setting"]) == {"width": "2", "max_lag": "default"}
    assert done.deviations == ["measures.imitation.width: [1, 2, 3] instead of 2"]
    summary = run(MEASURES.replace("width = [2, 1]", "width = [1, 3]"))["imitation"].summary
    assert "preregistered_setting" not in summary.attrs


def test_lists_in_python_and_without_a_toml_file(study, run):
    done = run(measures={"expressivity": {"scales": [(0.5, 1), (1, 2)], "aggregate": [False, True]}})
    expected = bx.multiverse("expressivity", sides(study, 1)[0], scales=[(0.5, 1), (1, 2)], aggregate=[False, True])
    same(done.recordings["001"], expected)
    assert json.loads(done.summary.attrs["first_setting"]) == {"scales": "0.5 1", "aggregate": "False"}
    one = run(measure="significance", of=["imitation", "coordination"], width=1, max_lag=0.2, n=5, rng=1)
    assert one["significance"].summary["excess"].dims == ("recording", "of", "pair")
    assert one["significance"].summary.attrs["measure"] == "imitation and coordination"


def test_only_some_settings_use_partners(study, run):
    options = {"surrogates": ["shift", "partners"], "width": 1, "max_lag": 0.2, "n": 5, "rng": 1}
    done = run(measures={"significance": {**options, "partners_within": "group"}})
    x, y = sides(study, 0)
    partners = [sides(study, k)[1] for k in (2, 4, 6)]
    rng = seeds.seed_of(1, "000")
    own = {"width": 1, "max_lag": 0.2, "n": 5, "rng": rng, "pairs": "matched", "progress": False}
    shifted = bx.significance(x, y, **own)
    replaced = bx.significance(x, y, surrogates="partners", partners=partners, **own)
    found = done.recordings["000"]
    np.testing.assert_array_equal(found["excess"].sel(surrogates="shift"), shifted["excess"])
    np.testing.assert_allclose(found["excess"].sel(surrogates="partners"), replaced["excess"])


BAD = {
    "empty": ({"imitation": {"width": []}}, "at least one setting of width, got an empty list"),
    "repeated": ({"imitation": {"width": [1, 1.0]}}, "different settings of width, got 1, 1"),
    "windows": ({"imitation": {"width": [1, 2], "keep_windows": True}}, "keep_windows is for one setting"),
    "seeds": ({"significance": {"rng": [1, 2]}}, "one rng, which all settings share"),
    "pairs": ({"significance": {"pairs": ["all", "matched"]}}, "pairs to be 'matched' or 'all'"),
    "one of them": ({"imitation": {"width": [1, -2]}}, "with width=-2: expected width to be"),
    "all of them": ({"imitation": {"width": [1, 2], "step": -1}}, r"measures\.imitation: expected step to be"),
    "tuple": ({"imitation": {"width": (1, 2)}}, r"width .*got \(1, 2\)"),
    "many": ({"imitation": {"width": [*range(1, 200)], "step": [*range(1, 200)]}}, "at most 10000 combinations"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_lists_are_refused(case, run):
    measures, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        run(measures=measures)
