"""`python -m rzero_engine.metrics_out tensorboard DIR` or `… wandb DIR`: lines in, `{"synced": n}` out."""

import json
import signal
import sys
from pathlib import Path

from rzero_engine.metrics_out.lines import MAX_LINE_BYTES, BadLine, parse
from rzero_engine.metrics_out.sink import Sink, SinkError


def main() -> int:
    kind, directory = sys.argv[1], Path(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the agent's to answer: it closes stdin
    # What libraries print must not be taken for an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    sink: Sink | None = None
    try:
        while line := sys.stdin.buffer.readline(MAX_LINE_BYTES + 1):
            message = parse(line)
            if message["kind"] == "begin":
                sink = _open(kind, directory, message)
            elif sink is None:
                raise BadLine("the first line must be of kind begin")
            elif message["kind"] == "sync":
                sink.sync()
                print(json.dumps({"synced": message["id"]}), file=answers, flush=True)
            elif message["kind"] == "end":
                sink.close(message["ok"])
                return 0
            else:
                sink.add(message)
        # The agent has gone without an end: what it said is kept, the run may go on under another one.
        if sink is not None:
            sink.close(ok=False)
    except (BadLine, SinkError, OSError) as error:
        print(json.dumps({"failed": str(error)}), file=answers, flush=True)
        return 1
    return 0


def _open(kind: str, directory: Path, begin: dict) -> Sink:
    # Imported when needed: each pulls in a library that the other has no use for.
    if kind == "tensorboard":
        from rzero_engine.metrics_out.tensorboard import TensorBoard

        return TensorBoard(directory, begin)
    if kind == "wandb":
        from rzero_engine.metrics_out.wandb import WeightsAndBiases

        return WeightsAndBiases(directory, begin)
    raise SinkError(f"There is no sink {kind!r}: tensorboard or wandb.")


raise SystemExit(main())
