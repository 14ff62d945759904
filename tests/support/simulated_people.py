"""Signals of simulated people who have nothing to do with each other, in arrays `(frame, signal)` at `FPS`."""

import numpy as np

FPS = 30


def white(rng, frames, signals):
    return rng.normal(size=(frames, signals))


def slow(rng, frames, signals, phi=0.95):
    """First-order autoregression, stationary from its first frame, of variance 1."""
    from scipy.signal import lfilter

    noise = rng.normal(size=(frames + 200, signals)) * np.sqrt(1 - phi**2)
    return lfilter([1], [1, -phi], noise, axis=0)[200:]


def bursts(rng, frames, signals, a_second=0.5, noise=0.02):
    """Rises of 0.2 to 0.7 s at random times, with the noise of a tracker."""
    t = np.arange(frames) / FPS
    out = noise * rng.normal(size=(frames, signals))
    for i in range(signals):
        for centre in rng.uniform(0, t[-1], rng.poisson(a_second * t[-1])):
            height, width = rng.uniform(0.3, 1), rng.uniform(0.1, 0.35)
            near = slice(max(0, int((centre - 5 * width) * FPS)), int((centre + 5 * width) * FPS) + 1)
            out[near, i] += height * np.exp(-0.5 * ((t[near] - centre) / width) ** 2)
    return out


def pink(rng, frames, signals):
    """Noise whose power falls with the frequency: the first half of a periodic signal, so that its ends differ."""
    frequencies = np.arange(frames + 1)
    size = np.divide(1, np.sqrt(frequencies), out=np.zeros(frames + 1), where=frequencies > 0)[:, None]
    waves = size * (rng.normal(size=(frames + 1, signals)) + 1j * rng.normal(size=(frames + 1, signals)))
    out = np.fft.irfft(waves, n=2 * frames, axis=0)[:frames]
    return out / out.std()


def floored(rng, frames, signals, share=0.7):
    """Slow signals that are exactly 0 in about `share` of the frames, as trackers with a floor give them."""
    from scipy.special import ndtri

    return np.maximum(slow(rng, frames, signals) - ndtri(share), 0)


def integers(rng, frames, signals):
    """Intensities 0 to 5, as human coders give them."""
    return np.clip(np.rint(1.5 * slow(rng, frames, signals) + 1), 0, 5)


NOISES = {"AR(.95)": slow, "bursts": bursts, "1/f": pink, "70 % zeros": floored, "integers": integers}


# --- two people who follow the same schedule


def trial_of(frames, trial):
    """Number of the trial (`trial` s long) of each frame."""
    return np.arange(frames) // round(trial * FPS)


def habituation(rng, frames, signals, trial):
    """Activity that fades in the same way in everybody, above the noise of a tracker."""
    fading = np.exp(-np.arange(frames) / (frames / 3))[:, None]
    return fading * slow(rng, frames, signals) + 0.1 * white(rng, frames, signals)


def blocks(rng, frames, signals, trial):
    """Bursts in every second trial, and only the noise of a tracker in the others."""
    active = (trial_of(frames, trial) % 2 == 0)[:, None]
    return np.where(active, bursts(rng, frames, signals, noise=0), 0) + 0.02 * white(rng, frames, signals)


def lively_blocks(rng, frames, signals, trial):
    """Slow signals with a fifth of the spread in every second trial, above the noise of a tracker."""
    active = (trial_of(frames, trial) % 2 == 0)[:, None]
    return np.where(active, 1, 0.2) * slow(rng, frames, signals) + 0.1 * white(rng, frames, signals)


def evoked(rng, frames, signals, trial):
    """A rise of every signal 0.5 to 2 s after each trial begins, above slow signals."""
    t = np.arange(frames) / FPS
    out = 0.5 * slow(rng, frames, signals)
    for onset in np.arange(0, t[-1], trial):
        centres, widths = onset + rng.uniform(0.5, 2, signals), rng.uniform(0.15, 0.35, signals)
        out += rng.uniform(1, 2, signals) * np.exp(-0.5 * ((t[:, None] - centres) / widths) ** 2)
    return out


DESIGNS = {"habituation": habituation, "blocks": blocks, "blocks of variance": lively_blocks, "evoked": evoked}
