"""The bar of long work: shown after a while, to somebody who looks, and gone when the work is done."""

import io
import sys

from bitbox_xr.core import progress


class Screen(io.StringIO):
    def isatty(self):
        return True


def screen(monkeypatch, patience):
    shown = Screen()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(progress, "MIN_DURATION_S", patience)
    return shown


def test_a_bar_counts_what_is_done(monkeypatch):
    shown = screen(monkeypatch, patience=-1.0)
    passed = progress.tracked(iter("abc"), 3, "surrogates")
    assert [next(passed), next(passed)] == ["a", "b"]
    assert "surrogates" in shown.getvalue()
    assert "1/3" in shown.getvalue()  # a has been dealt with when b is asked for
    assert list(passed) == ["c"]
    assert shown.getvalue().endswith("\r")  # nothing of it is left


def test_no_bar_for_short_work_nor_where_nobody_looks(monkeypatch):
    shown = screen(monkeypatch, patience=60.0)
    assert list(progress.tracked(iter("abc"), 3)) == ["a", "b", "c"]
    shown = screen(monkeypatch, patience=-1.0)
    shown.isatty = lambda: False
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert list(progress.tracked(iter("abc"), 3)) == ["a", "b", "c"]
    assert shown.getvalue() == ""


def test_the_bar_goes_where_the_work_fails(monkeypatch):
    shown = screen(monkeypatch, patience=-1.0)
    passed = progress.tracked(iter("abc"), 3)
    assert [next(passed), next(passed)] == ["a", "b"]
    passed.close()  # as a generator that is dropped is
    assert shown.getvalue().endswith("\r")
