"""The option --format, and --face-id all, of commands that read tracker files."""

from click.testing import CliRunner

from bitbox_xr.cli import main

from trackers import openface, write


def run(*arguments):
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.stderr
    return done.output


def test_a_format_is_stated(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text('"pat" "th"\n' + "".join(f"{k} {k % 7}\n" for k in range(50)))
    text = run("info", path, "--format", "rmea", "--fps", 25)
    assert "pat, th" in text
    assert "rMEA" in text


def test_an_unknown_format_is_refused(tmp_path):
    done = CliRunner().invoke(main, ["info", str(tmp_path / "x.txt"), "--format", "excel"])
    assert done.exit_code == 1
    assert "expected --format to be one of netcdf, " in done.stderr


def test_all_faces_are_read(tmp_path):
    columns = openface(200)
    columns["face_id"] = columns["frame"] % 2
    columns["frame"] = (columns["frame"] + 1) // 2
    columns["timestamp"] = (columns["frame"] - 1) / 25
    path = write(tmp_path / "x.csv", columns)
    text = run("info", path, "--face-id", "all")
    assert "100" in text
    assert "OpenFace 2" in text

    text = run("imitation", path, path, "--face-id", "all", "--stats", "-o", tmp_path / "out.nc")
    assert "  0: strongest AU" in text
    assert "\n  1: strongest AU" in text
