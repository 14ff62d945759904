"""Every annotation format: onsets, offsets, labels, types and who is annotated, from files with known content."""

import codecs

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bitbox_xr as bx
from bitbox_xr import open_intervals

import annotation_files as make

EVENTS = [
    ("child", "look", "STATE", 1.5, 4.25),
    ("No focal subject", "bell", "POINT", 2.0, 2.0),
    ("mother", "look", "STATE", "3.000", "3.999"),
]
NAN = np.nan


@pytest.fixture
def saved(tmp_path):
    """A function that writes a file and returns its path."""

    def write(content, name="coding.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def rows(intervals):
    """The intervals as tuples (onset, offset, label, type)."""
    return list(zip(*(intervals[name].values.tolist() for name in ("onset", "offset", "label", "type")), strict=True))


def who(intervals, name="subject"):
    return intervals[name].values.tolist()


# --- the Dataset


def test_the_dataset_is_ordered_by_onset_and_labelled(saved):
    path = saved("onset,offset,label,subject,tier\n5,6,b,mother,x\n1,2,a,child,x\n5,9,c,,y\n", "own.csv")
    found = open_intervals(path)
    assert rows(found) == [(1, 2, "a", "state"), (5, 6, "b", "state"), (5, 9, "c", "state")]
    assert who(found) == ["child", "mother", ""]
    assert who(found, "tier") == ["x", "x", "y"]
    assert found.sizes == {"interval": 3}
    assert found.interval.values.tolist() == [0, 1, 2]
    assert set(found.data_vars) == {"onset", "offset", "label", "type"}
    assert found.onset.dtype == found.offset.dtype == np.float64
    assert found.onset.attrs == {"long_name": "start of the interval", "units": "s"}
    assert all(found[name].attrs["long_name"] for name in found.variables)
    assert found.attrs == {"source": "own.csv", "format": "table"}


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf", "scipy"])
def test_intervals_go_to_netcdf_and_back(saved, tmp_path, engine):
    path = saved("onset,duration,label,subject\n1,2,play é,child\n3,,$x$,\n4,0,\u2028y\x07,mother\n", "own.csv")
    found = open_intervals(path)
    bx.to_netcdf(found, tmp_path / "x.nc", engine=engine)
    with bx.open_netcdf(tmp_path / "x.nc") as back:
        assert back.load().identical(found)
    again = open_intervals(tmp_path / "x.nc")
    assert again.identical(found)
    assert rows(open_intervals(tmp_path / "x.nc", subject="child")) == [(1, 3, "play é", "state")]


def test_no_intervals_go_to_netcdf_and_back(saved, tmp_path):
    found = open_intervals(saved('"ooTextFile"\n"TextGrid"\n0 1 <exists> 1 "IntervalTier" "x" 0 1 1 0 1 ""\n'))
    assert found.sizes == {"interval": 0}
    found.bitbox.to_netcdf(tmp_path / "x.nc")
    with bx.open_netcdf(tmp_path / "x.nc") as back:
        assert back.load().identical(found)
    assert len(found.bitbox.to_frame()) == 0
    assert open_intervals(tmp_path / "x.nc").sizes == {"interval": 0}


def test_intervals_go_to_a_tidy_table(saved):
    found = open_intervals(saved("onset,offset,label,subject\n1,2,a,child\n5,6,b,mother\n"))
    table = found.bitbox.to_frame()
    assert {*table.columns} == {"interval", "onset", "offset", "label", "type", "subject"}
    assert table.loc[1, ["interval", "onset", "label", "subject"]].tolist() == [1, 5.0, "b", "mother"]
    again = open_intervals(table)
    assert again.drop_attrs().identical(found.drop_attrs())


# --- BIDS


def test_bids(saved):
    text = (
        "onset\tduration\ttrial_type\tvalue\n-1.5\t2\tplay\t7\n0.1\t0.2\tn/a\t8\n0.30\t0\tbell\t9\n4\tn/a\tplay\tn/a\n"
    )
    found = open_intervals(saved(text, "sub-07_task-play_events.tsv"))
    assert rows(found)[:3] == [(-1.5, 0.5, "play", "state"), (0.1, 0.3, "", "state"), (0.3, 0.3, "bell", "point")]
    np.testing.assert_equal(rows(found)[3], (4, NAN, "play", "unknown"))
    assert who(found) == ["sub-07"] * 4
    assert found.attrs["format"] == "bids"
    assert open_intervals(saved(text, "a_events.tsv"), label="value").label.values.tolist() == ["7", "8", "9", ""]
    assert "subject" not in open_intervals(saved(text, "a_events.tsv"))


def test_a_label_that_is_no_column_chooses_labels(saved):
    path = saved("onset\tduration\ttrial_type\tplay\n0\t9\ttask\tx\n1\t2\tturn\ty\n4\t2\tturn\tz\n", "a_events.tsv")
    assert rows(open_intervals(path, label="turn")) == [(1, 3, "turn", "state"), (4, 6, "turn", "state")]
    assert len(rows(open_intervals(path, label=["turn", "task"]))) == 3
    assert open_intervals(path, label="play").label.values.tolist() == ["x", "y", "z"]


# --- BORIS


@pytest.mark.parametrize("version", make.AGGREGATED)
@pytest.mark.parametrize("sep", [",", "\t"])
def test_boris_aggregated_of_all_versions(saved, version, sep):
    found = open_intervals(saved(make.aggregated(make.AGGREGATED[version], *EVENTS, sep=sep)))
    assert rows(found) == [
        (1.5, 4.25, "look", "state"), (2.0, 2.0, "bell", "point"), (3.0, 3.999, "look", "state")
    ]  # fmt: skip
    assert who(found) == ["child", "", "mother"]
    assert who(found, "tier") == ["play"] * 3
    assert found.attrs["format"] == "boris-aggregated"


def test_boris_aggregated_with_deleted_columns(saved):
    found = open_intervals(saved(f"{make.DELETED}\nlook,1.5,4.25,37,106\nbell,2,2,50,50\nlook,3,NA,75,NA\n"))
    assert rows(found)[:2] == [(1.5, 4.25, "look", "state"), (2.0, 2.0, "bell", "point")]
    np.testing.assert_equal(rows(found)[2], (3, NAN, "look", "unknown"))
    assert set(found.coords) == {"interval"}


def test_boris_saved_again_by_excel_with_decimal_commas(saved):
    text = make.aggregated(make.A3, ("child", "look", "STATE", "1,5", "4,25"), sep=";")
    assert rows(open_intervals(saved(text))) == [(1.5, 4.25, "look", "state")]
    text = make.below_preamble(("0,5", "child", "look", "START"), ("2", "child", "look", "STOP"), sep=";")
    assert rows(open_intervals(saved(text))) == [(0.5, 2.0, "look", "state")]


def test_independent_variables_may_have_names_of_times(saved):
    header = make.A3.replace(",a,b,", ",Start time,Stop time,Duration,")
    line = make.row(header, **{"Start time": 9, "Duration": "long", "Behavior": "look", "Behavior type": "STATE",
                               "Start (s)": 1, "Stop (s)": 2})  # fmt: skip
    assert rows(open_intervals(saved(f"{header}\n{line}\n"))) == [(1, 2, "look", "state")]


@pytest.mark.parametrize("header", [make.T1, make.T1_2017])
@pytest.mark.parametrize("sep", [",", "\t"])
def test_boris_tabular_below_a_preamble(saved, header, sep):
    presses = [
        (5, "", "look", "START"), (1, "child", "look", "START"), (2, "child", "smile", "START"),
        (3, "child", "smile", "STOP"), (4, "child", "look", "STOP"), (2.5, "child", "bell", "POINT"),
        (6, "", "look", "STOP"), (4, "child", "look", "START"), (7.5, "child", "look", "STOP"),
    ]  # fmt: skip
    found = open_intervals(saved(make.below_preamble(*presses, header=header, sep=sep)))
    assert rows(found) == [
        (1, 4, "look", "state"), (2, 3, "smile", "state"), (2.5, 2.5, "bell", "point"), (4, 7.5, "look", "state"),
        (5, 6, "look", "state"),
    ]  # fmt: skip
    assert who(found) == ["child"] * 4 + [""]
    assert who(found, "tier") == ["play"] * 5
    assert found.attrs["format"] == "boris-tabular"


@pytest.mark.parametrize("header", [make.T2, make.T2_2024])
def test_boris_tabular_pairs_by_observation_subject_behaviour_and_modifiers(saved, header):
    presses = [
        ("one", 1, "child", "look", "toy", "START"), ("one", 2, "child", "look", "face", "START"),
        ("one", 3, "child", "look", "toy", "STOP"), ("two", 3, "child", "look", "face", "START"),
        ("one", 4, "child", "look", "face", "STOP"), ("two", 9, "child", "look", "face", "STOP"),
    ]  # fmt: skip
    path = saved(make.flat(*presses, header=header))
    assert rows(open_intervals(path, tier="one")) == [(1, 3, "look", "state"), (2, 4, "look", "state")]
    assert rows(open_intervals(path, tier="one", label="Modifier #1")) == [
        (1, 3, "toy", "state"),
        (2, 4, "face", "state"),
    ]
    both = open_intervals(path, tier=["one", "two"])
    assert who(both, "tier") == ["one", "one", "two"]
    with pytest.raises(ValueError, match=r"one observation, got those of 2, each on its own clock: 'one', 'two'"):
        open_intervals(path)


def test_bouts_that_meet_and_bouts_without_a_duration(saved):
    presses = [
        (1, "", "a", "START"), (2, "", "a", "START"), (2, "", "a", "STOP"), (3, "", "a", "STOP"), (5, "", "b", "START"),
        (5, "", "b", "STOP"),
    ]  # fmt: skip
    found = open_intervals(saved(make.below_preamble(*presses)))
    assert rows(found) == [(1, 2, "a", "state"), (2, 3, "a", "state"), (5, 5, "b", "state")]


def test_a_start_without_a_stop_has_an_unknown_duration(saved):
    path = saved(make.below_preamble((1, "", "a", "START"), (2, "", "b", "START"), (3, "", "b", "STOP")))
    with pytest.warns(UserWarning, match=r"coding.txt: expected a stop for every start, got none for 'a' in line 18; "):
        found = open_intervals(path)
    np.testing.assert_equal(rows(found), [(1, NAN, "a", "unknown"), (2, 3, "b", "state")])


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=20, unique=True), st.randoms(use_true_random=False))
def test_pairs_do_not_depend_on_the_order_of_lines(tmp_path_factory, edges, random):
    edges = sorted(edges)[: len(edges) // 2 * 2]
    presses = [(edge / 1000, "", "a", "STOP" if i % 2 else "START") for i, edge in enumerate(edges)]
    random.shuffle(presses)
    if not presses:
        return
    path = tmp_path_factory.mktemp("pairs") / "x.csv"
    path.write_text(make.below_preamble(*presses))
    assert rows(open_intervals(path)) == [
        (on / 1000, off / 1000, "a", "state") for on, off in zip(edges[::2], edges[1::2], strict=True)
    ]


def test_boris_projects(saved):
    observations = {
        "first": [(4, "child", "look", ""), (2, "", "blink", ""), (1, "child", "look", ""),
                  (3, "mother", "look", "toy"), (9, "mother", "look", "toy")],
        "empty": [],
    }  # fmt: skip
    path = saved(make.project(observations), "study.boris")
    found = open_intervals(path, tier="first")
    assert rows(found) == [(1, 4, "look", "state"), (2, 2, "blink", "point"), (3, 9, "look", "state")]
    assert who(found) == ["child", "", "mother"]
    assert rows(open_intervals(path, tier="empty")) == []
    with pytest.raises(ValueError, match=r"since the project has 2, each on its own clock: 'first', 'empty'; choose"):
        open_intervals(path)
    assert rows(open_intervals(saved(make.project({"only": observations["first"]})))) == rows(found)


# --- ELAN

SLOTS = {"t1": 1000, "t2": 1500, "u1": None, "u2": None, "t3": 4000, "t4": 9000}


def test_elan_with_its_four_constraints(saved):
    tiers = [
        ('TIER_ID="talk" PARTICIPANT="mother" LINGUISTIC_TYPE_REF="top"',
         [make.timed("a1", "t1", "t3", "so $5"), make.timed("a2", "t3", "t4", "")]),
        ('TIER_ID="part" PARENT_REF="talk" LINGUISTIC_TYPE_REF="in"', [make.timed("a3", "t2", "t3", "inner")]),
        ('TIER_ID="words" PARENT_REF="talk" LINGUISTIC_TYPE_REF="time"',
         [make.timed("a4", "t1", "u1", "w1"), make.timed("a5", "u1", "u2", "w2"), make.timed("a6", "u2", "t3", "w3")]),
        ('TIER_ID="lang" PARENT_REF="talk" LINGUISTIC_TYPE_REF="same"', [make.referring("a7", "a1", "en")]),
        ('TIER_ID="parts" PARENT_REF="lang" LINGUISTIC_TYPE_REF="split"',
         [make.referring("b2", "a7", "second", previous="b1"), make.referring("b1", "a7", "first")]),
    ]  # fmt: skip
    types = [("in", "Included_In"), ("time", "Time_Subdivision"), ("same", "Symbolic_Association"),
             ("split", "Symbolic_Subdivision")]  # fmt: skip
    path = saved(make.eaf(tiers, SLOTS, types), "x.eaf")
    found = open_intervals(path)
    table = {label: (on, off) for on, off, label, _ in rows(found)}
    assert table == {
        "so $5": (1, 4), "": (4, 9), "inner": (1.5, 4), "w1": (1, 2), "w2": (2, 3), "w3": (3, 4), "en": (1, 4),
        "first": (1, 2.5), "second": (2.5, 4),
    }  # fmt: skip
    assert {*who(open_intervals(path, tier="talk"))} == {"mother"}
    assert "subject" not in open_intervals(path, tier="words")
    assert rows(open_intervals(path, subject="mother", label="so $5")) == [(1, 4, "so $5", "state")]


def test_elan_spreads_slots_within_their_tier(saved):
    """Another tier has a slot among those without a time."""
    tiers = [
        ('TIER_ID="words"', [make.timed("a1", "t1", "u1", "w1"), make.timed("a2", "u1", "u2", "w2"),
                             make.timed("a3", "u2", "t3", "w3")]),
        ('TIER_ID="other"', [make.timed("a4", "t2", "v1", "x"), make.timed("a5", "v1", "t4", "y")]),
    ]  # fmt: skip
    slots = {"t1": 0, "u1": None, "t2": 200, "u2": None, "v1": None, "t3": 900, "t4": 1000}
    found = open_intervals(saved(make.eaf(tiers, slots)))
    assert {label: (on, off) for on, off, label, _ in rows(found)} == {
        "w1": (0, 0.3), "w2": (0.3, 0.6), "w3": (0.6, 0.9), "x": (0.2, 0.6), "y": (0.6, 1.0)
    }  # fmt: skip


def test_elan_media_with_another_clock(saved):
    media = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/people/mother.mp4" TIME_ORIGIN="2500"/>'
    path = saved(make.eaf([('TIER_ID="x"', [make.timed("a1", "t1", "t3", "a")])], SLOTS, media=media))
    with pytest.warns(UserWarning, match=r"clock differs from that of the media 'mother.mp4' by 2500 ms"):
        assert rows(open_intervals(path)) == [(1, 4, "a", "state")]


SIX = [("mother", "M1", 0.5, 2.25, 'says ""hi""'), ("child", "", 1.0, 1.5, "7"), ("mother", "M1", 3.0, 3.04, "")]


def line(sep, quote, *cells):
    return sep.join(f"{quote}{cell}{quote}" for cell in cells)


@pytest.mark.parametrize(("sep", "quote", "after"), [(";", "", ["x.eaf"]), ("\t", '"', []), (",", '"', [])])
def test_elan_exports_without_column_names(saved, sep, quote, after):
    events = [(*event[:4], event[4] if quote else "hi") for event in SIX]
    lines = [
        line(sep, quote, tier, person, on, off, round(off - on, 3), text, *after)
        for tier, person, on, off, text in events
    ]
    found = open_intervals(saved("\n".join(lines) + "\n"))
    texts = ['says "hi"', "7", ""] if quote else ["hi"] * 3
    assert rows(found) == [(*event[2:4], text, "state") for event, text in zip(events, texts, strict=True)]
    assert who(found, "tier") == ["mother", "child", "mother"]
    assert who(found) == ["M1", "", "M1"]
    assert found.attrs["format"] == "elan-export"


def clock(seconds):
    return f"00:{int(seconds) // 60:02d}:{seconds % 60:06.3f}"


ENGLISH = ["Begin Time - {}", "End Time - {}", "Duration - {}"]
FRENCH = ["Temps de départ - {}", "temps de fin - {}", "Durée - {}"]
OTHER = ["Alku - {}", "Loppu - {}", "Kesto - {}"]  # a language that the reader does not know


@pytest.mark.parametrize("names", [ENGLISH, FRENCH, OTHER], ids=["English", "French", "other"])
@pytest.mark.parametrize("units", [["ss.msec"], ["msec"], ["hh:mm:ss.ms"], ["hh:mm:ss.ms", "ss.msec", "PAL"]])
def test_elan_exports_with_column_names_in_any_language(saved, names, units):
    written = {
        "ss.msec": lambda t: f"{t:.3f}",
        "msec": lambda t: round(1000 * t),
        "hh:mm:ss.ms": clock,
        "PAL": lambda t: "?",
    }
    header = ["Tier", "Participant", *(name.format(unit) for name in names for unit in units), "Annotation"]
    lines = [
        [tier, person, *(written[unit](t) for t in (on, off, off - on) for unit in units), text.replace('""', "")]
        for tier, person, on, off, text in SIX
    ]
    found = open_intervals(saved("\n".join("\t".join(map(str, cells)) for cells in [header, *lines])))
    assert rows(found) == [(0.5, 2.25, "says hi", "state"), (1, 1.5, "7", "state"), (3, 3.04, "", "state")]
    assert who(found, "tier") == ["mother", "child", "mother"]
    assert who(found) == ["M1", "", "M1"]


def test_elan_exports_with_begin_and_duration_or_a_column_for_each_tier(saved):
    found = open_intervals(saved("Tier\tBegin Time - msec\tDuration - msec\tText\nmother\t500\t250\thi\n"))
    assert rows(found) == [(0.5, 0.75, "hi", "state")]
    text = "Begin Time - ss.msec\tEnd Time - ss.msec\tmother\tchild\n0.5\t1\thi\t\n1\t2\tyes\tno\n"
    found = open_intervals(saved(text))
    assert rows(found) == [(0.5, 1, "hi", "state"), (1, 2, "yes", "state"), (1, 2, "no", "state")]
    assert who(found, "tier") == ["mother", "mother", "child"]
    found = open_intervals(saved("start_time,end_time,labelid,label,duration\n0.5,1.5,0,nod,1.0\n"))
    assert rows(found) == [(0.5, 1.5, "nod", "state")]


# --- Praat

TURNS = [(1.5, 3, 'says "né"! <x> 7', "state"), (2.25, 2.25, "ding", "point"), (3, 4.5, "$silence$", "state")]


@pytest.mark.parametrize("encode", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "text", [make.TEXTGRID, make.SHORT_TEXTGRID, make.ELANS_TEXTGRID], ids=["long", "short", "ELAN"]
)
def test_textgrids(saved, text, encode, end):
    raw = text.replace("\n", end).encode(encode)
    found = open_intervals(saved(codecs.BOM_UTF16_BE + raw if encode == "utf-16-be" else raw))
    assert rows(found) == TURNS
    assert who(found, "tier") == ["turns", "bell", "turns"]
    assert found.attrs["format"] == "textgrid"


def test_textgrids_of_old_versions_are_in_latin_1(saved):
    path = saved(make.TEXTGRID.encode("latin-1"))
    with pytest.warns(
        UserWarning, match=r"expected text in UTF-8, got the byte 0xe9 in line 22; it is read as Latin-1"
    ):
        assert rows(open_intervals(path)) == TURNS


def test_tiers_of_a_textgrid_are_chosen_by_name(saved):
    path = saved(make.TEXTGRID)
    assert rows(open_intervals(path, tier="bell")) == TURNS[1:2]
    assert rows(open_intervals(path, tier=["bell", "turns"])) == TURNS
    with pytest.raises(ValueError, match=r"expected tier to be one of 'turns', 'bell', got 'talk'"):
        open_intervals(path, tier="talk")


# --- Datavyu

SIDE_BY_SIDE = (
    "looks.ordinal,looks.onset,looks.offset,looks.target,phase.ordinal,phase.onset,phase.offset,phase.name\n"
    "1,1500,3000,toy,1,0,120000,play\n2,60000,0,face,,,,\n"
)


def test_datavyu_columns_below_each_other_and_side_by_side(saved):
    found = open_intervals(
        saved("file,column,ordinal,onset,offset,hand\nd1,looks,1,1500,3000,left\nd1,looks,2,4000,4000,\n")
    )
    assert rows(found) == [(1.5, 3, "left", "state"), (4, 4, "", "point")]
    assert who(found, "tier") == ["looks"] * 2
    path = saved(SIDE_BY_SIDE)
    # 0 after an onset is how a point is coded
    assert rows(open_intervals(path, label="target")) == [(1.5, 3, "toy", "state"), (60, 60, "face", "point")]
    assert rows(open_intervals(path, tier="phase")) == [(0, 120, "play", "state")]
    assert open_intervals(path, tier="phase").attrs["format"] == "datavyu"


def test_datavyu_projects(tmp_path):
    path = make.opf(tmp_path / "dyad.opf")
    found = open_intervals(path, label="target")
    assert rows(found) == [(1.5, 3, "toy, red", "state"), (60, 60, "face", "point")]
    assert who(found, "tier") == ["looks", "looks"]
    assert rows(open_intervals(path, tier="phase")) == [(0, 120, "play", "state")]


# --- other formats


def test_facereader_states_hold_until_the_next_row(saved):
    text = (
        "Video analysis state log\n\nFace Model\tGeneral\nFrame rate\t30.0\n\n\nVideo Time\tDominant Expression\n"
        "00:00:00.000\tUnknown\n00:00:01.300\tHappy\n01:00:02.066\tNeutral\n01:00:04.000\tEND\n"
    )
    expected = [(1.3, 3602.066, "Happy", "state"), (3602.066, 3604, "Neutral", "state")]
    for variant in (text, text.replace("\n", "\r"), text.replace(".0\n", ",0\n").replace(".066", ",066")):
        assert rows(open_intervals(saved(variant))) == expected
    without_end = open_intervals(saved(text.partition("01:00:04")[0]))
    np.testing.assert_equal(rows(without_end)[-1], (3602.066, NAN, "Neutral", "unknown"))


def test_audacity_labels(saved):
    found = open_intervals(saved('0.5\t2\t"a\n\\\t100.0\t2000.0\n3\t3\t\n4.25\t5.5\n'))
    assert rows(found) == [(0.5, 2, '"a', "state"), (3, 3, "", "point"), (4.25, 5.5, "", "state")]
    assert found.attrs["format"] == "audacity"
    assert rows(open_intervals(saved("4,25\t5,5\ta\n"))) == [(4.25, 5.5, "a", "state")]


@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_tables(saved, sep):
    text = "Label,Onset,Offset,Type\nplay,1,2.5,\nbell,3,,point\nend,4,,\ncry,5,5,state\n"
    found = open_intervals(saved(text.replace(",", sep)))
    expected = [(1, 2.5, "play", "state"), (3, 3, "bell", "point"), (4, NAN, "end", "unknown"), (5, 5, "cry", "state")]
    np.testing.assert_equal(rows(found), expected)
    found = open_intervals(saved("onset,duration,what\n1500,250,a\n".replace(",", sep)), label="what", time_unit="ms")
    assert rows(found) == [(1.5, 1.75, "a", "state")]


def test_dataframes():
    frame = pd.DataFrame({"onset": [1.0, 5.0], "duration": [2.0, np.nan], "label": ["a", None], "subject": ["x", "y"]})
    found = open_intervals(frame.set_index(pd.Index([7, 9])))
    np.testing.assert_equal(rows(found), [(1, 3, "a", "state"), (5, NAN, "", "unknown")])
    assert "source" not in found.attrs
    assert rows(open_intervals(frame, subject="x")) == [(1, 3, "a", "state")]
    frame = pd.DataFrame({"onset": pd.to_timedelta([1, 2], "min"), "offset": [90.0, 121.5], "code": [1.0, 2.0]})
    assert rows(open_intervals(frame, label="code")) == [(60, 90, "1", "state"), (120, 121.5, "2", "state")]


def test_adjacent_intervals_meet_exactly():
    frame = pd.DataFrame({"onset": [0.1, 0.3, 0.6], "duration": [0.2, 0.3, 0.1], "label": "abc"})
    found = open_intervals(frame.assign(label=["a", "b", "c"]))
    assert found.offset.values.tolist() == [0.3, 0.6, 0.7]


def test_a_format_can_be_stated(saved):
    path = saved("0.5\t2\t3\n")
    assert open_intervals(path, format="audacity").attrs["format"] == "audacity"
    text = "onset\tduration\tlabel\n1000\t500\ta\n"
    assert rows(open_intervals(saved(text, "a.tsv"), time_unit="ms")) == [(1, 1.5, "a", "state")]
    with pytest.raises(
        ValueError, match=r"a_events.tsv: expected time_unit only for tables, got 'ms'; files of the form"
    ):
        open_intervals(saved(text, "a_events.tsv"), time_unit="ms")
    assert rows(open_intervals(saved(text, "a_events.tsv"), format="table", time_unit="ms")) == [(1, 1.5, "a", "state")]
