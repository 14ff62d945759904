"""The progress bar: shown for long work on terminals, removed at the end."""

import io
import sys

from bitbox_xr.core import progress


class Screen(io.StringIO):
    def isatty(self):
        return True


def screen(monkeypatch, min_duration):
    shown = Screen()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(progress, "MIN_DURATION_S", min_duration)
    return shown


def test_the_bar_counts_finished_items(monkeypatch):
    shown = screen(monkeypatch, min_duration=-1.0)
    passed = progress.tracked(iter("abc"), 3, "surrogates")
    assert [next(passed), next(passed)] == ["a", "b"]
    assert "surrogates" in shown.getvalue()
    assert "1/3" in shown.getvalue()  # a is finished when b is requested
    assert list(passed) == ["c"]
    assert shown.getvalue().endswith("\r")  # the line is cleared


def test_no_bar_for_short_work_or_without_a_terminal(monkeypatch):
    shown = screen(monkeypatch, min_duration=60.0)
    assert list(progress.tracked(iter("abc"), 3)) == ["a", "b", "c"]
    shown = screen(monkeypatch, min_duration=-1.0)
    shown.isatty = lambda: False
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert list(progress.tracked(iter("abc"), 3)) == ["a", "b", "c"]
    assert shown.getvalue() == ""


def test_the_bar_is_removed_if_the_work_stops(monkeypatch):
    shown = screen(monkeypatch, min_duration=-1.0)
    passed = progress.tracked(iter("abc"), 3)
    assert [next(passed), next(passed)] == ["a", "b"]
    passed.close()  # as when a generator is garbage-collected
    assert shown.getvalue().endswith("\r")
