"""Annotation files as programs write them, made from exact numbers."""

import json
import zipfile
from pathlib import Path

VARIABLES = "a,b"  # independent variables of BORIS, which users name
A1 = (
    f"Observation id,Observation date,Media file,Total media length,FPS,{VARIABLES},Subject,Behavior,Modifiers,"
    "Behavior type,Start,Stop,Comment start,Comment stop"
)
A2 = (
    f"Observation id,Observation date,Media file,Total length,FPS,{VARIABLES},Subject,Behavior,Modifiers,Behavior type,"
    "Start (s),Stop (s),Duration (s),Comment start,Comment stop"
)
A3 = (
    f"Observation id,Observation date,Description,Media file,Total length,FPS,{VARIABLES},Subject,Behavior,"
    "Behavioral category,Modifiers,Behavior type,Start (s),Stop (s),Duration (s),Comment start,Comment stop"
)
A4 = (
    f"Observation id,Observation date,Description,Observation type,Source,Total duration,Media duration (s),"
    f"FPS (frame/s),{VARIABLES},Subject,Observation duration by subject by observation,Behavior,Behavioral category,"
    "Modifier #1,Modifier #2,Behavior type,Start (s),Stop (s),Duration (s),Media file name,Image index start,"
    "Image index stop,Image file path start,Image file path stop,Comment start,Comment stop"
)
A5 = A4.replace("Total duration", "Time offset (s),Coding duration")
DELETED = "Behaviour,Start (s),Stop (s),Image index start,Image index stop"
AGGREGATED = {"A1": A1, "A2": A2, "A3": A3, "A4": A4, "A5": A5}

T1 = "Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Modifier 1,Comment,Status"
T1_2017 = "Time,Media file path,Media total length,FPS,Subject,Behavior,Comment,Status"
T2 = (
    f"Observation id,Observation date,Description,Observation duration,Observation type,Source,Media duration (s),FPS,"
    f"{VARIABLES},Subject,Behavior,Behavioral category,Modifier #1,Behavior type,Time,Media file name,Image index,"
    "Image file path,Comment"
)
T2_2024 = T2.replace("Source,", "Source,Time offset (s),")


def row(header, sep=",", **cells):
    """A row below a header with the cells of some columns; the others hold NA."""
    names = header.split(",")
    assert {*cells} <= {*names}
    return sep.join(str(cells.get(name, "NA")) for name in names)


def aggregated(header, *events, sep=",", end="\r\n"):
    """Events (subject, behaviour, STATE or POINT, start, stop) of one observation as BORIS exports them aggregated."""
    start, stop = ("Start", "Stop") if header == A1 else ("Start (s)", "Stop (s)")
    lines = [
        row(
            header,
            sep,
            **{"Observation id": "play", "Subject": who, "Behavior": what, "Behavior type": kind, start: on, stop: off},
        )
        for who, what, kind, on, off in events
    ]
    return end.join([header.replace(",", sep), *lines, ""])


def below_preamble(*presses, header=T1, sep=",", end="\r\n"):
    """Key presses (time, subject, behaviour, action) of one observation as BORIS up to 8.9.3 exports them."""
    width = header.count(",")
    preamble = [
        ["Observation id", "play"], [], ["Media file(s)"], [], ["Player #1", "video.mp4"], [], ["Observation date",
        "2017-01-31 10:00:00"], [], ["Description", "Time, and Status"], [], ["Time offset (s)", "5.0"], [],
        ["independent variables"], ["variable", "value"], ["a", "1"], [],
    ]  # fmt: skip
    quoted = [[f'"{cell}"' if sep in cell else cell for cell in cells] for cells in preamble]
    lines = [sep.join([*cells, *[""] * (width + 1 - len(cells))]) for cells in quoted]
    lines += [header.replace(",", sep)]
    lines += [
        row(header, sep, Time=time, Subject=who, Behavior=what, Status=action) for time, who, what, action in presses
    ]
    return end.join([*lines, ""])


def flat(*presses, header=T2, sep=",", end="\r\n"):
    """Key presses (observation, time, subject, behaviour, modifier, action) as later versions of BORIS export them."""
    lines = [
        row(
            header,
            sep,
            **{"Observation id": id, "Time": time, "Subject": who, "Behavior": what, "Modifier #1": how,
               "Behavior type": action},
        )
        for id, time, who, what, how, action in presses
    ]  # fmt: skip
    return end.join([header.replace(",", sep), *lines, ""])


def project(observations, states=("look",), points=("blink",)):
    """A project of BORIS: observations by name, each a list of events (time, subject, behaviour, modifiers)."""
    behaviours = [(code, "State event") for code in states] + [(code, "Point event") for code in points]
    return json.dumps(
        {
            "time_format": "hh:mm:ss",
            "project_format_version": "7.0",
            "subjects_conf": {},
            "behaviors_conf": {str(i): {"code": code, "type": kind} for i, (code, kind) in enumerate(behaviours)},
            "observations": {
                name: {"type": "LIVE", "time offset": 7.0, "events": [[*event, ""] for event in events]}
                for name, events in observations.items()
            },
        }
    )


def eaf(tiers, slots, types=(), *, header='TIME_UNITS="milliseconds"', media=""):
    """A file of ELAN: tiers (attributes, annotations) as XML, slots in ms (None: without a time), types of tiers."""
    order = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="{name}"' + ("/>" if value is None else f' TIME_VALUE="{value}"/>')
        for name, value in slots.items()
    )
    body = "".join(f"<TIER {attributes}>{''.join(annotations)}</TIER>" for attributes, annotations in tiers)
    kinds = "".join(
        f'<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="{name}" CONSTRAINTS="{constraint}"/>' for name, constraint in types
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT FORMAT="3.0" VERSION="3.0">'
        f"<HEADER {header}>{media}</HEADER><TIME_ORDER>{order}</TIME_ORDER>{body}{kinds}</ANNOTATION_DOCUMENT>"
    )


def timed(id, first, last, text):
    """An annotation of ELAN with slots."""
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{id}" TIME_SLOT_REF1="{first}" TIME_SLOT_REF2="{last}">'
        f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def referring(id, parent, text, previous=None):
    """An annotation of ELAN that refers to another one."""
    chain = f' PREVIOUS_ANNOTATION="{previous}"' if previous else ""
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{id}" ANNOTATION_REF="{parent}"{chain}>'
        f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 4.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = " turns "
        xmin = 0
        xmax = 4.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = ""
        intervals [2]:
            xmin = 1.5
            xmax = 3
            text = "says ""n\u00e9""! <x> 7"
        intervals [3]:
            xmin = 3
            xmax = 4.5
            text = "$silence$"
    item [2]:
        class = "TextTier"
        name = "bell"
        xmin = 0
        xmax = 4.5
        points: size = 1
        points [1]:
            number = 2.25
            mark = "ding"
"""
SHORT_TEXTGRID = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n4.5\n<exists>\n2\n"IntervalTier"\n" turns "\n0\n4.5\n3\n'
    '0\n1.5\n""\n1.5\n3\n"says ""n\u00e9""! <x> 7"\n3\n4.5\n"$silence$"\n"TextTier"\n"bell"\n0\n4.5\n1\n2.25\n"ding"\n'
)
ELANS_TEXTGRID = TEXTGRID.replace("item [", "item[").replace("]:\n            xmin", "]\n            xmin")

DATABASE = (
    "#4\nlooks (MATRIX,true,)-target|NOMINAL,certain|NOMINAL\n00:00:01:500,00:00:03:000,(toy\\, red,1)\n"
    "00:01:00:000,00:00:00:000,(face,0)\nphase (NOMINAL,true,)\n00:00:00:000,00:02:00:000,play\n"
)


def opf(path, text=DATABASE, name="db"):
    """A project of Datavyu."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project", "!project\n")
        archive.writestr(name, text)
    return Path(path)
