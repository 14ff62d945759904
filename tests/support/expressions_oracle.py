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


def lowest(y, first, last, scale):
    """The least mean over a third of the frames between two activations (at least 3 frames, at most 2 durations)."""
    width = max(min(3, last - first + 1), min(round((last - first) / 3), round(8 * scale)))
    return min(y[t : t + width].mean() for t in range(first, last + 2 - width))


def level(y, frame, scale):
    """The mean over an eighth of the duration, which is four scales, around an activation."""
    half = max(1, round(scale / 4))
    return y[max(frame - half, 0) : frame + half + 1].mean()


def owner(y, frames, scales, rises, i):
    """The next stronger activation to whose expression activation `i` belongs, or `i`."""
    highest, found = level(y, frames[i], scales[i]) - rises[i] / 2, i
    for others in (range(i - 1, -1, -1), range(i + 1, len(frames))):
        stronger = [j for j in others if (rises[j], -j) > (rises[i], -i)]
        if not stronger:
            continue
        j = stronger[0]
        between = min(lowest(y, frames[k], frames[k + 1], scales[i]) for k in range(min(i, j), max(i, j)))
        if between > highest:
            highest, found = between, j
    return found


def expressions(y, frames, scales, rises):
    """For each activation, the strongest one of its expression."""
    out = []
    for i in range(len(frames)):
        at = i
        while owner(y, frames, scales, rises, at) != at:
            at = owner(y, frames, scales, rises, at)
        out.append(at)
    return out
