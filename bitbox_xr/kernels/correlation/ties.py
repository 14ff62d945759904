"""The tie rule, which decides between lags with equal correlations.

Correlations that differ by no more than `TIE` count as equal, because rounding could order them either way. Candidates
are compared by |r| or, where the sign counts (`signed`), by r:

1. A candidate replaces the best so far if it exceeds it by more than `TIE`, or if there is no best yet (NaN). A NaN
   never replaces anything. `beats` is this comparison.
2. Candidates are compared in the order of preference of their lags, so the preferred one of two lags that tie stays.
   With `nearest`, the lag nearest to zero comes first, and of two lags equally far from zero the negative one. Without
   it, the order is reversed. `ordered` sorts lags by preference, `precedes` compares two lags.
3. Of several candidates with the same lag, only the highest is compared with other lags.

The tiles go through the lags in order, so they apply only rule 1. Correlations computed directly come after the tiles,
out of order. `enter` applies all three rules, so that the result does not depend on the order.
"""

from collections.abc import Iterable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from bitbox_xr.kernels.jit import kernel_part

__all__ = ["TIE", "beats", "enter", "ordered", "precedes"]

TIE = 1e-6  # correlations that differ by no more are ties


# --- rule 1


@intrinsic
def beats(typing: Any, rival: Any, held: Any) -> Any:
    """Whether `rival` replaces `held`: rival > held + TIE, or `held` is NaN."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rival, held = args
        bar = builder.fadd(held, ir.Constant(held.type, TIE))
        return builder.or_(builder.fcmp_ordered(">", rival, bar), builder.fcmp_unordered("uno", bar, bar))

    return types.boolean(types.float64, types.float64), codegen


# --- rule 2


@kernel_part
def precedes(lag, other, nearest):
    """Whether `lag` is preferred to `other` if their correlations tie. A lag is not preferred to itself."""
    first, second = (lag, other) if nearest else (other, lag)
    return abs(first) < abs(second) or (abs(first) == abs(second) and first < second)


def ordered(lags: Iterable[int], *, nearest: bool) -> list[int]:
    """Sort distinct lags by preference.

    >>> ordered([-2, -1, 0, 1, 2], nearest=True)
    [0, -1, 1, -2, 2]
    >>> ordered([-2, -1, 0, 1, 2], nearest=False)
    [2, -2, 1, -1, 0]
    """
    return sorted(lags, key=lambda lag: (abs(lag), lag), reverse=not nearest)


# --- out of order


@kernel_part
def enter(best, lag, cell, r, seconds, signed, nearest):
    """Update `best[cell]` and `lag[cell]` with the correlation `r` at lag `seconds`, in any order of lags."""
    if r != r:
        return
    held, rival = (best[cell], r) if signed else (abs(best[cell]), abs(r))
    preferred = rival >= held - TIE and precedes(seconds, lag[cell], nearest)
    higher = rival > held and seconds == lag[cell]
    if beats(rival, held) or preferred or higher:
        best[cell] = r
        lag[cell] = seconds
