"""Facial asymmetry: distances between the landmarks of one half of a face and the mirror image of the other half."""

import numpy as np

from bitbox_xr.kernels.finite import refuse_infinite

__all__ = ["FEATURES", "PAIRS", "asymmetry"]

# iBUG-51: numbers of the points on the left of the image, and of the matching points on the right
PAIRS = {
    "eye": ([19, 20, 21, 22, 23, 24], [28, 27, 26, 25, 30, 29]),
    "brow": ([0, 1, 2, 3, 4], [9, 8, 7, 6, 5]),
    "nose": ([14, 15], [18, 17]),
    "mouth": ([31, 32, 33, 43, 44, 50, 42, 41], [37, 36, 35, 47, 46, 48, 38, 39]),
}
FEATURES = (*PAIRS, "overall")


def asymmetry(points: np.ndarray) -> np.ndarray:
    """Asymmetry `(…, feature)` of iBUG-51 points `(…, 51, coordinate)`: the four features in `PAIRS`, and their mean.

    The points on the left are mirrored at the plane halfway between the centroids of the two sides, perpendicular to
    the line between them. The asymmetry is the mean distance between the mirrored points and their partners. If the
    centroids coincide, there is no such plane, and the points are not mirrored. Raises ValueError if a value is
    infinite.
    """
    refuse_infinite(points)
    scores = [_mirrored_distance(points[..., left, :], points[..., right, :]) for left, right in PAIRS.values()]
    return np.stack([*scores, np.mean(scores, axis=0)], axis=-1)


def _mirrored_distance(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Mean distance between the mirrored points of the left side and the points of the right side."""
    one, other = left.mean(axis=-2, keepdims=True), right.mean(axis=-2, keepdims=True)
    way = other - one
    length = np.linalg.norm(way, axis=-1, keepdims=True)
    normal = np.divide(way, length, out=np.zeros_like(way), where=length != 0)
    beyond = ((left - (one + other) / 2) * normal).sum(axis=-1, keepdims=True)
    distance: np.ndarray = np.linalg.norm(left - 2 * beyond * normal - right, axis=-1).mean(axis=-1)
    return distance
