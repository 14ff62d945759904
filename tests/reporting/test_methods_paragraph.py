"""The methods paragraph: the documentation's examples, every sentence, references, results from files."""

import json
import re
from pathlib import Path
from string import Formatter

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.reporting.nouns import WORDS
from bitbox_xr.reporting.references import REFERENCES, TRACKERS
from bitbox_xr.reporting.sentences import PARAGRAPH, STEPS

from documented_output import examples
from random_recordings import random_walk
from study_summaries import study

pytestmark = pytest.mark.filterwarnings(
    "ignore:(significance|contingency)"
)  # few surrogates are enough to describe a test

PAGE = Path(__file__).parents[2] / "docs" / "methods-paragraph.md"
X, Y = random_walk(0), random_walk(1)
LANDMARKS = bx.signals(np.random.default_rng(0).normal(size=(90, 153)), kind="landmark-can", fps=30)
OPTIONS = {"width": 1.0, "max_lag": 0.5}
SCALES = {"scales": [1.0, 2.0]}


def paragraph(result):
    """The text without its references."""
    return result.bitbox.methods().partition("\n\nReferences")[0]


def without_versions(text):
    return re.sub(r"(PyWavelets|bitbox_xr) \d[\w.]*", r"\1", text)


def test_the_documentation_shows_what_its_examples_print():
    found = examples(PAGE.read_text(encoding="utf-8"))
    assert len(found) == 8
    for code, documented, printed in found:
        assert without_versions(printed) == without_versions(documented), code


RESULTS = {
    "imitation": (lambda: bx.imitation(X, Y, **OPTIONS), ["Imitation of the model (person y)",
                                                          "back in time by up to 0.5 s",
                                                          "for all 2 × 2 pairs", "largest absolute correlation"]),
    "both directions": (lambda: bx.imitation(X, Y, causal=False, polarity=False, **OPTIONS),
                        ["by up to 0.5 s in both directions", "the lag with the largest correlation was used"]),
    "statistics": (lambda: bx.imitation(X, Y, stats=True, **OPTIONS), ["Correlations and lags were averaged"]),
    "coordination": (lambda: bx.coordination(X, Y, **OPTIONS), ["Coordination of two people",
                                                                  "so that the lag between them was up to 1 s."]),
    "one recording": (lambda: bx.coordination(X, **OPTIONS),
                      ["Coordination of the signals of one recording with each other was measured",
                       "for AU04 with AU12."]),
    "profile": (lambda: bx.lag_profile(X, Y, **OPTIONS), ["the lag with the largest mean estimates the delay",
                                                         "Correlations were used if at least 75 %"]),
    "one pair": (lambda: bx.imitation(X, Y, **OPTIONS).sel(signal1="AU12", signal2="AU04"), ["for AU12 with AU04."]),
    "shift": (lambda: bx.significance(X, Y, n=5, rng=7, progress=False, **OPTIONS),
              ["mean absolute correlation", "in five surrogates", "circularly", "follow Benjamini and Hochberg (1995)",
               "The seed of random numbers was 7."]),
    "phase": (lambda: bx.significance(X, Y, n=5, rng=7, surrogates="phase", statistic="corr_mean", progress=False,
                                      **OPTIONS), ["The mean correlation over", "(Prichard & Theiler, 1994)"]),
    "partners": (lambda: bx.significance(X, Y, rng=7, surrogates="partners", partners=[random_walk(3)], progress=False,
                                         **OPTIONS), ["in one surrogate",
                  "In this, the signals of person y were replaced by those of other recordings"]),
    "contingency": (lambda: bx.contingency(X, Y, n=5, rng=7, progress=False, **SCALES),
                    ["that person x answers by an activation 0 to 2 s later", "durations of 1 and 2 s", "circularly"]),
    "expressivity": (lambda: bx.expressivity(X, aggregate=True, false_alarms_per_minute=2, robust=True, **SCALES),
                     ["durations of 1 and 2 s", "all durations were aggregated.", "at most twice a minute",
                      "interquartile ranges", "two signals"]),
    "every maximum": (lambda: bx.expressivity(X, aggregate=True, **SCALES), ["at least 1 s apart were kept."]),
    "raw": (lambda: bx.expressivity(X), ["Activations were local maxima of the signals."]),
    "diversity": (lambda: bx.diversity(X, **SCALES), ["shares in the magnitudes"]),
    "diversity by number": (lambda: bx.diversity(X, magnitude=False, **SCALES), ["shares in the number"]),
    "events": (lambda: bx.events(X, min_rise=0.5, **SCALES), ["less than 0.5 were left out", r"\(\d+ activations\)"]),
    "kinematics": (lambda: bx.kinematics(LANDMARKS),
                   ["The data were canonicalized landmark coordinates.", "mean speed"]),
    "smoothness": (lambda: bx.smoothness(LANDMARKS), ["log dimensionless jerk of landmarks"]),
    "relative motion": (lambda: bx.relative_motion(LANDMARKS), [r"from a reference \(mean\)"]),
    "asymmetry": (lambda: bx.asymmetry(LANDMARKS), ["mirror images"]),
    "quality": (lambda: bx.quality(X), ["The quality of signals"]),
    "between": (lambda: bx.contrast(study(), variable="excess", between="group", rng=1),
                [r"Groups of group \(control minus clinic\)", "4999 random permutations", "over 16 recordings"]),
    "exact": (lambda: bx.contrast(study(each=4), variable="excess", rng=1), ["compared with 0", "all 256 perm"]),
    "within": (lambda: bx.contrast(study(conditions=2), variable="excess", within="condition", rng=1), ["by paired t"]),
    "interaction": (lambda: bx.contrast(study(conditions=2), variable="excess", within="condition", between="group"),
                    ["in their differences between conditions of condition"]),
    "covariates": (lambda: bx.contrast(study(), variable="excess", between="group", covariates=["age"], rng=1),
                   ["with the covariate age", "Freedman & Lane"]),
    "multiverse": (lambda: bx.multiverse("imitation", X, Y, width=[1.0, 2.0], step=[0.5, 1.0]),
                   ["Windows were 1 or 2 s long", "Steegen et al., 2016): width 1 or 2; step 0.5 or 1."]),
    "of cohorts": (lambda: bx.multiverse("significance", X, Y, of=["imitation", "coordination"], n=5, width=1.0)
                   .assign_attrs(preregistered_setting='{"of": "imitation"}'),
                   ["The mean absolute correlation over windows", "in five surrogates",
                    "measure imitation or coordination. The preregistered setting was measure imitation."]),
    "tested means": (lambda: bx.multiverse("significance", X, Y, polarity=[True, False], n=[5, 7], width=1.0),
                     ["The mean correlation over windows of each pair was compared", "in 5 or 7 surrogates"]),
    "settings of groups": (lambda: bx.contrast(study().assign_attrs(multiverse="pair"), variable="excess", rng=1),
                           ["Each setting is a separate family of tests."]),
}  # fmt: skip


@pytest.mark.parametrize("case", RESULTS)
def test_each_kind_of_result_is_described(case):
    make, phrases = RESULTS[case]
    text = paragraph(make())
    for phrase in phrases:
        assert re.search(phrase if "\\" in phrase else re.escape(phrase), text), text
    assert "{" not in text
    assert text.endswith("which uses xarray (Hoyer & Hamman, 2017).")


def test_every_sentence_is_used_by_some_result():
    phases = pd.DataFrame({"onset": [0], "offset": [9], "label": ["task"]})
    further = [
        bx.imitation(bx.annotate(X, phases), Y, by="condition", **OPTIONS),
        bx.quality(bx.smooth(X.assign_attrs(lost_frames=0, backend="3DI"), 1)),
        bx.significance(X, Y, n=5, rng=7, surrogates="segments", progress=False, **OPTIONS),
        bx.imitation(X, Y).assign_attrs(surrogates="permute"),
    ]
    texts = " ".join(map(paragraph, [make() for make, _ in RESULTS.values()] + further))
    unused = [sentence.texts for sentence in PARAGRAPH if not any(_found(text, texts) for text in sentence.texts)]
    assert unused == []


def _found(template, text):
    parts = [re.escape(literal) for literal, *_ in Formatter().parse(template)]
    return re.search(".*?".join(parts), text) is not None


def test_references_are_those_that_the_text_cites():
    for make, _ in RESULTS.values():
        text, _, entries = make().bitbox.methods().partition("\n\nReferences\n\n")
        for reference in REFERENCES.values():
            authors, year = reference.cited.rsplit(", ", 1)
            cited = reference.cited in text or f"{authors.replace('&', 'and')} ({year})" in text
            assert cited == (reference.entry in entries)
        assert entries.split("\n\n") == sorted(entries.split("\n\n"))


def test_each_entry_has_its_year_and_address():
    for reference in REFERENCES.values():
        year = reference.cited[-4:]
        assert f"({year})." in reference.entry
        assert "https://doi.org/10." in reference.entry
        assert reference.entry.startswith(reference.cited.split()[0].rstrip(","))
    assert set(TRACKERS.values()) <= set(REFERENCES)


def test_trackers_are_cited():
    x, y = X.assign_attrs(backend="OpenFace 2"), Y.assign_attrs(backend="Py-Feat")
    text = paragraph(bx.imitation(x, y, **OPTIONS))
    assert "person x, measured with OpenFace 2 (Baltrušaitis et al., 2018), and two" in text
    assert "person y, measured with Py-Feat (Cheong et al., 2023). They were analysed" in text


def test_steps_of_preparation_are_listed_in_order():
    both = [bx.detrend(bx.smooth(x, 0.2), 5) for x in (X, Y)]
    steps = "smoothed by a Gaussian with a full width at half maximum of 0.2 s, then detrended by"
    assert f"The signals were {steps}" in paragraph(bx.imitation(*both, **OPTIONS))
    assert f"The signals of person y were {steps}" in paragraph(bx.imitation(X, both[1], **OPTIONS))
    x, y = bx.align(X, Y, offset=0.5, fps=25)
    text = paragraph(bx.imitation(x, y, **OPTIONS))
    moved = "brought to common frame times at 25 frames per second by linear interpolation (shift: 0.5)"
    assert f"The signals of person y were {moved}" in text


def test_every_step_that_functions_record_has_a_text():
    recorded = {"align", "resample", "fill_gaps", "smooth", "detrend", "standardize", "annotate", "mask"}
    assert set(STEPS) == recorded
    unknown = X.assign_attrs(history='["by hand", {"function": "whiten"}]')
    assert "The signals were processed by whiten." in paragraph(bx.quality(unknown))
    assert paragraph(bx.quality(X.assign_attrs(history="by hand"))).startswith("The data were two signals. ")


def test_lost_and_masked_frames_are_counted():
    x = X.copy()
    x[:1] = np.nan
    x = bx.mask(x.assign_attrs(lost_frames=1), pd.DataFrame({"onset": [1], "offset": [2], "label": ["speech"]}))
    text = paragraph(bx.imitation(x, Y.assign_attrs(lost_frames=0), **OPTIONS))
    lost = "The tracker lost one frame of person x and no frames of person y."
    assert f"{lost} Masks covered 30 frames of person x." in text
    assert "set to missing in one interval." in text
    assert "The tracker lost one frame." in paragraph(bx.expressivity(X.where(X.time > 0).assign_attrs(lost_frames=0)))


def test_labels_of_intervals_are_named():
    phases = pd.DataFrame({"onset": [0, 8], "offset": [8, 20], "label": ["baseline", "task"]})
    result = bx.imitation(bx.annotate(X, phases), Y, by="condition", stats=True, **OPTIONS)
    assert "The intervals of condition (baseline, task) were analysed separately." in paragraph(result)


def test_results_from_files_have_the_same_text(tmp_path):
    result = bx.significance(X, Y, n=5, rng=7, progress=False, **OPTIONS)
    bx.to_netcdf(result, tmp_path / "x.nc")
    assert bx.open_netcdf(tmp_path / "x.nc").bitbox.methods() == result.bitbox.methods()


def test_other_datasets_are_refused():
    with pytest.raises(ValueError, match="expected a result with the attribute measure"):
        xr.Dataset().bitbox.methods()


def test_preparation_that_differs_between_recordings_is_described_by_ranges():
    steps = (
        '[{"function": "align", "fps": 25.0, "shift": [-1.5, 0.5]}, '
        '{"function": "mask", "intervals": [2, 9], "regions": "mouth", "some_recordings": 1}]'
    )
    text = paragraph(bx.quality(X.assign_attrs(history=steps)))
    assert "by linear interpolation (shift: -1.5 to 0.5), then set to missing in 2 to 9 intervals" in text
    assert "(regions: mouth; in some recordings)" in text


def test_each_label_has_its_number_of_surrogates():
    phases = pd.DataFrame({"onset": [0, 8], "offset": [8, 20], "label": ["baseline", "task"]})
    found = bx.significance(bx.annotate(X, phases), Y, by="condition", n=9, rng=7, progress=False, **OPTIONS)
    numbers = json.loads(found.attrs["n_by_label"])
    assert len(set(numbers)) == 2
    text = paragraph(found)
    both = f"{numbers[0]} (baseline) and {numbers[1]} (task) surrogates"
    assert f"in {both}, as many as the intervals allow and at most 9 (Moulder" in text
    assert "shifted circularly in time within each interval." in text
    assert f"in at most {WORDS[max(numbers)]} surrogates" in paragraph(found.sel(condition="task"))


def test_fewer_surrogates_than_asked_for_have_a_reason():
    found = bx.significance(X, Y, n=99, rng=7, progress=False, **OPTIONS)
    assert f"in {found.attrs['n']} surrogates, as many as the recording allows (Moulder" in paragraph(found)
    assert "as many" not in paragraph(bx.significance(X, Y, n=3, rng=7, progress=False, **OPTIONS))


def test_numbers_of_a_first_recording_are_not_those_of_all(tmp_path):
    x = X.assign_attrs(lost_frames=0, source="a.csv")
    y = Y.assign_attrs(source="b.csv")
    one, other = (bx.imitation(x[:n], y[:n], stats=True, **OPTIONS) for n in (600, 500))
    both = xr.concat([one, other.assign_attrs(lost_frames1=300)], pd.Index(["P1", "P2"], name="dyad"))
    text = paragraph(both)
    assert "They were analysed at 30 frames per second." in text
    assert "began every 0.5 s." in text
    assert all(word not in text for word in ("lost", "600 frames", "windows)"))
    bx.report(both, tmp_path / "both.html")
    assert "a.csv" not in (tmp_path / "both.html").read_text(encoding="utf-8")
