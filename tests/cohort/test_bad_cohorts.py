"""Bad input to `cohort.run()` and `cohort.open()`."""

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr.demo import make_pair

from bad_input import TABLE, refused

# call, error, phrases of its message: what was expected, what was found, what to do
CASES = {
    "results into nowhere": (
        lambda: bx.cohort.run(manifest(), "", measure="diversity"),
        ValueError,
        ["cohort.run(): expected path to be a folder's name, got ''"],
    ),
    "results into no folder": (
        lambda: bx.cohort.run(manifest(), None, measure="diversity"),
        TypeError,
        ["cohort.run(): expected path to be a folder's name, got a NoneType"],
    ),
    "a manifest as a dictionary": (
        lambda: bx.cohort.run({"recording": ["a"]}, "out", measure="diversity"),
        TypeError,
        ["cohort: expected path to be a file's name, got a dict"],
    ),
    "windows, perhaps": (
        lambda: bx.cohort.run(manifest(), "out", measure="imitation", keep_windows="no"),
        ValueError,
        ["expected keep_windows to be True or False, got 'no'"],
    ),
    "results into a file": (
        lambda: bx.cohort.run(manifest(), __file__, measure="imitation"),
        NotADirectoryError,
        ["expected a folder for the results", "which is not a folder; name another"],
    ),
    "a list as one measure": (
        lambda: bx.cohort.run(manifest(), "out", measure=["imitation"]),
        ValueError,
        ["expected measure to be one of imitation", "got ['imitation']"],
    ),
    "no measure": (
        lambda: bx.cohort.run(manifest(), "out"),
        ValueError,
        ["expected measures, or measure for a single one, or config, got neither; give one of them"],
    ),
    "measures twice": (
        lambda: bx.cohort.run(manifest(), "out", measure="imitation", measures=["diversity"]),
        ValueError,
        ["expected measures, or measure for a single one, or config, got both; give one of them"],
    ),
    "measures as text": (
        lambda: bx.cohort.run(manifest(), "out", measures="imitation"),
        ValueError,
        ["expected measures to be a mapping of measures to their options, or names, got 'imitation'"],
    ),
    "options that are no mapping": (
        lambda: bx.cohort.run(manifest(), "out", measures={"imitation": 2}),
        ValueError,
        ["expected the options of a measure as a mapping, got 2 for imitation"],
    ),
    "all faults of all measures": (
        lambda: bx.cohort.run(
            manifest(),
            "out",
            measures={"imitation": {"width": -1}, "expressivity": {"scale": 1}, "imitate": {}, "diversity": {"fps": 1}},
            step=1,
        ),
        ValueError,
        [
            "5 faults",
            "measures.imitation: expected width to be a positive number of seconds, got -1",
            "measures.expressivity: expected options of expressivity (scales, ",
            "contingency, significance, quality, got imitate; correct the name",
            "measures.diversity: expected options of diversity, got fps, which tell how files are read; give them",
            "expected options of open_signals() (",
        ],
    ),
    "no measures": (
        lambda: bx.cohort.run(manifest(), "out", measures=[]),
        ValueError,
        ["expected at least one measure, got none; the measures are imitation"],
    ),
    "a covariate named like an option": (
        lambda: bx.cohort.run(manifest().assign(width=2, group="a", surrogates="x"), "out", measure="imitation"),
        ValueError,
        ["expected covariates with other names than options, got width, surrogates in the manifest, which would have"],
    ),
    "bad cells of option columns": (
        lambda: bx.cohort.run(
            manifest().assign(fps="fast", start=3, stop=2, kind="pose", columns="a,,b"), "out", measure="imitation"
        ),
        ValueError,
        [
            "3 faults",
            "expected fps to be a positive number of frames per second, got 'fast' (a); correct it",
            "expected columns to be names or positions of columns, with commas between them, got 'a,,b' (a)",
            "expected start before stop, got 3 and 2 s in recording a",
        ],
    ),
    "an offset without align": (
        lambda: bx.cohort.run(manifest().assign(offset=0.5), "out", measure="imitation"),
        ValueError,
        ["expected align=True with the column offset"],
    ),
    "a stratum that is no covariate": (
        lambda: bx.cohort.run(
            manifest(), "out", measure="significance", surrogates="partners", partners_within="group"
        ),
        ValueError,
        ["expected partners_within to name covariates of the manifest (none), got group"],
    ),
    "strata without partners": (
        lambda: bx.cohort.run(manifest(), "out", measure="significance", partners_within="group"),
        ValueError,
        ["partners_within is for surrogates='partners'; leave it out, or choose these surrogates"],
    ),
    "no address": (
        lambda: bx.cohort.run(manifest(), "out", measure="imitation", client="nowhere"),
        ValueError,
        ["expected client to be the address of a scheduler, tcp://host:port, got 'nowhere'"],
    ),
    "a demonstration without end": (
        lambda: make_pair(minutes=np.inf, fps=0),
        ValueError,
        ["2 faults", "expected fps to be a positive number of frames per second, got 0", "inf"],
    ),
    "nothing to open": (
        lambda: bx.cohort.open(None),
        TypeError,
        ["cohort.open(): expected path to be a folder's name, got a NoneType"],
    ),
    "no such manifest": (
        lambda: bx.cohort.run("absent.csv", "out", measure="diversity"),
        FileNotFoundError,
        ["expected a manifest, got", "absent.csv, which does not exist"],
    ),
    "a manifest without columns": (
        lambda: bx.cohort.run(TABLE, "out", measure="diversity"),
        ValueError,
        ["expected columns recording and signals, got 0, 1"],
    ),
    "an unknown option": (
        lambda: bx.cohort.run(manifest(), "out", measure="diversity", scale=[1]),
        ValueError,
        ["expected options of diversity (scales, ", "got scale"],
    ),
    "a width beyond all": (
        lambda: bx.cohort.run(manifest(), "out", measure="imitation", width=1e300),
        ValueError,
        ["expected width to be at most 1e+09 s, got 1e+300"],
    ),
    "no cohort": (
        lambda: bx.cohort.open("nowhere"),
        FileNotFoundError,
        ["expected an output folder of cohort.run(), got nowhere, which has no status.csv"],
    ),
}


def manifest():
    return pd.DataFrame({"recording": ["a"], "signals": ["a.csv"], "reference": ["b.csv"]})


@pytest.mark.parametrize(("call", "error", "phrases"), CASES.values(), ids=CASES)
def test_refused(call, error, phrases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(call, error, phrases, tmp_path)
