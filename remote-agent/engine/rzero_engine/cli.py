"""`python -m rzero_engine serve …` and `merge …`"""

import argparse
import os
import sys
from pathlib import Path

from rzero_engine import logs


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return options.run(options)


def _merge(options: argparse.Namespace) -> int:
    from rzero_engine.manifest import CheckpointError
    from rzero_engine.merge import merge_adapter

    try:
        merge_adapter(options.model, options.adapter, options.out)
    except (CheckpointError, OSError) as error:
        return _refuse(str(error))
    return 0


def _serve(options: argparse.Namespace) -> int:
    logs.start(options.log_file)
    if options.threads:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
    # torch is imported after its environment is set, and not at all for `--help`.
    import torch

    from rzero_engine.base import BaseModelError
    from rzero_engine.serve import Listen, serve
    from rzero_engine.settings import Settings, default_batch_tokens, resolve_device, resolve_dtype

    device = resolve_device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        return _refuse("--device cuda was asked for, but torch sees no CUDA device")
    # Two threads on a machine that others use are many times slower than one.
    torch.set_num_threads(options.threads or 1)
    deterministic = options.deterministic if options.deterministic is not None else device.type == "cpu"
    if deterministic and device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    settings = Settings(
        model=options.model,
        state_dir=options.state_dir,
        device=device,
        dtype=resolve_dtype(options.dtype, device),
        deterministic=deterministic,
        max_batch_tokens=options.max_batch_tokens or default_batch_tokens(device),
    )
    try:
        token = options.token_file.read_text("utf-8").strip() if options.token_file else None
        if token == "":
            return _refuse(f"{options.token_file} is empty: it must hold the token")
        serve(settings, Listen(options.host, options.port, token, options.ready_file, options.parent_pid))
    except (BaseModelError, OSError) as error:
        return _refuse(str(error))
    return 0


def _refuse(reason: str) -> int:
    print(f"rzero_engine: {reason}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rzero_engine", description=__doc__)
    commands = parser.add_subparsers(required=True)
    merge = commands.add_parser("merge", help="merge a LoRA adapter into its base model")
    merge.set_defaults(run=_merge)
    merge.add_argument("--model", type=Path, required=True, help="Hugging Face folder of the base model")
    merge.add_argument("--adapter", type=Path, required=True, help="folder of the PEFT adapter")
    merge.add_argument("--out", type=Path, required=True, help="folder that is there, for the merged model")
    serve = commands.add_parser("serve", help="serve one base model")
    serve.set_defaults(run=_serve)
    serve.add_argument("--model", type=Path, required=True, help="Hugging Face folder of the base model")
    serve.add_argument("--port", type=int, required=True, help="0 picks a free one")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--token-file", type=Path, help="file with the token; without it one is made")
    serve.add_argument("--deterministic", action=argparse.BooleanOptionalAction, help="default: on the CPU")
    serve.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    serve.add_argument("--dtype", choices=("auto", "float32", "bfloat16"), default="auto")
    serve.add_argument("--threads", type=int, default=0, help="CPU threads of torch (default 1)")
    serve.add_argument("--state-dir", type=Path, default=_default_state_dir(), help="where named checkpoints go")
    serve.add_argument("--ready-file", type=Path, help="written (0600) when the engine answers")
    serve.add_argument("--log-file", type=Path, help="log there, with rotation, instead of to stderr")
    serve.add_argument("--parent-pid", type=int, help="leave when this process is gone and nobody calls for 60 s")
    serve.add_argument("--max-batch-tokens", type=int, default=0, help="tokens of one training micro-batch")
    return parser


def _default_state_dir() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "rzero" / "engine"
