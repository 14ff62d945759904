"""The simulated study: files as trackers write them, what was planted, options, and no file is overwritten."""

import numpy as np
import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr import cohort, demo
from bitbox_xr.cohort import config, manifest, options


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a study of eight dyads, and its truth."""
    folder = tmp_path_factory.mktemp("demo") / "study"
    return folder, demo.study(folder, dyads=8, seconds=30, seed=3)


def recording(folder, name):
    return bx.open_signals(folder / "recordings" / f"{name}.csv").load()


def test_the_truth_has_an_effect_in_three_signals_one_group_and_one_condition(written):
    _, truth = written
    assert len(truth) == 17 * 2 * 3
    answered = truth.set_index(["signal", "group", "condition"])["answered"]
    assert set(answered[answered > 0].index.get_level_values("signal")) == {"AU04_r", "AU06_r", "AU12_r"}
    raised = answered[answered > 0.2]
    assert raised.to_dict() == {(f"AU{unit}_r", "control", "play"): 0.8 for unit in ("04", "06", "12")}
    assert set(answered[answered > 0]) == {0.2, 0.8}


def test_the_manifest_and_the_toml_file_are_valid(written):
    folder, _ = written
    table = manifest.read(folder / "study.csv")
    assert table.names == [f"{k:03}" for k in range(1, 9)]
    assert sorted(table.covariates["group"].tolist()) == ["clinic"] * 4 + ["control"] * 4
    assert all(path.is_file() for _, _, path in table.files())
    assert all(abs(row.options["offset"]) <= 1.5 for row in table.recordings)
    study = options.planned(config.read_config(folder / "study.toml").request)
    assert study.measures == ["significance", "quality"]
    assert study.reading.by == "condition"


def test_signals_are_as_openface_writes_them(written):
    folder, _ = written
    child, mother = (recording(folder, f"001_{who}") for who in ("child", "mother"))
    for x, fps in ((child, 30), (mother, 25)):
        assert x.attrs["backend"] == "OpenFace 2"
        assert x.bitbox.fps == pytest.approx(fps, rel=1e-3)
        assert x.sizes["signal"] == 17
        assert 0 <= float(x.min()) < float(x.max()) <= 5
        lost = x.isnull().all("signal")
        assert 0.005 < float(lost.mean()) < 0.15
        assert bool((x.isnull().any("signal") == lost).all())
    blinks = bx.events(child.sel(signal=["AU45_r"]).fillna(0), scales=[0.3], min_rise=1.0)
    assert 8 <= blinks.sizes["event"] / (child.sizes["time"] / 30 / 60) <= 30


def test_intervals_have_conditions_and_speech_apart(written):
    folder, _ = written
    labels = []
    for name in ("001", "002", "003", "004"):
        found = bx.open_intervals(folder / "recordings" / f"{name}_intervals.csv", tier="condition")
        np.testing.assert_allclose(found.offset - found.onset, 30)
        labels.append(tuple(found.label.values.tolist()))
    assert set(labels) == {("baseline", "play", "talk"), ("baseline", "talk", "play")}
    table = pd.concat([pd.read_csv(path) for path in sorted((folder / "recordings").glob("*_intervals.csv"))])
    speech = table[table["tier"] == "speech"]
    assert set(speech["label"]) == {"speech"}
    assert ((speech["offset"] - speech["onset"]).between(1.1, 3.6)).all()


def test_control_children_answer_smiles_during_play(tmp_path):
    """The correlation with the mother's smile 0.6 s before, averaged over children."""
    demo.study(tmp_path, dyads=8, seconds=60, seed=1)
    rows = []
    for row in manifest.read(tmp_path / "study.csv").recordings:
        x, y = bx.align(bx.open_signals(row.signals), bx.open_signals(row.reference), offset=row.options["offset"])
        x = bx.annotate(x, bx.open_intervals(row.intervals, tier="condition"))
        for condition in demo.studies.CONDITIONS:
            inside = x["condition"].values == condition
            child, mother = x.sel(signal="AU12_r").values[inside], y.sel(signal="AU12_r").values[inside]
            both = np.isfinite(child[15:]) & np.isfinite(mother[:-15])
            rows.append((row.covariates["group"], condition, np.corrcoef(child[15:][both], mother[:-15][both])[0, 1]))
    found = pd.DataFrame(rows, columns=["group", "condition", "r"]).groupby(["group", "condition"])["r"].mean()
    assert found["control", "play"] > 0.4
    assert found.drop(("control", "play")).max() < found["control", "play"] - 0.15


def test_equal_seeds_write_equal_files(written, tmp_path):
    folder, truth = written
    again = demo.study(tmp_path / "again", dyads=8, seconds=30, seed=3)
    pd.testing.assert_frame_equal(truth, again)
    other = demo.study(tmp_path / "other", dyads=2, seconds=30, seed=4)
    pd.testing.assert_frame_equal(truth, other)
    for path in folder.rglob("*"):
        if path.is_file():
            assert (tmp_path / "again" / path.relative_to(folder)).read_bytes() == path.read_bytes()
    name = "recordings/001_child.csv"
    assert (tmp_path / "other" / name).read_bytes() != (folder / name).read_bytes()


def test_no_file_is_overwritten(tmp_path):
    demo.study(tmp_path / "study", dyads=2, seconds=10)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=r"expected a new or empty folder, got .* with recordings, study.csv"):
        demo.study(tmp_path / "study", dyads=2, seconds=10)
    with pytest.raises(ValueError, match=r"expected a folder, got the file"):
        demo.study(tmp_path / "study" / "study.csv")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_all_faulty_options_are_reported_at_once(tmp_path):
    with pytest.raises(ValueError, match="demo.study") as caught:
        demo.study(tmp_path / "study", dyads=7, seconds=1, effect=0.9)
    for text in (
        "dyads to be an even number",
        "seconds to be a number from 10",
        "effect to be a number from 0 to 0.8",
    ):
        assert text in str(caught.value)
    assert not (tmp_path / "study").exists()


@pytest.mark.slow
def test_a_cohort_measures_the_study(written, tmp_path):
    from distributed import Client

    folder, _ = written
    asked = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": "127.0.0.1:0"}
    with Client(**asked, set_as_default=False) as client:
        done = cohort.run(folder / "study.csv", tmp_path, config=folder / "study.toml", client=client, progress=False)
    assert done.status["state"].tolist() == ["done"] * 8
    summary = done.with_quality("significance")
    assert summary["excess"].sizes == {"recording": 8, "condition": 3, "pair": 17}
    masked = summary["masked_share2"].mean(("recording", "pair")).to_series()
    assert masked["talk"] > 2 * masked["baseline"]
