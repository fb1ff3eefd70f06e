"""Compares answers with math-verify, one pair a line: `python worker.py CPU_SECONDS`.

In: `{"id": 7, "a": "\\\\frac12", "b": "0.5"}`. Out: first `{"ready": true}`, then for each pair
`{"id": 7, "equal": true | false | null}`, null where an answer cannot be read. A pair that needs more than CPU_SECONDS
of processor time ends the process (SIGXCPU, at the next full second), whatever it is doing; the agent starts another.

Symbolic parsers evaluate what they read, so this is a program that runs text a model wrote. It expects to be in a
sandbox, holds nothing worth stealing, and its answers are believed only for the pairs that it was asked about.
"""

import json
import logging
import math
import os
import re
import resource
import sys
import warnings

# An answer that is only words is no product of its letters, as which LaTeX would read it.
WORDS = re.compile(r"^[\s.]*[A-Za-z]{3,}(?:[\s-]+[A-Za-z]+)*[\s.]*$")
TEXT = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|operatorname|mbox)\s*\{([^{}]*)\}")


def main(cpu_seconds):
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever a library prints must not stand among the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    compare = comparer()
    compare("\\frac{x+1}{2}", "0.5x+\\frac12")  # the parser builds its tables at first use
    say(answers, {"ready": True})
    for line in sys.stdin:
        pair = json.loads(line)
        limit_cpu(cpu_seconds)
        say(answers, {"id": pair["id"], "equal": verdict(compare, pair["a"], pair["b"])})


def verdict(compare, a, b):
    try:
        return compare(a, b)
    except (Exception, RecursionError):
        return None


def comparer():
    from math_verify import LatexExtractionConfig, parse, verify

    latex = [LatexExtractionConfig()]

    def read(answer):
        answer = answer.strip().strip("$").replace("**", "^")
        if WORDS.match(TEXT.sub(r" \1 ", answer)):
            return []
        return parse(f"${answer}$", extraction_config=latex, fallback_mode="no_fallback", parsing_timeout=None)

    def compare(a, b):
        left, right = read(a), read(b)
        if not left or not right:
            return None
        # Its comparison has a direction: what one calls an equation the other calls its solution.
        return verify(left, right, timeout_seconds=None) or verify(right, left, timeout_seconds=None)

    return compare


def limit_cpu(seconds):
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(usage.ru_utime + usage.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def say(file, message):
    file.write(json.dumps(message) + "\n")
    file.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
