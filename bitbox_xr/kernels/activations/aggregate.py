"""Choice between the candidates of all scales: one activation where several scales have a maximum."""

import numpy as np

from bitbox_xr.kernels.jit import kernel, kernel_part

__all__ = ["strongest"]

ANY_KIND = 2**30  # larger than the difference of any two kinds


@kernel
def strongest(
    row: np.ndarray,
    frame: np.ndarray,
    first: np.ndarray,
    sign: np.ndarray,
    score: np.ndarray,
    apart: int,
    shape: tuple[int, int],
) -> np.ndarray:
    """The positive candidates that remain if those of one row nearer than `apart` frames are one activation.

    Candidates are those of the first scale, then of the next one, sorted by row and frame, in rows of this `shape`
    `(row, frame)`. Those of scale number k begin at `first[k]`. First, a candidate is removed if another of the same
    sign, at the same or a neighbouring scale and nearer than `apart`, has a higher `sign · score`. Then the remaining
    candidates of both signs are accepted in order of their absolute score, each unless an accepted one is nearer than
    `apart`. Of equal candidates the first one in time wins, and at one time that of the shortest scale. `score` is
    float32, so that rounding errors do not decide between equals. Returns the index, row, frame and number of the scale
    of each as rows of an array, sorted by row and frame.
    """
    (rows, frames), scales, n = shape, len(first) - 1, len(frame)
    kept = np.empty((4, n), np.int64)
    places = np.empty(frames + 1, np.int32)
    order, at, kind, size = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.float32)
    start = first[:-1].copy()  # of the candidates of this row, at each scale
    stop = start.copy()
    found = 0
    for r in range(rows):
        places[:] = 0
        for k in range(scales):
            while stop[k] < first[k + 1] and row[stop[k]] == r:
                places[frame[stop[k]] + 1] += 1
                stop[k] += 1
        for t in range(frames):
            places[t + 1] += places[t]
        count = places[frames]
        for k in range(scales):
            for i in range(start[k], stop[k]):
                place = places[frame[i]]
                places[frame[i]] += 1
                order[place], at[place] = i, frame[i]
                # kinds of one sign and of neighbouring scales differ by at most 1
                kind[place], size[place] = sign[i] * (k + 2), sign[i] * score[i]
            start[k] = stop[k]
        lost = beaten(at[:count], kind[:count], size[:count], apart, 1, False)
        left = 0
        for i in range(count):
            order[left], at[left], kind[left], size[left] = order[i], at[i], kind[i], abs(size[i])
            left += 1 - lost[i]
        state = accepted(at[:left], kind[:left], size[:left], apart)
        for i in range(left):
            kept[0, found], kept[1, found], kept[2, found], kept[3, found] = order[i], r, at[i], kind[i] - 2
            found += (state[i] > 0) & (kind[i] > 0)
    return kept[:, :found]


@kernel_part
def beaten(
    frame: np.ndarray, kind: np.ndarray, size: np.ndarray, apart: int, kinds: int, first_wins: bool
) -> np.ndarray:
    """Mark the candidates for which another one, nearer than `apart`, has a larger size.

    Only candidates whose kinds are at most `kinds` apart are compared. With `first_wins`, the first one of candidates
    of equal size has the larger one.
    """
    n = len(frame)
    out = np.zeros(n, np.int8)
    step, near = 1, True
    while near:  # each candidate and the one `step` places after it: without branches, to use vector instructions
        count = 0
        for i in range(n - step):
            count += frame[i + step] - frame[i] < apart
        near = count > 0
        for i in range(n - step):
            rivals = (frame[i + step] - frame[i] < apart) & (abs(kind[i + step] - kind[i]) <= kinds)
            out[i] |= rivals & (size[i] < size[i + step])
        for i in range(n - step):
            rivals = (frame[i + step] - frame[i] < apart) & (abs(kind[i + step] - kind[i]) <= kinds)
            out[i + step] |= rivals & ((size[i] > size[i + step]) | (first_wins & (size[i] == size[i + step])))
        step += 1
    return out


@kernel_part
def accepted(frame: np.ndarray, kind: np.ndarray, strength: np.ndarray, apart: int) -> np.ndarray:
    """1 for the frames that are accepted in order of `strength`, and -1 for the others.

    A frame is accepted unless an accepted one is nearer than `apart`. Sorting is not needed: a frame is accepted if no
    undecided frame near it is stronger, and rejected if an accepted one is near. This decides most frames at once.
    """
    n = len(frame)
    weaker = beaten(frame, kind, strength, apart, ANY_KIND, True)
    won = np.empty(n, np.float32)
    for i in range(n):
        won[i] = 1 - weaker[i]
    near = beaten(frame, kind, won, apart, ANY_KIND, False)
    state = np.empty(n, np.int8)
    for i in range(n):
        state[i] = 1 - weaker[i] - near[i]  # 1: none near is stronger; -1: one that won is near; 0: undecided
    decide(frame, strength, apart, state)
    return state


@kernel_part
def decide(frame: np.ndarray, strength: np.ndarray, apart: int, state: np.ndarray) -> None:
    """Accept or reject the frames whose `state` is 0, as in `accepted`.

    Passes alternate in direction, so that one pass decides a whole sequence of rising strength.
    """
    n, left, forward = len(frame), 0, True
    for i in range(n):
        left += state[i] == 0
    while left:
        for k in range(n):
            i = k if forward else n - 1 - k
            if state[i]:
                continue
            free = True
            for step in (-1, 1):
                j = i + step
                while 0 <= j < n and abs(frame[j] - frame[i]) < apart and state[i] == 0:
                    if state[j] == 1:
                        state[i] = -1
                    elif state[j] == 0 and (strength[j] > strength[i] or (strength[j] == strength[i] and j < i)):
                        free = False
                    j += step
            if free and state[i] == 0:
                state[i] = 1
            left -= state[i] != 0
        forward = not forward
