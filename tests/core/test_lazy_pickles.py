"""Lazy results can be pickled and give the same values in another process.

Every public function is listed in one of the tables `LAZY`, `OF_FILES` and `IN_MEMORY`. The first test fails for a
function that is in none of them, the others for a function in the wrong table.
"""

import pickle
import subprocess
import sys
from inspect import isfunction

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bitbox_xr as bx
from bitbox_xr import compat

from study_summaries import study
from trackers import write_three_di

pytestmark = pytest.mark.filterwarnings("ignore:significance.*expected at least 19 surrogates", "ignore:contingency")

FPS, FRAMES = 30, 150
WINDOWS = {"width": 1.0, "step": 0.5}
CHUNKS = {"time": 100}


def walks(seed, names, kind="expression"):
    """Independent random walks on dask, with several chunks along time and signals."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(FRAMES, len(names))).cumsum(axis=0)
    return bx.signals(values, fps=FPS, names=names, kind=kind).chunk({**CHUNKS, "signal": (len(names) + 1) // 2})


def people(seed):
    return walks(seed, ["AU04", "AU12"])


def face():
    return walks(2, [f"{axis}{point}" for point in range(51) for axis in "xyz"], kind="landmark-can")


def head():
    return walks(3, ["Tx", "Ty", "Tz", "Rx", "Ry", "Rz"], kind="pose")


def windows():
    return bx.imitation(people(0), people(1), **WINDOWS)


def in_file(obj, folder):
    file = folder / "x.nc"
    bx.to_netcdf(obj, file)
    return file


def written_three_di(folder):
    write_three_di(folder, "clip", 20)
    return folder / "clip.mp4"


def call(name, *arguments, **options):
    """A case of a table: name of a public function, its dask arguments, its options."""
    return name, arguments, options


PHASES = pd.DataFrame({"onset": [0, 2], "offset": [2, 4], "label": ["a", "b"]})


def labelled(x):
    return bx.annotate(x, PHASES)


LAZY = {
    "annotate": [call("annotate", people(0), PHASES)],
    "align": [call("align", people(0), people(1), fps=20)],
    "asymmetry": [
        call("asymmetry", face()),
        call("asymmetry", face(), reference=([0.0] * 5, [5.0] * 5)),
    ],
    "contingency": [
        call("contingency", people(0), people(1), scales=[0.5, 1.0], surrogates="partners", partners=[people(7)]),
        call("contingency", people(0), people(1), pairs="matched", surrogates="partners", partners=[people(7)]),
    ],
    "coordination": [
        call("coordination", people(0), people(1), **WINDOWS),
        call("coordination", people(0), stats=True, **WINDOWS),
    ],
    "detrend": [call("detrend", people(0), 1.0)],
    "diversity": [
        call("diversity", people(0), scales=[0.5, 1.0]),
        call("diversity", people(0), scales=[0.5, 1.0], aggregate=True, magnitude=False),
    ],
    "expressivity": [
        call("expressivity", people(0), scales=[0.5, 1.0]),
        call("expressivity", people(0), scales=[0.5, 1.0], aggregate=True, robust=True),
        call("expressivity", labelled(people(0)), scales=[0.5, 1.0], by="condition"),
    ],
    "fill_gaps": [call("fill_gaps", people(0), max_gap=1.0)],
    "imitation": [
        call("imitation", people(0), people(1), **WINDOWS),
        call("imitation", labelled(people(0)), people(1), by="condition", **WINDOWS),
        call("imitation", labelled(people(0)), people(1), by="condition", stats=True, **WINDOWS),
        call("imitation", people(0), people(1), causal=False, polarity=False, stats=True, **WINDOWS),
    ],
    "kinematics": [
        call("kinematics", face()),
        call("kinematics", labelled(face()), by="condition"),
        call("kinematics", head(), angular=True),
    ],
    "lag_profile": [
        call("lag_profile", people(0), people(1), **WINDOWS),
        call("lag_profile", people(0), measure="coordination", **WINDOWS),
    ],
    "magnitudes": [call("magnitudes", face()), call("magnitudes", head()), call("magnitudes", head(), angular=False)],
    "relative_motion": [
        call("relative_motion", face()),
        call("relative_motion", face(), reference=[0, 120]),
        call("relative_motion", head(), angular=True),
    ],
    "mask": [call("mask", people(0), PHASES), call("mask", people(0), where=people(0).time < 1)],
    "multiverse": [call("multiverse", "imitation", people(0), people(1), width=[0.5, 1.0], max_lag=0.2)],
    "quality": [call("quality", people(0)), call("quality", labelled(people(0)), by="condition")],
    "resample": [call("resample", people(0), 20), call("resample", people(0), 60)],
    "signals": [
        call("signals", people(0)),
        call("signals", people(0).data, fps=FPS),
        call("signals", people(0).astype(int).data, fps=FPS),
    ],
    "significance": [
        call("significance", people(0), people(1), n=19, rng=0, **WINDOWS),
        call("significance", people(0), measure="coordination", surrogates="phase", n=19, rng=0, **WINDOWS),
        call("significance", people(0), people(1), surrogates="partners", partners=[people(7), people(8)], **WINDOWS),
    ],
    "smooth": [call("smooth", people(0), 0.2)],
    "smoothness": [call("smoothness", face()), call("smoothness", head(), angular=True)],
    "standardize": [call("standardize", people(0))],
    "window_stats": [call("window_stats", windows())],
    "result.matched": [call("matched", windows())],
    "result.sel": [call("sel", windows(), signal1="AU12")],
    "result.stats": [call("stats", windows())],
    "sel": [call("sel", people(0), signal=["AU12"])],
}
OF_FILES = {
    "open_netcdf": [
        lambda folder: bx.open_netcdf(in_file(windows().compute(), folder)),
        lambda folder: bx.open_netcdf(in_file(windows().compute(), folder), chunks={"window": 4}),
        lambda folder: bx.open_netcdf(in_file(people(0).compute(), folder), chunks="auto"),
    ],
    "open_signals": [
        lambda folder: bx.open_signals(in_file(people(0).compute(), folder)),
        lambda folder: bx.kinematics(bx.open_signals(in_file(face().compute(), folder)).chunk(CHUNKS)),
    ],
}
IN_MEMORY = {
    "contrast": lambda folder: bx.contrast(study().chunk(), variable="excess", n=99, rng=0),
    "events": lambda folder: bx.events(people(0), scales=[0.5]),
    "from_bitbox": lambda folder: bx.from_bitbox(bx.to_bitbox(face())),
    "lag_map": lambda folder: bx.lag_map(people(0), people(1), pair=("AU04", "AU12"), **WINDOWS),
    "open_intervals": lambda folder: bx.open_intervals(PHASES),
    "open_recording": lambda folder: bx.open_recording(written_three_di(folder))["rects"],
    "regularity": lambda folder: bx.regularity(people(0)),
    "surrogate_profiles": lambda folder: bx.surrogate_profiles(
        people(0), people(1), pair=("AU04", "AU12"), n=3, rng=0, **WINDOWS
    ),
    "surrogate_windows": lambda folder: bx.surrogate_windows(
        people(0), people(1), pair=("AU04", "AU12"), n=3, rng=0, **WINDOWS
    ),
    "to_bitbox": lambda folder: bx.to_bitbox(face()),
    "to_netcdf": lambda folder: bx.to_netcdf(people(0), folder / "y.nc"),
    "report": lambda folder: bx.report(windows(), folder / "dyad.html"),
    "result.report": lambda folder: windows().bitbox.report(folder / "dyad.html"),
    "to_frame": lambda folder: people(0).bitbox.to_frame(),
    "result.contrast": lambda folder: study().chunk().bitbox.contrast(variable="excess", n=99, rng=0),
    "result.methods": lambda folder: windows().bitbox.methods(),
    "result.to_frame": lambda folder: windows().bitbox.to_frame(),
    "result.to_netcdf": lambda folder: windows().bitbox.to_netcdf(folder / "y.nc"),
    "compat.asymmetry": lambda folder: compat.asymmetry(bx.to_bitbox(face()), normalize=False),
    "compat.coordination": lambda folder: compat.coordination(bx.to_bitbox(people(0)), bx.to_bitbox(people(1))),
    "compat.diversity": lambda folder: compat.diversity(bx.to_bitbox(people(0)), scales=3),
    "compat.expressivity": lambda folder: compat.expressivity(bx.to_bitbox(people(0)), scales=3),
    "compat.imitation": lambda folder: compat.imitation(bx.to_bitbox(people(0)), bx.to_bitbox(people(1))),
    "compat.motion_kinematics": lambda folder: compat.motion_kinematics(bx.to_bitbox(face())),
    "compat.motion_smoothness": lambda folder: compat.motion_smoothness(bx.to_bitbox(face())),
    "compat.relative_motion": lambda folder: compat.relative_motion(bx.to_bitbox(face())),
}
CASES = [case for cases in LAZY.values() for case in cases]
FILE_CASES = [pytest.param(make, id=f"{name}-{k}") for name, cases in OF_FILES.items() for k, make in enumerate(cases)]


def public():
    """Names of all public functions, methods of results as `result.…`, functions of `compat` as `compat.…`."""
    found = {name for name in bx.__all__ if isfunction(getattr(bx, name))}
    found |= {f"compat.{name}" for name in compat.__all__}
    found |= set(methods(people(0).bitbox))
    found |= {f"result.{name}" for name in methods(windows().bitbox)}
    return found


def methods(accessor):
    return [name for name, of in vars(type(accessor)).items() if isfunction(of) and not name.startswith("_")]


def called(case):
    name, (x, *others), options = case
    if hasattr(bx, name):
        return getattr(bx, name)(x, *others, **options)
    return getattr(x.bitbox, name)(*others, **options)


def parts(found):
    """The result as a list of Datasets and other objects."""
    many = found if isinstance(found, tuple | list) else [found]
    return [one.to_dataset(name="x") if isinstance(one, xr.DataArray) else one for one in many]


def is_lazy(found):
    """Whether any variable of the result is not in memory."""
    ours = [one for one in parts(found) if isinstance(one, xr.Dataset)]
    return any(not v._in_memory for one in ours for v in one.data_vars.values())


def described(case):
    name, _, options = case
    return "-".join([name, *(key for key in options if key not in WINDOWS)])


def test_every_public_function_is_in_a_table():
    assert public() - {"register_reader"} == {*LAZY, *OF_FILES, *IN_MEMORY}


@pytest.mark.parametrize("make", IN_MEMORY.values(), ids=IN_MEMORY)
def test_other_results_are_in_memory(make, tmp_path):
    assert not is_lazy(make(tmp_path))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A function that computes pickled objects in a new process."""
    folder = tmp_path_factory.mktemp("elsewhere")
    program = (
        "import pickle, sys\n"
        "with open(sys.argv[1], 'rb') as source:\n"
        "    pickled = pickle.load(source)\n"
        "found = [pickle.loads(one) for one in pickled]\n"
        "computed = [[part.compute(scheduler='synchronous') for part in one] for one in found]\n"
        "with open(sys.argv[2], 'wb') as target:\n"
        "    pickle.dump(computed, target)\n"
    )

    def computed(pickled):
        (folder / "sent").write_bytes(pickle.dumps(pickled))
        command = [sys.executable, "-c", program, folder / "sent", folder / "back"]
        said = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)
        assert said.returncode == 0, said.stderr
        return pickle.loads((folder / "back").read_bytes())

    return computed


def sent(found):
    assert is_lazy(found)
    return pickle.dumps(parts(found))


@pytest.mark.parametrize("case", CASES, ids=described)
def test_lazy_results_pickle(case):
    found = called(case)
    here = [one.compute() for one in parts(found)]
    for back, one in zip(pickle.loads(sent(found)), here, strict=True):
        assert any(isinstance(v.data, da.Array) for v in back.data_vars.values())
        xr.testing.assert_identical(back.compute(), one)


@pytest.mark.parametrize("make", FILE_CASES)
def test_lazily_opened_files_pickle(make, tmp_path):
    found = make(tmp_path)
    back = pickle.loads(sent(found))
    for other, one in zip(back, parts(found), strict=True):
        xr.testing.assert_identical(other.compute(), one.compute())


def test_results_are_the_same_in_another_process(elsewhere, tmp_path):
    found = [called(case) for case in CASES]
    for case in FILE_CASES:
        folder = tmp_path / case.id
        folder.mkdir()
        found.append(case.values[0](folder))
    back = elsewhere([sent(one) for one in found])
    for one, others in zip(found, back, strict=True):
        for here, there in zip(parts(one), others, strict=True):
            xr.testing.assert_identical(there, here.compute())


def test_signals_pickle_after_the_accessor_was_used():
    x = people(0)
    lazy = x.bitbox.imitation(people(1), **WINDOWS)
    lazy.bitbox.stats()
    xr.testing.assert_identical(pickle.loads(pickle.dumps(lazy)).compute(), lazy.compute())
    xr.testing.assert_identical(pickle.loads(pickle.dumps(x)).compute(), x.compute())
