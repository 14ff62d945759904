"""Methods of the `.bitbox` accessor that compare the signals with those of another recording."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

import bitbox_xr as bx
from bitbox_xr.core.types import (
    EventSurrogates,
    MeasureOfTwo,
    NoiseLike,
    PairsOf,
    ScalesLike,
    SignalsLike,
    Statistic,
    Surrogates,
)

__all__ = ["PairMethods"]


class PairMethods:
    """Imitation and coordination of `x` with `y`, and their tests; see the functions of the same names."""

    _x: xr.DataArray

    def imitation(
        self,
        y: "SignalsLike",
        *,
        width: float = 0.5,
        step: float | None = None,
        max_lag: float | None = None,
        causal: bool = True,
        polarity: bool = True,
        min_valid: float = 0.75,
        by: str | None = None,
        fps: float | None = None,
        stats: bool = False,
    ) -> xr.Dataset:
        """Correlate each signal with each of y in windows of `width` s, at the best lag up to `max_lag` s before.

        A negative lag means that these signals follow y. See `bitbox_xr.imitation` on all options.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.imitation(model, width=2, step=1, max_lag=1)
        >>> result.lag.sel(signal1="AU12", signal2="AU12").values[:3]
        array([-0.4       , -0.4       , -0.46666667], dtype=float32)
        """
        return bx.imitation(
            self._x,
            y,
            width=width,
            step=step,
            max_lag=max_lag,
            causal=causal,
            polarity=polarity,
            min_valid=min_valid,
            by=by,
            fps=fps,
            stats=stats,
        )

    def coordination(
        self,
        y: "SignalsLike | None" = None,
        *,
        width: float = 0.5,
        step: float | None = None,
        max_lag: float | None = None,
        polarity: bool = True,
        min_valid: float = 0.75,
        by: str | None = None,
        fps: float | None = None,
        stats: bool = False,
    ) -> xr.Dataset:
        """Correlate each signal with each of y in windows of `width` s, at the best lag, whoever leads.

        Without y: the signals with each other. See `bitbox_xr.coordination` on all options.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> result = child.bitbox.coordination(model, width=2, step=1, max_lag=1, stats=True)
        >>> result.corr_mean.sel(signal1="AU12", signal2="AU12").round(2).item()
        0.88
        """
        return bx.coordination(
            self._x,
            y,
            width=width,
            step=step,
            max_lag=max_lag,
            polarity=polarity,
            min_valid=min_valid,
            by=by,
            fps=fps,
            stats=stats,
        )

    def lag_profile(
        self,
        y: "SignalsLike | None" = None,
        *,
        measure: MeasureOfTwo = "imitation",
        by: str | None = None,
        width: float = 0.5,
        step: float | None = None,
        max_lag: float | None = None,
        causal: bool = True,
        polarity: bool = True,
        min_valid: float = 0.75,
        fps: float | None = None,
    ) -> xr.Dataset:
        """Average the correlation of each pair over windows, at each lag: the best lag estimates the delay.

        See `bitbox_xr.lag_profile` on all options.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> profile = child.bitbox.lag_profile(model, width=2, step=1, max_lag=1)
        >>> profile.best_lag.sel(signal1="AU12", signal2="AU12").item()
        -0.4
        """
        return bx.lag_profile(
            self._x,
            y,
            measure=measure,
            by=by,
            width=width,
            step=step,
            max_lag=max_lag,
            causal=causal,
            polarity=polarity,
            min_valid=min_valid,
            fps=fps,
        )

    def significance(
        self,
        y: "SignalsLike | None" = None,
        *,
        measure: MeasureOfTwo = "imitation",
        statistic: Statistic | None = None,
        surrogates: Surrogates = "shift",
        n: int = 199,
        rng: int | np.random.Generator | None = None,
        pairs: PairsOf = "all",
        partners: "Sequence[SignalsLike] | None" = None,
        by: str | None = None,
        progress: bool | None = None,
        width: float = 0.5,
        step: float | None = None,
        max_lag: float | None = None,
        causal: bool = True,
        polarity: bool = True,
        min_valid: float = 0.75,
        fps: float | None = None,
    ) -> xr.Dataset:
        """Test imitation or coordination against chance: p-values of each pair, from `n` surrogates of y.

        See `bitbox_xr.significance` on all options.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=1)
        >>> found = child.bitbox.significance(model, width=2, step=1, max_lag=1, n=19, rng=0, progress=False)
        >>> found.p.sel(signal1="AU12", signal2="AU12").item()
        0.05
        """
        return bx.significance(
            self._x,
            y,
            measure=measure,
            statistic=statistic,
            surrogates=surrogates,
            n=n,
            rng=rng,
            pairs=pairs,
            partners=partners,
            by=by,
            progress=progress,
            width=width,
            step=step,
            max_lag=max_lag,
            causal=causal,
            polarity=polarity,
            min_valid=min_valid,
            fps=fps,
        )

    def contingency(
        self,
        y: "SignalsLike | None" = None,
        *,
        min_latency: float = 0.0,
        max_latency: float = 2.0,
        scales: "ScalesLike" = (0.5, 1.0, 2.0, 4.0),
        min_rise: float | None = None,
        false_alarms_per_minute: float | None = 1.0,
        noise: "NoiseLike" = None,
        surrogates: EventSurrogates = "shift",
        n: int = 199,
        rng: int | np.random.Generator | None = None,
        pairs: PairsOf = "all",
        partners: "Sequence[SignalsLike] | None" = None,
        by: str | None = None,
        progress: bool | None = None,
        fps: float | None = None,
    ) -> xr.Dataset:
        """Measure how often these signals answer activations of y within `max_latency` s, and by chance.

        See `bitbox_xr.contingency` on all options.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=2)
        >>> found = child.bitbox.contingency(model, min_rise=0.2, max_latency=1, rng=0, progress=False)
        >>> found.answered_above_chance.sel(signal1="AU12", signal2="AU12").round(2).item()
        0.9
        """
        return bx.contingency(
            self._x,
            y,
            min_latency=min_latency,
            max_latency=max_latency,
            scales=scales,
            min_rise=min_rise,
            false_alarms_per_minute=false_alarms_per_minute,
            noise=noise,
            surrogates=surrogates,
            n=n,
            rng=rng,
            pairs=pairs,
            partners=partners,
            by=by,
            progress=progress,
            fps=fps,
        )

    def lag_map(
        self,
        y: "SignalsLike | None" = None,
        *,
        pair: tuple[str, str],
        measure: MeasureOfTwo = "imitation",
        width: float = 0.5,
        step: float | None = None,
        max_lag: float | None = None,
        causal: bool = True,
        polarity: bool = True,
        min_valid: float = 0.75,
        fps: float | None = None,
    ) -> xr.DataArray:
        """Compute the correlation of one pair in every window at every lag: see `bitbox_xr.lag_map`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=0.5)
        >>> found = child.bitbox.lag_map(model, pair=("AU12", "AU12"), width=2, step=1, max_lag=1)
        >>> found.mean("window").idxmax("lag").round(3).item()
        -0.4
        """
        return bx.lag_map(
            self._x,
            y,
            pair=pair,
            measure=measure,
            width=width,
            step=step,
            max_lag=max_lag,
            causal=causal,
            polarity=polarity,
            min_valid=min_valid,
            fps=fps,
        )

    def surrogate_windows(
        self,
        y: "SignalsLike | None" = None,
        *,
        pair: tuple[str, str],
        measure: MeasureOfTwo = "imitation",
        surrogates: Surrogates = "shift",
        n: int = 199,
        rng: int | np.random.Generator | None = None,
        partners: "Sequence[SignalsLike] | None" = None,
        width: float = 0.5,
        step: float | None = None,
        max_lag: float | None = None,
        causal: bool = True,
        polarity: bool = True,
        min_valid: float = 0.75,
        fps: float | None = None,
    ) -> xr.Dataset:
        """Compare one pair with its surrogates, window by window: see `bitbox_xr.surrogate_windows`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=1)
        >>> options = {"n": 19, "rng": 0, "width": 2, "step": 1, "max_lag": 1}
        >>> found = child.bitbox.surrogate_windows(model, pair=("AU12", "AU12"), **options)
        >>> found.null_corr.sizes
        Frozen({'surrogate': 19, 'window': 57})
        """
        return bx.surrogate_windows(
            self._x,
            y,
            pair=pair,
            measure=measure,
            surrogates=surrogates,
            n=n,
            rng=rng,
            partners=partners,
            width=width,
            step=step,
            max_lag=max_lag,
            causal=causal,
            polarity=polarity,
            min_valid=min_valid,
            fps=fps,
        )

    def surrogate_profiles(
        self,
        y: "SignalsLike | None" = None,
        *,
        pair: tuple[str, str],
        measure: MeasureOfTwo = "imitation",
        surrogates: Surrogates = "shift",
        n: int = 199,
        rng: int | np.random.Generator | None = None,
        partners: "Sequence[SignalsLike] | None" = None,
        width: float = 0.5,
        step: float | None = None,
        max_lag: float | None = None,
        causal: bool = True,
        polarity: bool = True,
        min_valid: float = 0.75,
        fps: float | None = None,
    ) -> xr.Dataset:
        """Compare the lag profile of one pair with those of its surrogates: see `bitbox_xr.surrogate_profiles`.

        >>> from bitbox_xr.demo import make_pair
        >>> child, model, _ = make_pair(minutes=1)
        >>> options = {"n": 19, "rng": 0, "width": 2, "step": 1, "max_lag": 1}
        >>> found = child.bitbox.surrogate_profiles(model, pair=("AU12", "AU12"), **options)
        >>> found.null_profile.sizes
        Frozen({'surrogate': 19, 'lag': 31})
        """
        return bx.surrogate_profiles(
            self._x,
            y,
            pair=pair,
            measure=measure,
            surrogates=surrogates,
            n=n,
            rng=rng,
            partners=partners,
            width=width,
            step=step,
            max_lag=max_lag,
            causal=causal,
            polarity=polarity,
            min_valid=min_valid,
            fps=fps,
        )
