"""The demo: its recordings contain what was planted, the measures find it, and equal runs write equal files."""

import numpy as np
import pytest

from bitbox_xr import demo
from bitbox_xr.demo import face
from bitbox_xr.io.netcdf import open_netcdf


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a run, and the table that it returned."""
    folder = tmp_path_factory.mktemp("demo")
    return folder / "out", demo.run(folder / "out", minutes=3)


def test_a_planted_participant_is_the_delayed_model():
    x, y, planted = demo.make_pair(minutes=2)
    assert x.shape == y.shape == (3600, 12)
    assert float(x.min()) >= 0
    assert float(x.max()) <= 1
    assert set(planted["sign"]) == {-1, 1}
    for row in planted.itertuples():
        delay = -row.planted_frames
        follower, followed = x.sel(signal=row.participant).values, y.sel(signal=row.model).values
        r = np.corrcoef(follower[delay:], followed[:-delay])[0, 1]
        assert row.sign * r > 0.8
    rest = [name for name in x.signal.values if name not in set(planted["participant"])]
    unrelated = [np.corrcoef(x.sel(signal=a), y.sel(signal=b))[0, 1] for a in rest for b in y.signal.values]
    assert np.abs(unrelated).max() < 0.35


def test_recordings_depend_only_on_the_seed():
    one, same, other = (demo.make_pair(seed, minutes=0.5)[0] for seed in (1, 1, 2))
    assert one.identical(same)
    assert not np.array_equal(one, other)


def test_every_planted_lag_is_found(written):
    _, table = written
    assert table["found_frames"].tolist() == table["planted_frames"].tolist()
    assert (np.sign(table["correlation"]) == table["sign"]).all()
    assert (table["correlation"].abs() > 0.5).all()


def test_the_files_contain_the_recordings_and_the_results(written):
    folder, table = written
    assert sorted(path.name for path in folder.iterdir()) == [".bitbox_xr", *sorted(demo.FILES)]
    with open_netcdf(folder / "participant.nc") as x:
        assert x.identical(demo.make_pair(minutes=3)[0])
    with open_netcdf(folder / "imitation_stats.nc") as stats:
        strength = abs(stats["corr_mean"]).to_series()
    planted = {(row.participant, row.model) for row in table.itertuples()}
    assert set(strength.nlargest(len(table)).index) == planted
    assert (folder / "imitation.png").read_bytes().startswith(b"\x89PNG")


def test_equal_runs_write_equal_files(written, tmp_path):
    folder, _ = written
    demo.run(tmp_path, minutes=3)
    for name in demo.FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_planted_activations_are_found(tmp_path):
    table = demo.run_face(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".bitbox_xr", *sorted(demo.FACE_FILES)]
    np.testing.assert_allclose(table["found_time"], table["time"], atol=1 / 30 + 1e-9)
    # the narrowest pulse is a fifth lower one frame from its maximum
    np.testing.assert_allclose(table["found_magnitude"], table["magnitude"], rtol=0.2)
    np.testing.assert_allclose(table["found_width"], table["width"])
    each = table.groupby("coefficient").first()
    assert each["chosen"].to_dict() == {"AU04": 3, "AU12": 5, "AU45": 4}
    assert each["false"].to_dict() == {"AU04": 0, "AU12": 0, "AU45": 0}
    assert (each["counted_by_default"] > 30).all()


def test_missed_and_false_activations_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(face, "MIN_RISE", 0.6)
    few = demo.run_face(tmp_path / "few")
    missed = few["found_time"].isna()
    assert missed.any()
    assert (few.loc[missed, "magnitude"] < 0.75).all()
    monkeypatch.setattr(face, "MIN_RISE", 0.01)
    many = demo.run_face(tmp_path / "many").groupby("coefficient").first()
    near = many["chosen"] - many["false"]
    assert (many["false"] > 5).all()
    assert near.to_dict() == {"AU04": 3, "AU12": 5, "AU45": 4}
