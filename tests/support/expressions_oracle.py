"""Slow and simple definitions of mirrored ends and of expressions, for one signal, to compare the package with."""

import numpy as np
import pywt
from scipy.ndimage import gaussian_filter1d


def mirrored_response(y, scale, precision=16):
    """The smoothed transform of a signal that is continued as its mirror image, by PyWavelets."""
    reach = int(16 * scale) + 20
    smooth = np.pad(gaussian_filter1d(y - y.mean(), 1.0), reach, mode="symmetric")
    transformed = pywt.cwt(smooth, scale, "mexh", precision=precision)[0][0][reach:-reach]
    return gaussian_filter1d(transformed, 1.0)


def reach(scale):
    """Frames on each side of the middle of the shortest mean, which is over a quarter of four scales."""
    return max(1, round(scale / 2))


def lowest(y, first, last, scale):
    """The least mean over a third of the frames between two activations (at most 2 durations, at least a quarter)."""
    half = reach(scale)
    width = min(round((last - first) / 3), round(8 * scale))
    inside = range(first, last + 1)
    if width < 2 * half + 1:  # means whose middles are between the two
        width, inside = 2 * half + 1, range(max(first - half, 0), min(last + half, len(y) - 1) + 1)
    width = min(width, len(inside))
    return min(y[t : t + width].mean() for t in inside[: len(inside) - width + 1])


def level(y, frame, scale):
    """The mean over a quarter of the duration, which is four scales, around an activation."""
    return y[max(frame - reach(scale), 0) : frame + reach(scale) + 1].mean()


def owner(y, frames, scales, rises, i):
    """The next stronger activation to whose expression activation `i` belongs, or `i`."""
    fallen, owners = level(y, frames[i], scales[i]) - rises[i] / 2, []
    for others in (range(i - 1, -1, -1), range(i + 1, len(frames))):
        stronger = [j for j in others if (rises[j], -j) > (rises[i], -i)]
        if not stronger:
            continue
        j = stronger[0]
        between = min(lowest(y, frames[k], frames[k + 1], scales[i]) for k in range(min(i, j), max(i, j)))
        if between > fallen:
            owners.append((between, rises[j], -j))
    return -max(owners)[2] if owners else i


def expressions(y, frames, scales, rises):
    """For each activation, the strongest one of its expression."""
    out = []
    for i in range(len(frames)):
        at = i
        while owner(y, frames, scales, rises, at) != at:
            at = owner(y, frames, scales, rises, at)
        out.append(at)
    return out
