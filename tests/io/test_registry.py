"""Readers of labs: registered by a call and by an entry point, asked first, and never in the way of other reads."""

import importlib.metadata
import threading

import pandas as pd
import pytest

import bitbox_xr as bx
from bitbox_xr.io import registry


@pytest.fixture(autouse=True)
def fresh_registry():
    """Only the formats of the package, in each test; afterwards the registry as it was."""
    before = dict(registry._READERS)
    registry._READERS.clear()
    registry._READERS.update({key: reader for key, reader in before.items() if reader.built_in})
    yield
    registry._READERS.clear()
    registry._READERS.update(before)


@pytest.fixture
def plugins(monkeypatch):
    """A function that makes functions the entry points of the group, by name, as if they were not loaded yet."""

    def install(**functions):
        points = [importlib.metadata.EntryPoint(name, f"lab_{name}:register", registry.GROUP) for name in functions]
        monkeypatch.setattr(
            importlib.metadata.EntryPoint, "load", lambda self: loaded.append(self.name) or functions[self.name]
        )
        monkeypatch.setattr(registry, "entry_points", lambda group: points if group == registry.GROUP else [])
        monkeypatch.setattr(registry, "_PLUGINS_LOADED", threading.Event())
        monkeypatch.setattr(registry, "_STARTED", set())

    loaded = []
    install.loaded = loaded
    return install


def phases(path):
    return pd.read_csv(path, sep="|", skiprows=1, names=["label", "onset", "offset"])


def is_phases(path, head):
    return head.startswith(b"#PHASES")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "dyad.phases"
    path.write_text("#PHASES\nplay|0|120\nreunion|125|240\n")
    return path


def test_a_registered_reader_of_intervals(file):
    with pytest.raises(ValueError, match=r"dyad.phases: expected annotations in a known format"):
        bx.open_intervals(file)
    bx.register_reader("phases", phases, recognise=is_phases, kind="intervals")
    found = bx.open_intervals(file)
    assert found.label.values.tolist() == ["play", "reunion"]
    assert found.offset.values.tolist() == [120, 240]
    assert found.attrs == {"source": "dyad.phases", "format": "phases"}
    assert bx.open_intervals(file, label="reunion").sizes["interval"] == 1
    assert bx.open_intervals(file, format="phases").identical(found)
    assert bx.open_intervals(file, time_unit="min").offset.values.tolist() == [7200, 14400]


def test_a_reader_may_return_a_dataset(file):
    bx.register_reader("phases", lambda path: bx.open_intervals(phases(path)), recognise=is_phases, kind="intervals")
    assert bx.open_intervals(file).label.values.tolist() == ["play", "reunion"]


def test_faults_of_a_registered_reader_name_the_file_and_the_reader(file):
    bx.register_reader("phases", lambda path: [1, 2], recognise=is_phases, kind="intervals")
    with pytest.raises(
        TypeError, match=r"dyad.phases: expected the reader 'phases' to return a DataFrame .* got a list"
    ):
        bx.open_intervals(file)
    registry._READERS.popitem()
    bx.register_reader("phases", lambda path: phases(path)[["label"]], recognise=is_phases, kind="intervals")
    with pytest.raises(ValueError, match=r"dyad.phases: expected a column onset"):
        bx.open_intervals(file)


def test_registered_readers_are_asked_first(tmp_path):
    path = tmp_path / "x_events.tsv"
    path.write_text("onset\tduration\ttrial_type\n1\t2\ta\n")
    assert bx.open_intervals(path).attrs["format"] == "bids"
    table = pd.DataFrame({"onset": [7.0], "offset": [9.0], "label": ["own"]})
    bx.register_reader("own", lambda path: table, recognise=lambda path, head: b"trial_type" in head, kind="intervals")
    assert bx.open_intervals(path).label.item() == "own"
    assert bx.open_intervals(path, format="bids").label.item() == "a"
    bx.register_reader("other", lambda path: table, recognise=lambda path, head: True, kind="intervals")
    with pytest.raises(
        ValueError, match=r"one registered reader to recognise the file, got 'own', 'other'; choose one"
    ):
        bx.open_intervals(path)


def test_names_are_used_once():
    bx.register_reader("phases", phases, recognise=is_phases, kind="intervals")
    with pytest.raises(
        ValueError, match=r"a new name for a reader of intervals, got 'phases', the name of a reader reg"
    ):
        bx.register_reader("phases", phases, recognise=is_phases, kind="intervals")
    with pytest.raises(ValueError, match=r"got 'bids', the name of this package; choose another name"):
        bx.register_reader("bids", phases, recognise=is_phases, kind="intervals")
    bx.register_reader("phases", phases, recognise=is_phases, kind="signals")  # another kind


@pytest.mark.parametrize(
    ("name", "read", "recognise", "kind", "error", "message"),
    [
        ("", phases, is_phases, "signals", ValueError, r"expected name to be the name of a format, got ''"),
        (
            3,
            phases,
            is_phases,
            "events",
            ValueError,
            r"2 faults\n.*name.*got 3\n.*kind to be signals or intervals, got 'ev",
        ),
        (
            "a",
            "read",
            None,
            "signals",
            TypeError,
            r"2 faults\n.*read to be a function, got 'read'\n.*recognise .* None",
        ),
    ],
)
def test_bad_readers_are_refused(name, read, recognise, kind, error, message):
    with pytest.raises(error, match=message):
        bx.register_reader(name, read, recognise=recognise, kind=kind)


def test_a_recogniser_that_fails_is_named_and_left_out(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("1\t2\ta\n")
    bx.register_reader("broken", phases, recognise=lambda path, head: 1 / 0, kind="intervals")
    with pytest.warns(UserWarning, match=r"x.txt: the registered reader 'broken' failed .*ZeroDivisionError.*not used"):
        assert bx.open_intervals(path).attrs["format"] == "audacity"


# --- plug-ins


def test_entry_points_are_loaded_once_at_the_first_read(file, plugins):
    plugins(lab=lambda: bx.register_reader("phases", phases, recognise=is_phases, kind="intervals"))
    assert plugins.loaded == []
    assert bx.open_intervals(file).label.values.tolist() == ["play", "reunion"]
    bx.open_intervals(file)
    assert plugins.loaded == ["lab"]


def test_a_broken_plug_in_is_named_and_does_not_break_other_reads(file, plugins):
    def half():
        bx.register_reader("half", phases, recognise=is_phases, kind="intervals")
        raise RuntimeError("no licence")

    plugins(
        a_broken=half,
        b_taken=lambda: bx.register_reader("bids", phases, recognise=is_phases, kind="intervals"),
        c_works=lambda: bx.register_reader("phases", phases, recognise=is_phases, kind="intervals"),
    )
    with pytest.warns(UserWarning, match="could not be loaded") as caught:
        assert bx.open_intervals(file).attrs["format"] == "phases"
    messages = [str(warning.message) for warning in caught]
    assert len(messages) == 2
    assert "plug-in 'a_broken' (entry point bitbox_xr.readers, lab_a_broken:register)" in messages[0]
    assert "RuntimeError: no licence" in messages[0]
    assert "'b_taken'" in messages[1]
    with pytest.raises(ValueError, match=r"expected format to be one of .*phases, got 'half'"):
        bx.open_intervals(file, format="half")


def test_a_plug_in_may_read_files_while_it_is_loaded(file, plugins):
    def register():
        bx.open_intervals(pd.DataFrame({"onset": [1], "offset": [2], "label": ["a"]}))
        with pytest.raises(ValueError, match=r"expected format"):
            bx.open_intervals(file, format="phases")
        bx.register_reader("phases", phases, recognise=is_phases, kind="intervals")

    plugins(lab=register)
    assert bx.open_intervals(file).attrs["format"] == "phases"
    assert plugins.loaded == ["lab"]


def test_many_threads_wait_for_plug_ins(file, plugins):
    started = threading.Event()

    def slow():
        started.wait(0.2)
        bx.register_reader("phases", phases, recognise=is_phases, kind="intervals")

    plugins(lab=slow)
    found = []
    threads = [threading.Thread(target=lambda: found.append(bx.open_intervals(file).attrs["format"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["phases"] * 8


# --- readers of signals

POSES = "#LAB 25\n0.1;0.2\n0.3;0.4\nlost;lost\n"


def is_lab(path, head):
    return head.startswith(b"#LAB")


def frame(path):
    return pd.read_csv(path, sep=";", skiprows=1, names=["brow", "mouth"], na_values="lost")


@pytest.fixture
def poses(tmp_path):
    path = tmp_path / "child.lab"
    path.write_text(POSES)
    return path


def test_a_registered_reader_of_signals_returns_a_table(poses):
    bx.register_reader("lab", frame, recognise=is_lab)
    x = bx.open_signals(poses, fps=25)
    assert x.sel(signal="mouth").values[:2].tolist() == [0.2, 0.4]
    assert x.attrs["lost_frames"] == 1
    assert (x.attrs["backend"], x.attrs["source"]) == ("lab", "child.lab")
    assert bx.open_signals(poses, fps=25, columns="brow").signal.values.tolist() == ["brow"]
    assert bx.open_signals(poses, fps=25, format="lab").identical(x)
    with pytest.raises(ValueError, match=r"child.lab: expected a column of times or a frame rate"):
        bx.open_signals(poses)
    with pytest.raises(ValueError, match=r"child.lab: expected only options that apply to it, got sep"):
        bx.open_signals(poses, fps=25, sep=";")


def test_a_registered_reader_of_signals_returns_signals(poses):
    bx.register_reader(
        "lab", lambda path: bx.signals(frame(path), fps=25, kind="pose", region="head"), recognise=is_lab
    )
    x = bx.open_signals(poses)
    assert x.attrs["kind"] == "pose"
    assert (x.attrs["backend"], x.attrs["source"], x.attrs["region"]) == ("lab", "child.lab", "head")
    assert x.time.values.tolist() == [0, 0.04, 0.08]
    with pytest.raises(ValueError, match=r"got columns, which would have no effect"):
        bx.open_signals(poses, columns="brow")


def test_a_registered_reader_of_signals_returns_something_else(poses):
    bx.register_reader("lab", lambda path: None, recognise=is_lab)
    with pytest.raises(
        TypeError, match=r"child.lab: expected the reader 'lab' to return a DataFrame .* got a NoneType"
    ):
        bx.open_signals(poses)


def test_a_format_of_signals_can_be_stated(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("frame,timestamp,confidence,success,AU01_r\n1,0,1,1,0.5\n2,0.04,1,1,0.7\n")
    assert bx.open_signals(path, format="openface").attrs["backend"] == "OpenFace 1"
    x = bx.open_signals(path, format="table", time="timestamp", columns=["AU01_r"])
    assert "backend" not in x.attrs
    with pytest.raises(
        ValueError, match=r"x.csv: expected the columns of the format pyfeat, got 'frame', .*; leave out"
    ):
        bx.open_signals(path, format="pyfeat")
    with pytest.raises(ValueError, match=r"x.csv: expected a name that ends in .3DI or .3DIl, got '.csv'"):
        bx.open_signals(path, format="3di")
    with pytest.raises(ValueError, match=r"open_signals\(\): expected format to be one of netcdf, .*, got 'csv'"):
        bx.open_signals(path, format="csv")
    table = pd.read_csv(path)
    assert bx.open_signals(table, format="openface").attrs["backend"] == "OpenFace 1"
    with pytest.raises(ValueError, match=r"the table: expected only options that apply to it, got format"):
        bx.open_signals(table, format="netcdf")
