"""How many surrogates a test needs, and what to say of a test with fewer."""

from bitbox_xr.core.types import Attrs

__all__ = ["ALPHA", "ASKED", "ENOUGH", "limit_text", "smallest_p", "too_few", "too_few_text"]

ALPHA = 0.05
ENOUGH = 19  # surrogates: with fewer, no p is ALPHA or less
ASKED = "n_asked"  # attribute of a test with fewer surrogates than asked for: the number asked for
LIMITS = {"permute": "the intervals allow", "partners": "there are partners"}  # by kind of surrogate


def smallest_p(n: int) -> str:
    """The smallest possible p with this number of surrogates, as text.

    >>> smallest_p(ENOUGH), smallest_p(7)
    ('.050', '.125')
    """
    return f"{1 / (n + 1):.3f}".removeprefix("0")


def limit_text(kind: str, *, by: bool) -> str:
    """Why there are fewer surrogates of this kind than asked for; with `by`, each label has a number.

    >>> limit_text("shift", by=False), limit_text("shift", by=True), limit_text("partners", by=False)
    ('as many as the recording allows', 'as many as the intervals allow', 'as many as there are partners')
    """
    return f"as many as {LIMITS.get(kind, 'the intervals allow' if by else 'the recording allows')}"


def too_few(attrs: Attrs) -> bool:
    """Whether the result of a test has too few surrogates for p ≤ .05.

    Its z is then unreliable too, because the spread of the surrogates is estimated from few values.
    """
    return "n" in attrs and "surrogates" in attrs and int(str(attrs["n"])) < ENOUGH


def too_few_text(attrs: Attrs) -> str:
    """A note on a test with too few surrogates; "" if there are enough.

    >>> too_few_text({"surrogates": "shift", "n": 7})
    'with 7 surrogates the smallest possible p is .125, and z is unreliable'
    >>> too_few_text({"surrogates": "shift", "n": 199})
    ''
    """
    if not too_few(attrs):
        return ""
    n = int(str(attrs["n"]))
    what = "surrogate" if n == 1 else "surrogates"
    return f"with {n} {what} the smallest possible p is {smallest_p(n)}, and z is unreliable"
