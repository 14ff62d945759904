"""The tie rule: which lag a window keeps for a pair of signals.

Correlations that differ by no more than `TIE` are equal for our purposes; rounding alone could order them either way.
Candidates *compete by* |r| or, where the sign counts (`signed`), by r:

1. A candidate replaces the best so far if it exceeds that by more than `TIE`, or if there is none yet (NaN). A NaN
   never replaces anything. `beats` is this comparison.
2. Candidates are offered in the order of preference of their lags: the lag nearest to zero first and, of two lags as
   far from zero, the negative one (`nearest`), or exactly the opposite order. So the preferred one of two lags that
   tie stays. `ordered` gives this order, `precedes` compares two lags by it.
3. Of several candidates with the same lag the highest competes.

The tiles offer each lag in order, so rule 1 is all that they apply. Correlations computed directly come after the
tiles, out of order; `enter` gives them the place that the order would have given them.
"""

from collections.abc import Iterable
from functools import cmp_to_key
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from bitbox_xr.kernels.jit import kernel

__all__ = ["TIE", "beats", "build_beats", "enter", "ordered", "precedes"]

TIE = 1e-6  # correlations that differ by no more are ties


# --- rule 1


def build_beats(builder: Any, rival: Any, held: Any) -> Any:
    """LLVM for `rival > held + TIE or isnan(held)`, of two numbers or, lane by lane, of two vectors."""
    lanes = getattr(held.type, "count", None)
    bar = builder.fadd(held, ir.Constant(held.type, TIE if lanes is None else [TIE] * lanes))
    return builder.or_(builder.fcmp_ordered(">", rival, bar), builder.fcmp_unordered("uno", bar, bar))


@intrinsic
def beats(typing: Any, rival: Any, held: Any) -> Any:
    """Whether `rival` replaces `held`, in compiled code: the comparison of `build_beats`, in float64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return build_beats(builder, *args)

    return types.boolean(types.float64, types.float64), codegen


# --- rule 2


@kernel
def precedes(lag, other, nearest):
    """Whether a tie of these two lags is decided for `lag`; a lag does not precede itself."""
    first, second = (lag, other) if nearest else (other, lag)
    return abs(first) < abs(second) or (abs(first) == abs(second) and first < second)


def ordered(lags: Iterable[int], *, nearest: bool) -> list[int]:
    """Distinct lags in order of preference.

    >>> ordered([-2, -1, 0, 1, 2], nearest=True)
    [0, -1, 1, -2, 2]
    >>> ordered([-2, -1, 0, 1, 2], nearest=False)
    [2, -2, 1, -1, 0]
    """
    before = precedes.py_func
    return sorted(lags, key=cmp_to_key(lambda lag, other: -1 if before(lag, other, nearest) else 1))


# --- out of order


@kernel
def enter(best, lag, cell, r, seconds, signed, nearest):
    """Offer the correlation `r` at lag `seconds` to `best[cell]` and `lag[cell]`, whatever was offered before."""
    if r != r:
        return
    held, rival = (best[cell], r) if signed else (abs(best[cell]), abs(r))
    preferred = rival >= held - TIE and precedes(seconds, lag[cell], nearest)
    higher = rival > held and seconds == lag[cell]
    if beats(rival, held) or preferred or higher:
        best[cell] = r
        lag[cell] = seconds
