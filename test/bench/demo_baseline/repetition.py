"""How much the questions of a batch repeat each other: BLEU distances, average linkage, |cluster| / batch."""

from collections import Counter

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

ORDERS = range(1, 5)  # of n-grams
TAU = 0.5  # clusters merge while their average distance is below it


def penalties(rows: list[str | None]) -> np.ndarray:
    """|cluster| / batch of each row of digits, (batch,); a malformed question (None) is alone in its cluster."""
    penalty = np.full(len(rows), 1 / len(rows))
    valid = [i for i, row in enumerate(rows) if row is not None]
    if len(valid) < 2:
        return penalty
    condensed = squareform(distances([rows[i] or "" for i in valid]), checks=False)
    # fcluster also merges *at* the threshold.
    cluster = fcluster(linkage(condensed, "average"), np.nextafter(TAU, 0), "distance")
    sizes = np.bincount(cluster)
    penalty[valid] = sizes[cluster] / len(rows)
    return penalty


def distances(rows: list[str]) -> np.ndarray:
    """1 - BLEU (mean of both directions, digits as tokens) of all pairs, (n, n); equal rows have distance 0."""
    lengths = np.array([len(row) for row in rows], float)
    log_precisions = np.zeros((len(rows), len(rows)))
    any_match = np.zeros((len(rows), len(rows)), bool)
    for order in ORDERS:
        matches = _clipped_matches(rows, order)
        possible = np.maximum(1, lengths - order + 1)[:, None]
        # Smoothing method 1 of nltk: no match counts as a tenth of one.
        log_precisions += np.log(np.where(matches > 0, matches, 0.1) / possible)
        if order == 1:
            any_match = matches > 0
    brevity = np.minimum(0, 1 - lengths[None] / lengths[:, None])
    bleu = np.where(any_match, np.exp(brevity + log_precisions / len(ORDERS)), 0)
    distance = 1 - (bleu + bleu.T) / 2
    same = np.array(rows)[:, None] == np.array(rows)[None]
    return np.where(same, 0, distance)


def _clipped_matches(rows: list[str], order: int) -> np.ndarray:
    """Shared n-grams of each pair, counted as often as the poorer of both has them; (n, n)."""
    grams = [Counter(row[at : at + order] for at in range(len(row) - order + 1)) for row in rows]
    column = {gram: i for i, gram in enumerate(dict.fromkeys(gram for counts in grams for gram in counts))}
    counts = np.zeros((len(rows), len(column)))
    for i, own in enumerate(grams):
        for gram, count in own.items():
            counts[i, column[gram]] = count
    return np.stack([np.minimum(own, counts).sum(1) for own in counts])
