"""Files and options that cannot be read with certainty: each is refused in words that name the place and the remedy."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitbox_xr.io.readers import open_recording, open_signals

import trackers

GOOD = "t,a,b\n0.00,1,2\n0.04,3,4\n0.08,5,6\n"
T = {"time": "t"}
F = {"fps": 25}


def text(body):
    return body.encode()


# what the file holds, how it is opened, what the refusal says
TABLES = {
    "empty": (b"", F, r"x\.csv: it is empty"),
    "blank": (b"\n\n  \n", F, r"x\.csv: it is empty"),
    "header only": (b"t,a\n", T, r"there are names \(line 1\) but no rows"),
    "nothing after skiprows": (text(GOOD), {**T, "skiprows": 9}, r"skiprows=9 leaves nothing of its 4 lines"),
    "no names": (b"0.0,1,2\n0.1,3,4\n", F, r"line 1 holds numbers \(0.0, 1, 2\) where names are wanted"),
    "empty line of names": (b"\n0,1\n", T, r"line 1 is empty where names are wanted; .*skiprows=…"),
    "cut short": (b"t,a,b\n0,1,2\n1,3\n", T, r"line 3 has 2 fields where 3 are wanted; the file may be cut short"),
    "too long": (b"t,a\n0,1\n1,2,3\n2,3\n", T, r"line 3 has 3 fields where 2 are wanted"),
    "empty line": (b"t,a\n0,1\n\n2,3\n", T, r"line 3 is empty"),
    "empty line of one column": (b"a\n1\n\n3\n", F, r"line 3 is empty"),
    "open quote": (b't,a\n0,1\n1,"2\n2,3\n', T, r"line 3 opens a quote that does not close"),
    "names further down": (b"#Study\nt,a\n0,1\n", T, r"line 2 has 2 fields where 1 is wanted.* \(skiprows=…\)"),
    "other separator": (b"t;a\n0;1\n1;2\n", T, r"line 1 has one name; give the separator, sep=';', for t, a"),
    "tabs": (b"t\ta\n0\t1\n1\t2\n", T, r"give the separator, sep='\\t'"),
    "blanks": (b"a b\n0 1\n1 2\n", F, r"line 1 has one name; give the separator, sep=' ', for a, b"),
    "many blanks": (b"a   b\n0  1\n1  2\n", F, r"give the separator, sep='\\s\+', for a, b"),
    "commas": (text(GOOD), {**F, "sep": ";"}, r"give the separator, sep=',', for t, a, b$"),
    "colons": (b"a:b\n0:1\n1:2\n", F, r"column 'a:b' \(0\), line 2: '0:1' is no number.*separator .* \(sep=…\)"),
    "s as ms": (b"t,a\n0,1\n0.04,2\n0.08,3\n", {**T, "time_unit": "ms"}, r"25000 frames .* \(time_unit='ms' was given"),
    "numbers of frames": (
        b"t,a\n1,1\n2,2\n3,3\n",
        T,
        "column 't': .*look like frame numbers; pass fps=…, or fps=1",
    ),
    "latin-1": ("t,Lächeln\n0,1\n".encode("latin-1"), T, r"line 1 is not UTF-8 \(byte 0xe4\); save the file as UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), T, r"zero bytes, so it is no UTF-8 text"),
    "binary": (b"\x00\x00\x00\x18ftypmp42" * 3, F, r"zero bytes"),
    "Excel": (b"PK\x03\x04" + b"\1" * 40, F, r"ZIP archive \(Excel's files are such\); save the table as CSV"),
    "gzip": (b"\x1f\x8b\x08" + b"\1" * 40, F, r"compressed by gzip; unpack it"),
    "text among numbers": (b"t,a\n0,1\n1,oops\n", T, r"column 'a' \(1\), line 3: 'oops' is no number.*NA.*columns="),
    "two columns of text": (
        b"t,a,b\n0,x,1\n1,2,y\n",
        T,
        r"2 faults\n.*'a' \(1\), line 2: 'x'.*\n.*'b' \(2\), line 3: 'y'",
    ),
    "truth": (b"t,a\n0,True\n1,False\n", T, r"line 2: 'True' is no number"),
    "decimal comma": (b"t;a\n0;1,5\n1;2,5\n", {**T, "sep": ";"}, r"'1,5' is no number; write decimal points"),
    "digits grouped": (b"t,a\n0,1_000\n1,2\n", T, r"'1_000' is no number"),
    "infinite": (b"t,a\n0,1\n1,inf\n", T, r"column 'a' \(1\), line 3: 'inf' is not finite; mend it"),
    "beyond float64": (b"t,a\n0,1\n1,-1e999\n", T, r"line 3: '-1e999' is not finite"),
    "text as time": (b"t,a\nx,1\ny,2\n", T, r"column 't' \(0\), line 2: 'x' is no number"),
    "no time": (text(GOOD), {}, r"nothing tells its times; name the column .*time=….*fps=…"),
    "only a time": (b"t\n0\n1\n", T, r"no columns beside that of the times"),
    "no such time": (text(GOOD), {"time": "tt"}, r"no column 'tt'; there is t"),
    "missing time": (
        b"t,a\n0,1\n,2\n0.2,3\n",
        T,
        r"column 't': expected a time for every frame, got none at 1 of 3 frames.*see line 3",
    ),
    "time stands still": (b"t,a\n0,1\n0.1,2\n0.1,3\n", T, r"expected times that increase, .*at frame 2 .*; see line 4"),
    "time goes back": (b"t,a\n0,1\n0.1,2\n0.05,3\n", T, r"expected times that increase, .*see line 4"),
    "1 ms apart": (b"t,a\n0,1\n0.001,2\n0.002,3\n", T, r"1000 frames per second; if this is correct, pass fps=1000"),
    "ms as s": (b"t,a\n0,1\n33,2\n67,3\n", T, r"steps of 33.5 s; if the times are in ms, pass time_unit='ms'"),
    "a wrong unit": (
        b"t,a\n1e300,1\n2e300,2\n",
        T,
        r"column 't': times reach 2e\+300 s with time_unit='s'; say their unit",
    ),
    "a long pause": (b"t,a\n0,1\n0.04,2\n0.08,3\n999999,4\n", T, r"after line 4 comes a pause of 999999 s"),
    "times of another length": (text(GOOD), {"time": [0.0, 0.1]}, r"time=…: its shape|time=…: it has the shape \(2,\)"),
    "times of text": (text(GOOD), {"time": ["a", "b", "c"]}, r"time=…: expected times in seconds, .*, got <U1"),
    "no such column": (text(GOOD), {**T, "columns": ["a", "bb"]}, r"no column 'bb'; there is b"),
    "no such position": (text(GOOD), {**T, "columns": [3]}, r"no column 3; positions go from 0 to 2"),
    "before the first": (text(GOOD), {**T, "columns": -1}, r"no column -1; positions go from 0 to 2"),
    "twice the same": (text(GOOD), {**T, "columns": ["a", 1]}, r"columns a are asked for twice"),
    "no column": (text(GOOD), {**T, "columns": []}, r"columns is empty"),
    "a column of another type": (text(GOOD), {**T, "columns": [1.5]}, r"1.5 names no column; a name or a position"),
    "names twice": (
        b"t,a,a\n0,1,2\n1,2,3\n",
        T,
        r"names occur twice: 'a' at columns 1, 2; choose by position, columns=",
    ),
    "one of two names": (
        b"t,a,a\n0,1,2\n1,2,3\n",
        {**T, "columns": "a"},
        r"the name 'a' stands at columns 1, 2; choose",
    ),
    "no name": (b"a,\n0,1\n1,2\n", F, r"column 1 has no name; choose the columns with columns="),
    "no faces": (text(GOOD), {**T, "face_id": 0}, r"no face has the id 0; the file does not tell faces apart"),
    "no confidence": (text(GOOD), {**T, "min_confidence": 0.5}, r"no confidence to hold against min_confidence=0.5"),
    "fps": (text(GOOD), {"fps": -1}, r"open_signals\(\): expected fps to be .*, got -1"),
    "kind": (text(GOOD), {**T, "kind": "smile"}, r"expected kind to be one of expression, landmark"),
    "time_unit": (
        text(GOOD),
        {**T, "time_unit": "fortnight"},
        r"time_unit: expected a unit of time, s, ms, .*, got 'fortnight'",
    ),
    "time_unit alone": (text(GOOD), {**F, "time_unit": "ms"}, r"time_unit is 'ms' without time"),
    "sep": (text(GOOD), {**T, "sep": "ab"}, r"sep is 'ab'; one character"),
    "skiprows": (text(GOOD), {**T, "skiprows": -1}, r"skiprows is -1"),
    "min_confidence": (text(GOOD), {**T, "min_confidence": "high"}, r"min_confidence is 'high'; a number"),
    "all options at once": (
        text(GOOD),
        {"fps": 0, "kind": "x", "sep": ""},
        r"3 faults\n  - expected fps .*got 0\n  - expected kind.*\n  - sep",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_is_refused(case, tmp_path):
    raw, options, words = TABLES[case]
    (tmp_path / "x.csv").write_bytes(raw)
    with pytest.raises((ValueError, TypeError), match=words) as refused:
        open_signals(tmp_path / "x.csv", **options)
    assert str(refused.value).startswith(("x.csv", "open_signals()"))


def openface(**changed):
    return {**trackers.openface(6, decimals=6), **changed}


# columns of a known format, how they are opened, what the refusal says
TRACKED = {
    "several faces": (
        openface(face_id=[0, 0, 1, 1, 2, 10]),
        {},
        r"several faces, 0, 1, 2, 10; choose one with face_id=",
    ),
    "no such face": (openface(), {"face_id": 3}, r"no face has the id 3; there are 0"),
    "too sure": (
        openface(),
        {"min_confidence": 95},
        r"no frame reaches min_confidence=95; the highest confidence is 0.95",
    ),
    "3-D points are not canonicalized": (
        openface(),
        {"kind": "landmark-can"},
        r"no columns of kind 'landmark-can' as OpenFace 2",
    ),
    "1 ms apart": (
        openface(timestamp=np.arange(6) / 1000),
        {},
        r"column 'timestamp': expected at most 240 .*got time steps of 1 ms",
    ),
    "frames restart": (
        openface(frame=[1, 2, 3, 1, 2, 3]),
        F,
        r"column 'frame', line 5: the numbers of the frames do not",
    ),
    "half a frame": (openface(frame=[1, 2, 2.5, 3, 4, 5]), F, r"column 'frame', line 4"),
    "frames beyond": (openface(frame=[1, 2, 3, 4, 5, 10**9]), F, r"after line 6 comes a pause of 4e\+07 s"),
    "frame 1e300": (openface(frame=[1, 2, 3, 4, 5, 1e300]), F, r"column 'frame', line 7"),
    "a duplicated unit": ({**openface(), "AU01_r ": trackers.ramp(6)}, {}, r"names occur twice: 'AU01_r' at columns"),
    "Py-Feat without a rate": (trackers.pyfeat(4), {}, r"Py-Feat writes numbers of frames but no times; give .* fps="),
    "Py-Feat, two in one frame": ({**trackers.pyfeat(4), "frame": [0, 0, 1, 1]}, F, r"column 'frame', line 3"),
    "a bad timecode": (
        {**trackers.live_link(3), "Timecode": ["10:00:00:00.0", "10:00:00:61", "x"]},
        {},
        r"line 3: '10:00:00:61' is no",
    ),
    "no angles": (
        trackers.media_pipe(3),
        {**F, "kind": "pose"},
        r"no columns of kind 'pose' as MediaPipe .* expression \(52",
    ),
    "no units": (
        {name: own for name, own in openface().items() if not name.endswith("_r")},
        {},
        r"no columns of kind 'expression' as OpenFace 2 writes them; there are: pose \(6 columns\), landmark \(136",
    ),
}


@pytest.mark.parametrize("case", TRACKED)
def test_a_trackers_file_is_refused(case, tmp_path):
    columns, options, words = TRACKED[case]
    with pytest.raises(ValueError, match=words) as refused:
        open_signals(trackers.write(tmp_path / "x.csv", columns), **options)
    assert str(refused.value).startswith("x.csv")


ROW4, ROW9 = "1 2 3 4\n", "1 2 3 4 5 6 7 8 9\n"

# name of a 3DI file, its text, how it is opened, what the refusal says
THREE_DI = {
    "empty": ("c_rects.3DI", "", {}, "it is empty"),
    "as another": ("c_pose.3DI", ROW4, {}, r"line 1 has 4 columns where 9 are wanted for pose of 3DI"),
    "of lite": (
        "c_expression_localized.3DIl",
        "1 " * 32,
        {},
        r"has 32 columns where 50 are wanted for expression of 3DI-lite",
    ),
    "ragged": ("c_rects.3DI", ROW4 * 2 + "1 2 3\n", {}, r"line 3 has 3 fields where 4 are wanted"),
    "text": ("c_rects.3DI", ROW4 + "1 2 x 4\n", {}, r"column 'w' \(2\), line 2: 'x' is no number"),
    "unknown": ("c_gaze.3DI", ROW4, {}, r"the name does not end as one of 3DI's files \(_rects, _landmarks.*kind=…"),
    "unknown of a kind": (
        "c.3DI",
        ROW4,
        {"kind": "expression"},
        r"4 columns where 32 or 79 are wanted for expression of 3DI",
    ),
    "another kind": (
        "c_rects.3DI",
        ROW4,
        {"kind": "pose"},
        r"no columns of kind 'pose' as 3DI writes them; .* rectangle",
    ),
    "lite pose": (
        "c_pose.3DIl",
        ROW9,
        {},
        r"rotation in a pose of 3DI-lite is recovered only together with its landmarks",
    ),
    "lite pose by kind": ("c.3DIl", ROW9, {"kind": "pose"}, r"rotation in a pose of 3DI-lite"),
    "a separator": ("c_rects.3DI", ROW4, {"sep": " "}, r"sep has no meaning for it; leave it out"),
    "a face": ("c_rects.3DI", ROW4, {"face_id": 1}, r"does not tell faces apart"),
    "infinite": ("c_rects.3DI", "1 2 3 -inf\n", {}, r"column 'h' \(3\), line 1: '-inf' is not finite"),
}


@pytest.mark.parametrize("case", THREE_DI)
def test_a_file_of_3di_is_refused(case, tmp_path):
    name, body, options, words = THREE_DI[case]
    (tmp_path / name).write_text(body)
    with pytest.raises(ValueError, match=words) as refused:
        open_signals(tmp_path / name, **options)
    assert str(refused.value).startswith(name)


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.csv: there is no such file"):
        open_signals(tmp_path / "no.csv")
    with pytest.raises(IsADirectoryError, match=r"it is a folder; give a file, or see open_recording\(\)"):
        open_signals(tmp_path)
    with pytest.raises(TypeError, match=r"path is a ndarray; a file is wanted \(signals\(\) takes arrays\)"):
        open_signals(np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"open_recording\(\): expected fps to be .*, got 0"):
        open_recording(tmp_path, fps=0)


def test_dataframes(tmp_path):
    with pytest.raises(ValueError, match=r"the table: it has the shape \(0, 1\)"):
        open_signals(pd.DataFrame({"a": []}), fps=25)
    with pytest.raises(
        ValueError,
        match=r"the table: 3 faults\n.*'a' \(0\), row 1: 'x'.*\n.*'b' \(1\), row 0.*\n.*'c' \(2\), row 0: '\(1\+2j\)'",
    ):
        open_signals(pd.DataFrame({"a": ["1", "x"], "b": pd.to_datetime(["2026", "2027"]), "c": [1 + 2j, 0]}), fps=25)
    with pytest.raises(ValueError, match=r"the table: column 'a' \(0\), row 1: 'inf' is not finite"):
        open_signals(pd.DataFrame({"a": [0, np.inf]}), fps=25)
    with pytest.raises(ValueError, match=r"the table: sep has no meaning"):
        open_signals(pd.DataFrame({"a": [0, 1]}), fps=25, sep=",")


def test_other_sources(tmp_path):
    with pytest.raises(ValueError, match=r"a Bitbox dictionary: columns has no meaning"):
        open_signals({"type": "expression", "data": pd.DataFrame({"a": [0.0]})}, columns=["a"])
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(ValueError, match=r"x.parquet: it cannot be read as Parquet"):
        open_signals(tmp_path / "x.parquet", fps=25)
    (tmp_path / "x.nc").write_bytes(b"CDF\x01 and then nothing")
    with pytest.raises(ValueError, match=r"x.nc: columns has no meaning"):
        open_signals(tmp_path / "x.nc", fps=25, columns=[0])


def test_a_quote_inside_a_column_that_is_not_read_joins_no_lines(tmp_path):
    (tmp_path / "x.csv").write_text('t,a,note\n0,1,"x""\n1,2,""y"\n2,3,z\n')
    with pytest.raises(ValueError, match=r"line 2 opens a quote"):
        open_signals(tmp_path / "x.csv", time="t", columns="a")


DAMAGE = [
    "",
    ",",
    "\n",
    '"',
    "inf",
    "1e400",
    "-1e300",
    "nan",
    "NA",
    "x",
    " ",
    "\t",
    ";",
    "-",
    "9" * 30,
    "\r",
    "\u2028",
    "True",
]


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 60), length=st.integers(0, 3), damage=st.sampled_from(DAMAGE), cut=st.booleans())
def test_a_damaged_file_is_read_as_it_is_or_refused_by_name(at, length, damage, cut, tmp_path_factory):
    body = "t,a,b\n0,1.5,2\n0.04,NA,4\n0.08,5,6e1\n0.12,7,8\n"
    body = body[:at] + damage + ("" if cut else body[at + length :])
    file = tmp_path_factory.mktemp("bad") / "x.csv"
    file.write_text(body, encoding="utf-8", newline="")
    refusal = ""
    try:
        x = open_signals(file, fps=25, columns=[1, 2])
    except (ValueError, TypeError) as error:
        refusal = str(error)
    if refusal:
        assert refusal.startswith("x.csv")
        return
    lines = body.replace("\r\n", "\n").replace("\r", "\n").rstrip(" \n").split("\n")
    cells = [[cell.strip(" ") for cell in row[1:]] for row in csv.reader(lines[1:])]
    plain = [[np.nan if cell in ("", "NA", "nan") else float(cell) for cell in row] for row in cells]
    np.testing.assert_array_equal(x.values, plain)
