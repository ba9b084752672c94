"""The rule that judges every detector of this bench, peers and ours alike. Knows no detector.

One to one, best score first: a detection finds the nearest free crater whose centre lies within
max(2 px, half its radius) and whose radius is between half and twice the detection's. Craters smaller than the
floor, or cut by the edge of the picture, are "don't care": what finds them counts neither way, and so do
detections smaller than the floor.
"""

import numpy as np


def matches(craters, detections, width, height, floor_px):
    """(score, is_true) of each detection that counts, and the number of craters that count.

    craters: rows of x, y, radius; detections: rows of x, y, radius, score. Pixels.
    """
    craters = np.asarray(craters, float).reshape(-1, 3)
    detections = np.asarray(detections, float).reshape(-1, 4)
    x, y, radius = craters.T
    is_whole = (x - radius >= 0) & (y - radius >= 0) & (x + radius <= width) & (y + radius <= height)
    counts = is_whole & (2 * radius >= floor_px)
    is_free = np.ones(len(craters), bool)
    judged = []
    for dx, dy, dr, score in detections[np.argsort(-detections[:, 3], kind="stable")]:
        distance = np.hypot(x - dx, y - dy)
        fits = is_free & (distance <= np.maximum(2.0, 0.5 * radius)) & (dr <= 2 * radius) & (radius <= 2 * dr)
        if fits.any():
            # Craters that count come first, then the nearest.
            found = np.argmin(np.where(fits, distance + 1e6 * ~counts, np.inf))
            is_free[found] = False
            if counts[found]:
                judged.append((score, True))
        elif 2 * dr >= floor_px and dx - dr >= 0 and dy - dr >= 0 and dx + dr <= width and dy + dr <= height:
            judged.append((score, False))
    return judged, int(counts.sum())


def score(judged, n_craters, threshold):
    """Precision, recall and F1 of the detections with at least that score."""
    kept = [is_true for score, is_true in judged if score >= threshold]
    true = sum(kept)
    precision = true / len(kept) if kept else 0.0
    recall = true / n_craters if n_craters else 0.0
    f1 = 2 * true / (len(kept) + n_craters) if kept or n_craters else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "true": true, "found": len(kept), "craters": n_craters}


def best_threshold(judged, n_craters):
    """The threshold with the best F1. For training pictures only."""
    ordered = sorted(judged, key=lambda pair: -pair[0])
    best, at, true = -1.0, np.inf, 0
    for idx, (value, is_true) in enumerate(ordered, start=1):
        true += is_true
        if idx < len(ordered) and ordered[idx][0] == value:
            continue
        f1 = 2 * true / (idx + n_craters)
        if f1 > best:
            best, at = f1, value
    return at


def pooled(tiles):
    """The judged detections and craters of several pictures, as one."""
    judged = [pair for pairs, _ in tiles for pair in pairs]
    return judged, sum(n for _, n in tiles)


def interval(tiles, thresholds, n_draws=2000, seed=1):
    """95 % of F1 by bootstrap over pictures."""
    rng = np.random.default_rng(seed)
    counts = []
    for (judged, n), threshold in zip(tiles, thresholds):
        one = score(judged, n, threshold)
        counts.append((one["true"], one["found"], n))
    counts = np.array(counts, float)
    drawn = counts[rng.integers(0, len(counts), (n_draws, len(counts)))].sum(axis=1)
    f1 = 2 * drawn[:, 0] / np.maximum(drawn[:, 1] + drawn[:, 2], 1)
    return [float(v) for v in np.quantile(f1, [0.025, 0.975])]
