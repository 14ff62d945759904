"""Methods of the `.bitbox` accessor that measure one face or head."""

import xarray as xr

import bitbox_xr as bx
from bitbox_xr.core.types import NoiseLike, ScalesLike
from bitbox_xr.measures.asymmetry import Range
from bitbox_xr.measures.motion import FramesLike

__all__ = ["FaceMethods"]


class FaceMethods:
    """Expressivity, asymmetry and motion of one person; see the functions of the same names."""

    _x: xr.DataArray

    def expressivity(
        self,
        *,
        scales: "ScalesLike" = None,
        aggregate: bool = False,
        robust: bool = False,
        precision: int = 16,
        min_rise: float | None = None,
        false_alarms_per_minute: float | None = None,
        noise: "NoiseLike" = None,
        by: str | None = None,
        fps: float | None = None,
    ) -> xr.Dataset:
        """Count the activations (rises and falls) of each signal at `scales` (s), and measure their magnitudes.

        See `bitbox_xr.expressivity` on all options.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> face.bitbox.expressivity(scales=[1, 2]).activations_per_minute.sel(coefficient="AU12").round(1).values
        array([54., 26.])
        >>> face.bitbox.expressivity(scales=[1, 2], min_rise=0.1).activations_per_minute.sel(coefficient="AU12").values
        array([5., 5.])
        """
        return bx.expressivity(
            self._x,
            scales=scales,
            aggregate=aggregate,
            robust=robust,
            precision=precision,
            min_rise=min_rise,
            false_alarms_per_minute=false_alarms_per_minute,
            noise=noise,
            by=by,
            fps=fps,
        )

    def events(
        self,
        *,
        scales: "ScalesLike" = None,
        aggregate: bool = False,
        precision: int = 16,
        min_rise: float | None = None,
        false_alarms_per_minute: float | None = None,
        noise: "NoiseLike" = None,
        fps: float | None = None,
    ) -> xr.Dataset:
        """List the activations (rises and falls) of each signal, with time, magnitude and width.

        See `bitbox_xr.events` on all options.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> found = face.bitbox.events(scales=[1, 2], aggregate=True)
        >>> found.time[found.coefficient == "AU12"].values[:3].round(2)
        array([1.5 , 2.77, 4.07])
        """
        return bx.events(
            self._x,
            scales=scales,
            aggregate=aggregate,
            precision=precision,
            min_rise=min_rise,
            false_alarms_per_minute=false_alarms_per_minute,
            noise=noise,
            fps=fps,
        )

    def diversity(
        self,
        *,
        scales: "ScalesLike" = None,
        aggregate: bool = False,
        robust: bool = False,
        magnitude: bool = True,
        precision: int = 16,
        min_rise: float | None = None,
        false_alarms_per_minute: float | None = None,
        noise: "NoiseLike" = None,
        by: str | None = None,
        fps: float | None = None,
    ) -> xr.Dataset:
        """Measure how evenly activations are spread over signals: 0 if one has all, 1 if all have the same share.

        See `bitbox_xr.diversity` on all options.

        >>> from bitbox_xr.demo import make_face
        >>> face, _ = make_face()
        >>> face.bitbox.diversity(scales=[1, 2]).overall.round(2).values
        array([0.98, 0.97])
        """
        return bx.diversity(
            self._x,
            scales=scales,
            aggregate=aggregate,
            robust=robust,
            magnitude=magnitude,
            precision=precision,
            min_rise=min_rise,
            false_alarms_per_minute=false_alarms_per_minute,
            noise=noise,
            by=by,
            fps=fps,
        )

    def asymmetry(self, *, reference: "tuple[Range, Range] | None" = None, fps: float | None = None) -> xr.Dataset:
        """Measure the asymmetry of each facial feature: see `bitbox_xr.asymmetry`.

        >>> import numpy as np
        >>> face = np.random.default_rng(0).normal(size=(2, 153))
        >>> result = bx.signals(face, kind="landmark-can", fps=30).bitbox.asymmetry()
        >>> result.asymmetry.sel(feature="eye").round(2).values
        array([3.01, 2.74])
        """
        return bx.asymmetry(self._x, reference=reference, fps=fps)

    def kinematics(self, *, angular: bool = False, by: str | None = None, fps: float | None = None) -> xr.Dataset:
        """Measure range, path, mean speed and mean acceleration of landmarks, or of the head.

        See `bitbox_xr.kinematics` on all options.

        >>> import numpy as np
        >>> head = bx.signals(np.outer(np.arange(30), [0.1, 0, 0, 0, 0, 0]), kind="pose", fps=30)
        >>> found = head.bitbox.kinematics()
        >>> found.speed.round(3).item(), found.speed.attrs["units"]
        (3.0, 'mm/s')
        """
        return bx.kinematics(self._x, angular=angular, by=by, fps=fps)

    def smoothness(self, *, angular: bool = False, by: str | None = None, fps: float | None = None) -> xr.Dataset:
        """Measure how smoothly points move: see `bitbox_xr.smoothness`.

        >>> import numpy as np
        >>> head = bx.signals(np.outer(np.sin(np.arange(30) / 5), [0, 0, 0, 0, 0.1, 0]), kind="pose", fps=30)
        >>> head.bitbox.smoothness(angular=True).ldj.round(2).item()
        -2.92
        """
        return bx.smoothness(self._x, angular=angular, by=by, fps=fps)

    def relative_motion(
        self,
        *,
        reference: "FramesLike" = "mean",
        angular: bool = False,
        by: str | None = None,
        fps: float | None = None,
    ) -> xr.Dataset:
        """Measure how far points are from a reference position: see `bitbox_xr.relative_motion`.

        >>> import numpy as np
        >>> head = bx.signals(np.outer(np.arange(30), [0.1, 0, 0, 0, 0, 0]), kind="pose", fps=30)
        >>> head.bitbox.relative_motion(reference=0).distance_max.round(3).item()
        2.9
        """
        return bx.relative_motion(self._x, reference=reference, angular=angular, by=by, fps=fps)
