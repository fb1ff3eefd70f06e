"""Writes repetition.json: what nltk and scikit-learn say about small batches full of ties, repeated and short texts.

python test/vectors/repetition.py > test/vectors/repetition.json
"""

import json
import random
from importlib.metadata import version

import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from sklearn.cluster import AgglomerativeClustering

TAU = 0.5


def batch(rng: random.Random) -> list[list[str]]:
    """Token lists of 0 to 9 tokens from few words, a third of them copies with one token changed: most distances tie."""
    words = [f"w{i}" for i in range(rng.choice([2, 4, 8, 16]))]
    lists: list[list[str]] = []
    for _ in range(rng.randint(2, 14)):
        if lists and rng.random() < 0.4:
            copy = list(rng.choice(lists))
            if copy:
                copy[rng.randrange(len(copy))] = rng.choice(words)
            lists.append(copy)
        else:
            lists.append([rng.choice(words) for _ in range(rng.choice([0, 1, 2, 3, 6, 9]))])
    return lists


def distances(lists: list[list[str]]) -> np.ndarray:
    matrix = np.zeros((len(lists), len(lists)))
    smoothing = SmoothingFunction().method1
    for i, hypothesis in enumerate(lists):
        for j in range(i + 1, len(lists)):
            bleu = sentence_bleu([lists[j]], hypothesis, smoothing_function=smoothing)
            matrix[i, j] = matrix[j, i] = 1 - bleu
    return matrix


def clusters(matrix: np.ndarray) -> list[int]:
    fitted = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=TAU
    ).fit_predict(matrix)
    ids: dict[int, int] = {}
    return [ids.setdefault(int(label), len(ids)) for label in fitted]


def condensed(matrix: np.ndarray) -> list[float]:
    return matrix[np.triu_indices(len(matrix), 1)].tolist()


def quantised(rng: random.Random) -> np.ndarray:
    """Distances that are multiples of 1/8, exact in binary: ties everywhere, among them averages equal to tau."""
    n = rng.randint(2, 16)
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1, n):
            matrix[i, j] = matrix[j, i] = rng.choice([0, 1, 2, 3, 4, 5, 6, 8]) / 8
    return matrix


def main() -> None:
    rng = random.Random(2508)
    texts = []
    for _ in range(60):
        lists = batch(rng)
        matrix = distances(lists)
        texts.append({"lists": lists, "distances": condensed(matrix), "cluster": clusters(matrix)})
    linkage = []
    for _ in range(120):
        matrix = quantised(rng)
        linkage.append({"n": len(matrix), "distances": condensed(matrix), "cluster": clusters(matrix)})
    versions = {name: version(name) for name in ("nltk", "scikit-learn", "scipy")}
    print(json.dumps({"versions": versions, "tau": TAU, "texts": texts, "linkage": linkage}))


main()
