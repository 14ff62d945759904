"""Annotation files with faults: messages name the file, the place and the remedy, and list all faults at once."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from bitbox_xr import open_intervals
from bitbox_xr.core import memory
from bitbox_xr.io.annotations.dispatch import FORMATS

import annotation_files as make

BACK = r"expected an offset at or after the onset, got onset 5 s and offset 3 s; correct one of them"
PRESSES = [(1, "", "a", "START"), (2, "", "a", "STOP")]
LOG = "Video analysis state log\n\nVideo Time\tDominant Expression\n"
ONE_TIER = 'TIER_ID="x" LINGUISTIC_TYPE_REF="split"'


def one(slots, *annotations, tier=ONE_TIER, **options):
    return make.eaf([(tier, annotations)], slots, [("split", "Symbolic_Subdivision")], **options)


# what is wrong: file, options, message
FAULTS = {
    # any table
    "offset before onset": ("onset,offset,label\n1,2,a\n5,3,b\n", {}, rf"x.csv: line 3: {BACK}"),
    "no onset": ("onset,offset,label\n,2,a\n", {}, r"line 2: expected an onset, got none"),
    "text": ("onset,offset,label\n1,2,a\nfoo,3,b\n", {}, r"line 3, column 'onset': expected a time in s, got 'foo'"),
    "infinite": ("onset,offset,label\n1,inf,a\n", {}, r"column 'offset': expected a time in s, got 'inf'"),
    "huge": ("onset,offset,label\n1,1e999,a\n", {}, r"column 'offset': expected a time in s, got '1e999'"),
    "clock": ("onset,offset,label\n00:01,00:02,a\n", {}, r"got '00:01'; write times as numbers"),
    "comma": ('onset,offset,label\n"1,5",2,a\n', {}, r"got '1,5'; write decimal points, or separate the columns by ;"),
    "two marks": ("onset;offset;label\n1,5;2,0;a\n2.5;3;b\n", {}, r"a point in line 3 and a comma in line 2"),
    "cut line": ("onset,offset,label\n1,2,a\n3,4\n", {}, r"line 3: expected 3 cells, got 2; the line may be cut short"),
    "long line": ("onset,offset,label\n1,2,a,b\n", {}, r"line 2: expected 3 cells, got 4"),
    "open quote": ('onset,offset,label\n1,2,"a\n3,4,b\n', {}, r"x.csv, line 2: expected cells with matching quotes"),
    "no rows": ("onset,offset,label\n\n", {}, r"rows below the column names in line 1, got none; the file may be cut"),
    "no labels": ("onset,offset,what\n1,2,a\n", {}, r"label=… to name the column.*'onset', 'offset', 'what'"),
    "no such label": ("onset,offset,label\n1,2,a\n", {"label": "b"}, r"label to be one of 'a', or a column \('onset',"),
    "no such column": ("onset,offset,what\n1,2,a\n", {"label": "b"}, r"name the column of the labels, got label='b'"),
    "no such subject": ("onset,offset,label\n1,2,a\n", {"subject": "b"}, r"subject to be left out.* names no subject"),
    "no such tier": ("onset,offset,label,tier\n1,2,a,x\n", {"tier": ["x", "y"]}, r"tier to be one of 'x', got 'y'"),
    "two columns": ("onset,onset,offset,label\n1,1,2,a\n", {}, r"one column named 'onset', got columns 0, 1; rename"),
    "type": ("onset,offset,label,type\n1,2,a,event\n", {}, r"line 2, column 'type': expected state, point, unknown"),
    "long point": ("onset,offset,label,type\n1,2,a,point\n", {}, r"line 2: expected a point to have no duration, got"),
    "contradiction": ("onset,offset,duration,label\n1,2,3,a\n", {}, r"onset \+ duration to equal offset, got 4 s and"),
    "lone surrogate": (make.project({"a": [(1, "", "\\ud800", "")]}, points=["\\ud800"]).replace("\\\\", "\\"), {},
                       r"expected the label to be valid Unicode text"),
    # encodings
    "zero byte": ("onset,offset,label\n1,2,a\0b\n", {}, r"expected text, got a zero byte in line 2; save the file as"),
    "Latin-1": ("onset,offset,label\n1,2,é\n".encode("latin-1"), {}, r"got the byte 0xe9 in line 2; save the file as"),
    "UTF-16 without mark": ("onset,offset,label\n1,2,a\n".encode("utf-16-le"), {}, r"got a binary file"),
    "empty": (b"", {}, r"x.csv: expected annotations, got an empty file"),
    "blank": ("\n\n  \n", {}, r"x.csv: expected annotations, got an empty file"),
    "Excel": (b"PK\x03\x04" + b"\1" * 40, {}, r"got a ZIP archive \(such as an Excel file\); save the table as CSV"),
    "other": ("time,AU12\n0,1\n", {}, r"a table with the columns onset and offset or duration, got 'time,AU12' as the"),
    # BIDS
    "no onsets": ("onset\tduration\ttrial_type\nn/a\tn/a\ta\n", {}, r"expected onsets, got n/a in all 1 rows"),
    "one without onset": ("onset\tduration\ttrial_type\n1\t1\ta\nn/a\t1\ta\n", {}, r"line 3: expected an onset, got n"),
    "negative": ("onset\tduration\ttrial_type\n5\t-2\ta\n", {}, rf"line 2: {BACK}"),
    # BORIS
    "aggregated back": (make.aggregated(make.A3, ("", "a", "STATE", 5, 3)), {}, rf"line 2: {BACK}"),
    "aggregated type": (make.aggregated(make.A3, ("", "a", "START", 5, 6)), {}, r"line 2, column 'Behavior type': exp"),
    "action": (make.below_preamble((1, "", "a", "BEGIN")), {}, r"line 18: expected START, STOP, POINT, got 'BEGIN'"),
    "no time": (make.below_preamble(("NA", "", "a", "POINT")), {}, r"line 18, column 'Time': expected a time, got non"),
    "no start": (make.below_preamble((2, "", "a", "STOP")), {}, r"line 18: expected a start of 'a' before its stop, g"),
    "restart": (make.below_preamble(*PRESSES, (3, "", "a", "START"), (4, "", "a", "START"), (5, "", "a", "STOP")), {},
                   r"line 21: expected a stop of 'a', which started in line 20, got another start"),
    "not JSON": ('{"project_format_version": "7.0", ', {}, r"a BORIS project in JSON, got text that cannot be read as"),
    "deep JSON": ('{"project_format_version": ' + "[" * 99999, {}, r"a BORIS project in JSON, got text that cannot be"),
    "no project": ('{"project_format_version": "7.0"}', {}, r"a BORIS project with observations and behaviors_conf, g"),
    "event": (make.project({"a": [(1, "")]}), {}, r"observation 'a', event 1: expected time, subject, behaviour and m"),
    "event's time": (make.project({"a": [(None, "", "look", "")]}), {}, r"event 1: expected a time in s, got None"),
    "behaviour": (make.project({"a": [(1, "", "jump", "")]}), {}, r"event 1: expected a behaviour of the project, got"),
    "no events": (make.project({"a": []}).replace("[]", "7"), {}, r"observation 'a': expected a list of events, got i"),
    # ELAN
    "no root": ("<ANNOTATION_DOCUMENTS/>", {}, r"with the root ANNOTATION_DOCUMENT, got ANNOTATION_DOCUMENTS"),
    "cut XML": (one({"t1": 1, "t2": 2}, make.timed("a1", "t1", "t2", "a"))[:-40], {}, r"got XML that cannot be read"),
    "frames": (one({}, header='TIME_UNITS="PAL-frames"'), {}, r"times in milliseconds, got TIME_UNITS='PAL-frames'"),
    "slot": (one({"t1": "1s", "t2": 2}, make.timed("a1", "t1", "t2", "a")), {}, r"time slot t1: expected a time in wh"),
    "lost slot": (one({"t1": 1}, make.timed("a1", "t1", "t9", "a")), {}, r"annotation a1 of tier 'x': expected times"),
    "all untimed": (one({"t1": None, "t2": None}, make.timed("a1", "t1", "t2", "a")), {}, r"for its slots t1 and t2,"),
    "lost parent": (one({}, make.referring("a1", "a7", "a")), {}, r"annotation a1 of tier 'x': expected it to refer ."),
    "circle": (one({}, make.referring("a1", "a2", "a"), make.referring("a2", "a1", "b")), {}, r"2 faults\n.*a1 .*\n.*"),
    "ids": (one({"t1": 1, "t2": 2}, *[make.timed("a1", "t1", "t2", "a")] * 2), {}, r"one annotation with the id a1, g"),
    "ELAN back": (one({"t1": 5000, "t2": 3000}, make.timed("a1", "t1", "t2", "a")), {}, r"annotation a1 of tier 'x':"),
    "unknown words": ("Tier\tAlku - msec\tKesto - msec\tText\nx\t500\t250\thi\n", {}, r"columns of times whose "),
    "ELAN clock": ("Tier\tBegin Time - hh:mm:ss.ms\tEnd Time - hh:mm:ss.ms\tText\nx\t0:00:61.0\t1\thi\n", {},
                   r"2 faults\n.*line 2, column 'Begin Time - hh:mm:ss.ms': expected hh:mm:ss.ms, got '0:00:61.0'"),
    # Praat
    "class": (make.TEXTGRID.replace('"TextTier"', '"Tier"'), {}, r"line 28: expected IntervalTier or TextTier, got 'T"),
    "cut TextGrid": (make.TEXTGRID[:-40], {}, r"x.csv, line 3\d: expected a .* \(.* of tier 'bell'\), got 'the end of"),
    "quote": (make.TEXTGRID.replace('"ding"', '"ding'), {}, r"line 35: expected a closing quote \(a text\)"),
    "no number": (make.TEXTGRID.replace("xmax = 3\n", "xmax = late\n"), {}, r"line 22: expected a number \(a time of"),
    "infinite count": (make.TEXTGRID.replace("size = 3", "size = 1e999"), {}, r"line 14: expected a number .*'1e999'"),
    "count": (make.TEXTGRID.replace("size = 3", "size = 2.5"), {}, r"line 14: expected a whole number \(the number of"),
    "TextGrid back": (make.TEXTGRID.replace("xmax = 3\n", "xmax = 1\n"), {}, r"line 20: expected an offset at or "),
    # Datavyu
    "codes": ("column,ordinal,onset,offset,hand,look\na,1,0,1,x,y\n", {}, r"the codes are 'hand', 'look'"),
    "Datavyu back": ("column,ordinal,onset,offset,hand\na,1,5000,3000,x\n", {}, rf"line 2: {BACK}"),
    "two recordings": ("file,column,ordinal,onset,offset,hand\nd1,a,1,0,1,x\nd2,a,1,0,1,x\n", {}, r"one recording, go"),
    # FaceReader
    "time": (LOG + "00:00:00\tHappy\n99\tSad\n", {}, r"line 5: expected a time HH:MM:SS.mmm, got '99'"),
    "times back": (LOG + "00:00:05.0\tHappy\n00:00:03.0\tSad\n", {}, rf"line 4: {BACK}"),
    # Audacity
    "label back": ("5\t3\ta\n", {}, rf"line 1: {BACK}"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "options", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_name_the_file_the_place_and_the_remedy(tmp_path, content, options, message):
    path = tmp_path / "x.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as caught:
        open_intervals(path, **options)
    assert str(caught.value).startswith("x.csv")
    assert str(tmp_path) not in str(caught.value)


def test_all_faults_are_listed_at_once(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("onset,offset,label\n5,3,a\n1,x,b\n,4,c\n")
    with pytest.raises(ValueError, match=r"3 faults\n") as caught:
        open_intervals(path)
    for place in ("line 2: expected an offset", "line 3, column 'offset'", "line 4: expected an onset"):
        assert place in str(caught.value)
    path.write_text("onset,offset,label\n" + "5,3,a\n" * 30)
    with pytest.raises(ValueError, match=r"line 9: .*\n.*… and 22 more faults$"):
        open_intervals(path)


def test_overlaps_are_not_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("onset,offset,label\n1,9,a\n2,3,b\n2,3,b\n")
    assert open_intervals(path).sizes["interval"] == 3


FRAMES = {
    "no onset": (
        {"start": [1.0], "stop": [2.0]},
        r"the table: expected a column onset, and a column offset or duration",
    ),
    "dates": ({"onset": pd.to_datetime(["2026-01-01"]), "offset": [1.0], "label": "a"}, r"row 0, column 'onset'"),
    "truth": (
        {"onset": [True], "offset": [1.0], "label": "a"},
        r"row 0, column 'onset': expected a time in s, got True",
    ),
    "complex": ({"onset": [1 + 2j], "offset": [1.0], "label": "a"}, r"row 0, column 'onset': expected a time in s"),
    "back": ({"onset": [1.0, 5], "offset": [2.0, 3], "label": "a"}, rf"the table: row 1: {BACK}"),
    "text": ({"onset": ["1_000"], "offset": [2.0], "label": "a"}, r"row 0, column 'onset': .*'1_000'"),
}


@pytest.mark.parametrize(("columns", "message"), FRAMES.values(), ids=FRAMES)
def test_faults_of_tables_in_memory(columns, message):
    with pytest.raises(ValueError, match=message):
        open_intervals(pd.DataFrame(columns))


OPTIONS = [
    ({"label": 3}, TypeError, r"expected label to be a name or a list of names, got 3"),
    ({"tier": []}, TypeError, r"expected tier to be a name or a list of names, got \[\]"),
    ({"subject": ["a", 1]}, TypeError, r"expected subject to be a name or a list of names"),
    ({"time_unit": "frames"}, ValueError, r"time_unit: expected a unit of time"),
    ({"time_unit": "s since 2026-01-01"}, ValueError, r"expected time_unit without a date"),
    ({"format": "boris"}, ValueError, r"expected format to be one of .*boris-aggregated.*, got 'boris'"),
    ({"format": 3}, ValueError, r"expected format to be one of .*got 3"),
    ({"format": "audacity", "time_unit": "ms"}, ValueError, r"expected time_unit only for tables, got 'ms'"),
]


@pytest.mark.parametrize(("options", "error", "message"), OPTIONS)
def test_options(tmp_path, options, error, message):
    path = tmp_path / "x.txt"
    path.write_text("1\t2\ta\n")
    with pytest.raises(error, match=message):
        open_intervals(path, **options)


def test_paths(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected an existing file, got none; check the path"):
        open_intervals(tmp_path / "none.csv")
    with pytest.raises(IsADirectoryError, match=r"expected a file, got a folder"):
        open_intervals(tmp_path)
    with pytest.raises(
        TypeError, match=r"open_intervals\(\): expected path to be a file's name or a DataFrame, got a list"
    ):
        open_intervals([1, 2])
    with pytest.raises(ValueError, match=r"expected no format for a DataFrame, got 'bids'"):
        open_intervals(pd.DataFrame({"onset": [1], "offset": [2], "label": ["a"]}), format="bids")


OTHER_FILES = {
    "binary": b"\x1f\x8b\x08" + bytes(range(256)) * 40,
    "text": b"a plain text\nwithout annotations\n",
    "table": b"time,AU12\n0,1\n1,2\n",
    "xml": b"<html><body/></html>",
    "json": b'{"a": 1}',
    "zip": b"PK\x03\x04" + b"\0" * 40,
    "netcdf": b"CDF\x01 and then nothing",
}


@pytest.mark.parametrize("content", OTHER_FILES.values(), ids=OTHER_FILES)
@pytest.mark.parametrize("format", [None, *FORMATS])
def test_other_files_are_refused_whatever_the_format(tmp_path, content, format):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises((ValueError, OSError), match=r"^(open_netcdf\(\): )?x\b") as caught:
        open_intervals(path, format=format)
    assert caught.type is (OSError if "open_netcdf" in str(caught.value) else ValueError)


# --- files that can harm


@pytest.fixture
def limited(monkeypatch):
    """A function that sets the available memory, in bytes."""
    return lambda size: monkeypatch.setattr(memory, "available", lambda: size)


def test_a_project_that_unpacks_to_more_than_the_memory_is_refused(tmp_path, limited):
    path = make.opf(tmp_path / "x.opf", "#4\n" + "a" * 10**8)
    assert path.stat().st_size < 200_000
    limited(10**9)
    with pytest.raises(
        MemoryError, match=r"x.opf: expected at most 1.0 GB.* got a file that unpacks to 3.0 GB; export"
    ):
        open_intervals(path)


def test_a_project_that_states_a_wrong_size_is_refused(tmp_path):
    path = make.opf(tmp_path / "x.opf")
    raw = bytearray(path.read_bytes())
    size = len(make.DATABASE.encode()).to_bytes(4, "little")
    for at in [i for i in range(len(raw)) if raw[i : i + 4] == size]:
        raw[at : at + 4] = (5).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=r"x.opf: expected a Datavyu project.*; save it again in Datavyu"):
        open_intervals(path)


def test_a_project_without_a_database_is_refused(tmp_path):
    path = make.opf(tmp_path / "x.opf", name="other")
    with pytest.raises(ValueError, match=r"x.opf: expected annotations, got a ZIP archive"):
        open_intervals(path)
    with pytest.raises(ValueError, match=r"x.opf: expected a Datavyu project, a ZIP archive with the file db"):
        open_intervals(path, format="datavyu-project")


DATABASES = {
    "cell before a column": (
        "#4\n00:00:01:000,00:00:02:000,(a)\n",
        r"line 2 of db: expected a column before its cells",
    ),
    "values": (
        "#4\na (MATRIX,true,)-x|NOMINAL,y|NOMINAL\n00:00:01:000,00:00:02:000,(1)\n",
        r"a value for each of the co",
    ),
    "line": ("#4\na (MATRIX,true,)-x|NOMINAL\n00:00:01,00:00:02,(1)\n", r"line 3 of db: expected a column, or a cell"),
    "back": ("#4\na (MATRIX,true,)-x|NOMINAL\n00:00:05:000,00:00:03:000,(1)\n", rf"line 3 of db: {BACK}"),
    "clock": (
        "#4\na (MATRIX,true,)-x|NOMINAL\n00:00:75:000,00:00:03:000,(1)\n",
        r"line 3 of db: expected times HH:MM:SS",
    ),
}


@pytest.mark.parametrize(("text", "message"), DATABASES.values(), ids=DATABASES)
def test_faults_of_a_database(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        open_intervals(make.opf(tmp_path / "x.opf", text))


def test_an_encrypted_project_is_refused(tmp_path):
    path = make.opf(tmp_path / "x.opf")
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("db")
    raw[entry.header_offset + 6] |= 1
    central = raw.rindex(b"PK\x01\x02")
    raw[central + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=r"x.opf: expected a Datavyu project"):
        open_intervals(path)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/hostname">'


@pytest.mark.parametrize("doctype", [BOMB, OUTSIDE], ids=["bomb", "other file"])
def test_xml_with_entities_is_refused(tmp_path, doctype):
    path = tmp_path / "x.eaf"
    text = one({"t1": 0, "t2": 1}, make.timed("a1", "t1", "t2", "&j;"))
    path.write_text(text.replace("<ANNOTATION_DOCUMENT", doctype + "]><ANNOTATION_DOCUMENT", 1))
    with pytest.raises(ValueError, match=r"x.eaf: expected a file of ELAN, got XML that defines entities"):
        open_intervals(path)


@pytest.mark.parametrize("format", ["table", "elan", "textgrid", "boris-project"])
def test_files_that_need_more_than_the_memory_are_refused(tmp_path, limited, format):
    path = tmp_path / "x"
    path.write_text("onset,offset,label\n" + "1,2,a\n" * 10_000)
    limited(10**6)
    with pytest.raises(MemoryError, match=r"x: expected at most 1.0 MB, the memory that is available"):
        open_intervals(path, format=format)


def test_a_long_chain_of_annotations_is_read(tmp_path):
    """Each annotation refers to the one before; recursion would fail."""
    n = 3000
    tiers = [('TIER_ID="top"', [make.timed("a0", "t1", "t2", "x")])]
    tiers += [(f'TIER_ID="t{k}"', [make.referring(f"a{k}", f"a{k - 1}", "x")]) for k in range(1, n)]
    path = tmp_path / "x.eaf"
    path.write_text(make.eaf(tiers, {"t1": 1000, "t2": 2000}))
    found = open_intervals(path)
    assert found.sizes["interval"] == n
    np.testing.assert_array_equal(found.offset, np.full(n, 2.0))
