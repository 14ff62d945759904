"""Annotation files of public data sets: each opens with its intervals, or is refused for a stated reason.

The files are not part of the project; without them these tests are skipped.
"""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bitbox_xr import open_intervals

DATA = Path(__file__).parents[3] / "shared" / "data" / "annotations"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no annotations at {DATA}")

BIDS = "bids/bids-standard_bids-examples"
BORIS = "boris/olivierfriard_BORIS"
MICE = "boris/benlansdell_ethome"
SIMBA = "boris/sgoldenlab_simba"
HANDS = "datavyu/iamamutt_datavyur"
TALK = "elan/neocl_speach"
PHON = "elan/ropensci_phonfieldwork"
STATES = "facereader/mmu_facereaderconverter"
FACES = "facereader/d-bohn_facereadeR"
READTEXTGRID = "praat/tjmahr_readtextgrid"
TEXTGRID = "praat/kylebgorman_textgrid"
NAN = np.nan

# file, options, format, intervals by type, first interval, last interval (onset, offset, label)
READ = [
    (f"{BIDS}/sub-001_ses-01_task-meditation_events.tsv", {}, "bids", {"unknown": 87},
     (71.38671875, NAN, "stimulus"), (2654.76171875, NAN, "response")),
    (f"{BIDS}/sub-002_ses-1_task-FacePerception_run-1_events.tsv", {"label": "event_type"}, "bids", {"unknown": 199},
     (24.20981818, NAN, "show_face_initial"), None),
    (f"{BIDS}/sub-01_task-deterministicclassification_run-01_events.tsv", {}, "bids", {"state": 50, "unknown": 30},
     (0.224, 2.224, "feedback"), (355.677, NAN, "")),
    (f"{BIDS}/sub-01_task-deterministicclassification_run-01_events.tsv", {"label": "Feedback"}, "bids",
     {"state": 50, "unknown": 30}, (0.224, 2.224, "R"), (355.677, NAN, "-")),
    (f"{BIDS}/sub-01_task-jumping_events.tsv", {}, "bids", {"state": 15}, (0.5, 0.6, "jump_start"),
     (10.2, 10.5, "jump_land")),
    (f"{BIDS}/sub-01_task-pain_events.tsv", {}, "bids", {"state": 10},
     (120, 240, "pre_heat"), (1200, 1320, "post_heat")),
    (f"{BIDS}/sub-05_task-matchingpennies_events.tsv", {}, "bids", {"point": 300},
     (18.1556, 18.1556, "raised-right/match-true"), (1851.494, 1851.494, "raised-left/match-true")),
    (f"{BIDS}/sub-06_task-fingerauto_events.tsv", {"label": "event_type"}, "bids", {"point": 132, "state": 33},
     (9.97999999998137, 35.0, "stimulus"), None),
    (f"{MICE}/e3v813a-20210610T120637-121213_reencode_multiple_behaviors.csv", {}, "boris-tabular", {"state": 17},
     (17.075, 22.1, "interact"), (331.375, 332.7, "interact")),
    (f"{MICE}/e3v813a-20210610T122332-122642_reencode.csv", {}, "boris-tabular", {"state": 10},
     (29.85, 34.725, "interact"), (174.15, 180.55, "interact")),
    (f"{MICE}/e3v813a-20210610T122758-123309_reencode.csv", {}, "boris-tabular", {"state": 8},
     (2.35, 5.525, "interact"), (232.1, 233.7, "interact")),
    (f"{MICE}/test-multi-behaviors.boris", {}, "boris-project", {"state": 3}, (9.955, 11.256, "mm"),
     (28.205, 30.63, "aa")),
    (f"{MICE}/test-simultaneous-events.csv", {}, "boris-tabular", {"state": 3}, (9.955, 11.256, "mm"),
     (28.205, 30.63, "aa")),
    (f"{MICE}/test-simultaneous-events.csv", {"label": "mm"}, "boris-tabular", {"state": 2}, (9.955, 11.256, "mm"),
     (26.605, 31.705, "mm")),
    (f"{BORIS}/test_export_aggregated_events_test_full_1.tsv", {}, "boris-aggregated", {"state": 10, "point": 8},
     (1.8, 8.125, "s"), (317.39, 320.365, "s")),
    (f"{BORIS}/test_export_aggregated_events_test_full_1.tsv", {"subject": "subject2"}, "boris-aggregated",
     {"state": 2, "point": 2}, (286.215, 292.065, "s"), (317.39, 320.365, "s")),
    (f"{BORIS}/test_export_events_tabular.csv", {}, "boris-tabular", {"state": 4}, (3.3, 7.75, "s"),
     (38.425, 46.1, "s")),
    (f"{BORIS}/test_export_events_tabular.tsv", {}, "boris-tabular", {"state": 4}, (3.3, 7.75, "s"),
     (38.425, 46.1, "s")),
    (f"{BORIS}/test.boris", {"tier": "observation #1"}, "boris-project", {"state": 4}, (3.3, 7.75, "s"),
     (38.425, 46.1, "s")),
    (f"{BORIS}/test.boris", {"tier": "observation #2"}, "boris-project", {"state": 10, "point": 8}, (1.8, 8.125, "s"),
     (317.39, 320.365, "s")),
    (f"{BORIS}/test.boris", {"tier": "observation without events"}, "boris-project", {}, None, None),
    (f"{BORIS}/test_with_leading_trailing_spaces_in_modifiers.boris", {}, "boris-project", {"point": 4},
     (4.151, 4.151, "p"), (26.007, 26.007, "p")),
    (f"{SIMBA}/boris_example.csv", {}, "boris-tabular", {"state": 5}, (1.876, 2.701, "attack"),
     (886.727, 889.778, "sniffing")),
    (f"{SIMBA}/boris_new_example_first40.csv", {}, "boris-tabular", {"state": 20}, (5.355, 9.626, "behavior1"),
     (53.353, 54.421, "behavior2")),
    (f"{HANDS}/childhands__dyad1.csv", {"label": "hand"}, "datavyu", {"state": 50}, (28.846, 157.944, "left"), None),
    (f"{HANDS}/childhands__dyad2.csv", {"label": "look"}, "datavyu", {"state": 33}, (62.96, 65.046, "0"), None),
    (f"{HANDS}/parenthands__dyad1.csv", {"label": "hand"}, "datavyu", {"state": 50}, (96.019, 148.073, ""), None),
    (f"{HANDS}/parenthands__dyad2.csv", {"label": "hand"}, "datavyu", {"state": 100}, (43.536, 59.803, "left"), None),
    (f"{HANDS}/parenthands__dyad3.csv", {}, "datavyu", {"state": 5}, (154.719, 162.012, ""), (2885.547, 3046.254, "0")),
    (f"{HANDS}/dyad1.opf", {"label": "hand"}, "datavyu-project", {"state": 100}, (28.846, 157.944, "left"), None),
    (f"{HANDS}/dyad1.opf", {"label": "look", "tier": "childhands"}, "datavyu-project", {"state": 50},
     (28.846, 157.944, ""), None),
    (f"{TALK}/test.eaf", {}, "elan", {"state": 43}, (0.83, 5.2, "convo start"), (16.615, 17.485, "en")),
    (f"{TALK}/test.eaf", {"tier": "Person1 (Utterance)"}, "elan", {"state": 8}, (1.04, 2.33, "How do you read this?"),
     None),
    (f"{TALK}/fables_01_03_aesop_64kb.eaf", {}, "elan", {"state": 97}, (0.454, 21.526, "Meta"), None),
    (f"{TALK}/fables_01_03_aesop_64kb.eaf", {"subject": "P001"}, "elan", {"state": 16}, None, None),
    (f"{TALK}/test.eaf.tsv", {}, "elan-export", {"state": 43}, (0.83, 5.2, "convo start"), (16.615, 17.485, "en")),
    (f"{PHON}/test.eaf", {}, "elan", {"state": 14}, (0, 0.012, ""), (11.69, 26.461, "one more sentence")),
    (f"{PHON}/test.TextGrid", {}, "textgrid", {"state": 4, "point": 4}, (0.012465825768947203, 0.247819135106803, "t"),
     (0.5115771541923311, 0.5115771541923311, "t")),
    (f"{PHON}/test_short.TextGrid", {"tier": "points"}, "textgrid", {"point": 4}, None,
     (0.5115771541923311, 0.5115771541923311, "t")),
    (f"{PHON}/test_audacity.txt", {}, "audacity", {"state": 2}, (0.482024, 2.718988, "asd"),
     (231.997705, 395.389084, "sssw")),
    ("elan/LAAC-LSCP_ChildProject/example.TextGrid", {}, "textgrid", {"state": 5},
     (1.602202475775698, 2.2149350364643396, "1"), (8.100562500000024, 9.284926121333484, "1")),
    ("elan/syncpy_SyncPy/ELAN_2Persons.csv", {}, "elan-export", {"state": 88}, (0.1, 240.8, "RP"),
     (238.878, 239.327, "non mamanais")),
    ("elan/syncpy_SyncPy/ELAN_2Persons.csv", {"tier": ["Maman", "Bebe"]}, "elan-export", {"state": 87},
     (0.896, 1.8, "non mamanais"), None),
    (f"{STATES}/testdata_state.txt", {}, "facereader", {"state": 48}, (61.3, 62.066, "Neutral"), None),
    (f"{STATES}/testdata_state.csv", {}, "facereader", {"state": 48}, (61.3, 62.066, "Neutral"), None),
    # the last row of this log is not END, so it is not known how long it holds
    (f"{STATES}/testdata_state2.txt", {}, "facereader", {"state": 33, "unknown": 1}, (1.066, 2.133, "Neutral"),
     (174.8, NAN, "Neutral")),
    (f"{TEXTGRID}/long_format.TextGrid", {}, "textgrid", {"state": 152}, (1358.8925, 1361.8925, "sil"), None),
    (f"{TEXTGRID}/short_format.TextGrid", {"tier": "phone"}, "textgrid", {"state": 104}, (1358.8925, 1361.8925, "sil"),
     None),
    (f"{READTEXTGRID}/Mary_John_bell.TextGrid", {}, "textgrid", {}, None, None),
    (f"{READTEXTGRID}/short.TextGrid", {"tier": "Mary"}, "textgrid", {}, None, None),
    (f"{READTEXTGRID}/elan.TextGrid", {}, "textgrid", {"state": 2}, (0.25, 0.54, "bird"), (0.56, 0.8, "house")),
    (f"{READTEXTGRID}/points.TextGrid", {}, "textgrid", {"point": 3},
     (0.10000000000000007, 0.10000000000000007, "point 1"), None),
    (f"{READTEXTGRID}/utf_16_be.TextGrid", {}, "textgrid", {"state": 1}, (0, 1, "ɰɻχʕ"), None),
    (f"{READTEXTGRID}/quoted.TextGrid", {}, "textgrid", {"state": 4, "point": 2}, (0, 2.3, 'říkej "ahoj" dvakrát'),
     None),
    (f"{READTEXTGRID}/nested-intervals.TextGrid", {}, "textgrid", {"state": 13}, (0, 0.4193533480814183, "sil"), None),
    (f"{READTEXTGRID}/hard-to-parse.TextGrid", {}, "textgrid", {"state": 3, "point": 2}, None,
     (2, 2.3, "Not a ! Comment")),
]  # fmt: skip


def at(intervals, i):
    one = intervals.isel(interval=i)
    return one.onset.item(), one.offset.item(), one.label.item()


@pytest.mark.parametrize(("name", "options", "format", "types", "first", "last"), READ)
def test_intervals_of_public_files(name, options, format, types, first, last):
    intervals = open_intervals(DATA / name, **options)
    assert intervals.attrs == {"source": Path(name).name, "format": format}
    assert Counter(intervals.type.values.tolist()) == types
    for expected, found in ((first, 0), (last, -1)):
        if expected is not None:
            np.testing.assert_equal(at(intervals, found), expected)
    is_point = intervals.type == "point"
    assert (intervals.offset == intervals.onset)[is_point].all()
    assert np.array_equal(np.isnan(intervals.offset), intervals.type == "unknown")


REFUSED = [
    (f"{BIDS}/fnirs_automaticity_events.json", {}, r"expected annotations in a known format"),
    (f"{BIDS}/sub-002_ses-1_task-FacePerception_run-1_events.tsv", {}, r"name the column of the labels.*'event_type'"),
    (f"{BIDS}/sub-06_task-fingerauto_events.tsv", {}, r"name the column of the labels.*'event_type'"),
    (f"{BIDS}/sub-01_ses-meg_task-facerecognition_events.tsv", {}, r"expected onsets, got n/a in all 298 rows"),
    (f"{BORIS}/export_observations_list_test1.tsv", {}, r"a list of observations of BORIS, without events"),
    (f"{BORIS}/test.boris", {}, r"12, each on its own clock: 'offset positif', .*; choose one with tier=…"),
    (f"{BORIS}/test_export_aggregated_events_test_full_2.tsv", {}, r"rows of BORIS without column names"),
    (
        f"{BORIS}/test_export_aggregated_events_test_full_with_trailing_spaces_in_modifiers.tsv",
        {},
        r"rows of BORIS without column names",
    ),
    (f"{BORIS}/test_jwatcher_subject1.dat", {}, r"JWatcher, which has starts without ends"),
    (f"{HANDS}/childhands__dyad1.csv", {}, r"name the code that is the label, got none; the codes are 'hand', 'look'"),
    (
        f"{HANDS}/childhands__dyad3.csv",
        {"label": "hand"},
        r"line 4: expected an offset at or after the onset, got onset 3234.29 s and offset 3155.076 s",
    ),
    (
        f"{HANDS}/parenthands__dyad3.csv",
        {"label": "hand"},
        r"expected label to be one of '', '0', or a column \('look'\)",
    ),
    (f"{STATES}/testdata_detailed_fail.txt", {}, r"got 'crap here' as the first line"),
    (f"{STATES}/testdata_detailed_first1500.txt", {}, r"a detailed log of FaceReader, which holds signals"),
    (f"{FACES}/Participant_1_Kelly_Analysis 1_video.txt", {}, r"a detailed log of FaceReader"),
    (f"{FACES}/Participant 2_Trump_Analysis 1_first700.txt", {}, r"a detailed log of FaceReader"),
    (f"{FACES}/Participant 2_Trump_Analysis 1_around_fit_failed.txt", {}, r"a detailed log of FaceReader"),
]


@pytest.mark.parametrize(("name", "options", "words"), REFUSED)
def test_files_that_hold_no_certain_intervals_are_refused(name, options, words):
    with pytest.raises(ValueError, match=words) as caught:
        open_intervals(DATA / name, **options)
    assert str(caught.value).startswith(Path(name).name)


def test_every_file_of_the_collection_is_tested():
    folders = {"bids", "boris", "datavyu", "elan", "facereader", "praat"}
    files = {path.relative_to(DATA).as_posix() for folder in folders for path in (DATA / folder).glob("*/*")}
    files = {name for name in files if "LICENSE" not in name and "DESCRIPTION" not in name}
    assert files == {name for name, *_ in [*READ, *REFUSED]}


def test_a_behaviour_that_does_not_stop_has_an_unknown_duration():
    with pytest.warns(
        UserWarning, match=r"test.boris: expected a stop for every start, got none for 's' in observation"
    ):
        intervals = open_intervals(DATA / BORIS / "test.boris", tier="live not paired")
    assert Counter(intervals.type.values.tolist())["unknown"] == 1


def test_labels_and_tracks_of_two_people():
    child = open_intervals(DATA / HANDS / "dyad1.opf", label="hand", tier="childhands")
    same = open_intervals(DATA / HANDS / "childhands__dyad1.csv", label="hand")
    np.testing.assert_array_equal(child.onset, same.onset)
    np.testing.assert_array_equal(child.offset, same.offset)
    np.testing.assert_array_equal(child.label, same.label)


def test_three_forms_of_one_coding_are_equal():
    project = open_intervals(DATA / MICE / "test-multi-behaviors.boris")
    table = open_intervals(DATA / MICE / "test-simultaneous-events.csv")
    assert project.drop_attrs().identical(table.drop_attrs())
    own = open_intervals(DATA / TALK / "test.eaf")
    export = open_intervals(DATA / TALK / "test.eaf.tsv")
    for intervals in (own, export):
        assert Counter(intervals.tier.values.tolist()) == {
            "Person1 (Utterance)": 8, "marker": 3, "Person1 (Chunk)": 12, "Person1 (ChunkLanguage)": 12,
            "Person1 (Language)": 8,
        }  # fmt: skip
    columns = ["onset", "offset", "label", "tier", "subject"]
    tables = [x.to_dataframe()[columns].sort_values(columns, ignore_index=True) for x in (own, export)]
    pd.testing.assert_frame_equal(*tables)


def test_times_equal_those_of_the_csv_module():
    name = DATA / BORIS / "test_export_aggregated_events_test_full_1.tsv"
    with name.open(newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    intervals = open_intervals(name)
    np.testing.assert_array_equal(intervals.onset, [float(row["Start (s)"]) for row in rows])
    np.testing.assert_array_equal(intervals.offset, [float(row["Stop (s)"]) for row in rows])
    assert intervals.tier.values.tolist() == [row["Observation id"] for row in rows]
    assert [name or "No focal subject" for name in intervals.subject.values.tolist()] == [
        row["Subject"] for row in rows
    ]
