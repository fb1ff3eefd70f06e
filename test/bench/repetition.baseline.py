"""The usual way: nltk BLEU of every pair in a Python loop, then scikit-learn's average linkage.

Reads {"questions": [...], "tau": ...} from standard input; writes the distance matrix (float64, row by row) to the file named
as the first argument and {"seconds", "cluster"} to standard output. Seconds are CPU seconds of this process.
"""

import json
import sys
import time

import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from sklearn.cluster import AgglomerativeClustering


def distances(questions: list[str]) -> np.ndarray:
    """1 - BLEU of all pairs, the earlier question as hypothesis; shape [n, n]."""
    tokens = [question.split() for question in questions]
    smoothing = SmoothingFunction().method1
    matrix = np.zeros((len(questions), len(questions)))
    for i, hypothesis in enumerate(tokens):
        for j in range(i + 1, len(tokens)):
            bleu = sentence_bleu([tokens[j]], hypothesis, smoothing_function=smoothing)
            matrix[i, j] = matrix[j, i] = 1 - bleu
        if i % 64 == 0:
            print(f"baseline: row {i} of {len(tokens)}", file=sys.stderr, flush=True)
    return matrix


def main() -> None:
    batch = json.load(sys.stdin)
    start = time.process_time()
    matrix = distances(batch["questions"])
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=batch["tau"]
    )
    cluster = clustering.fit_predict(matrix)
    seconds = time.process_time() - start
    matrix.tofile(sys.argv[1])
    print(json.dumps({"seconds": seconds, "cluster": cluster.tolist()}))


main()
