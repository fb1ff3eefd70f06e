"""The training calls: each checks its body completely, then answers at once or queues a job and names a future."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from rzero_engine import checks
from rzero_engine.adamw import AdamParams
from rzero_engine.base import Base
from rzero_engine.errors import DiskFullError, UserJobError, conflict, invalid, not_found
from rzero_engine.futures import FutureTable, encode
from rzero_engine.lora import LoraChoice
from rzero_engine.manifest import CheckpointError, is_complete, no_room, read_manifest
from rzero_engine.policy import Policy
from rzero_engine.registry import Model, Registry, Snapshot
from rzero_engine.settings import Settings
from rzero_engine.train_request import read_train_request
from rzero_engine.training import TrainResult, run_batch
from rzero_engine.weights import describe_weights, load_policy, save_policy
from rzero_engine.worker import Job, Worker

SCHEME = "tinker://"
MAX_RANK = 1024

Body = dict[str, Any]


class Training:
    """The Tinker dialect's training calls. Bodies come parsed; answers are the JSON objects of docs/engine-api.md."""

    def __init__(
        self, base: Base, registry: Registry, worker: Worker, futures: FutureTable, settings: Settings, instance: str
    ) -> None:
        self.base = base
        self.registry = registry
        self.worker = worker
        self.futures = futures
        self.settings = settings
        self.instance = instance

    def create_model(self, body: Body) -> Body:
        session = self.registry.session(checks.as_str(checks.get(body, "session_id", "session_id"), "session_id"))
        number = checks.as_int(checks.get(body, "model_seq_id", "model_seq_id"), "model_seq_id", 0)
        self.registry.check_base(checks.as_str(checks.get(body, "base_model", "base_model"), "base_model"))
        lora = checks.as_object(checks.get(body, "lora_config", "lora_config"), "lora_config")
        choice = LoraChoice(
            rank=checks.as_int(checks.get(lora, "rank", "lora_config.rank"), "lora_config.rank", 0, MAX_RANK),
            attention=checks.as_bool(checks.get(lora, "train_attn", "", True), "lora_config.train_attn"),
            mlp=checks.as_bool(checks.get(lora, "train_mlp", "", True), "lora_config.train_mlp"),
            unembed=checks.as_bool(checks.get(lora, "train_unembed", "", False), "lora_config.train_unembed"),
        )
        if choice.rank and not (choice.attention or choice.mlp or choice.unembed):
            raise invalid(
                "lora_config", "leaves nothing to train: train_attn, train_mlp and train_unembed are all false"
            )
        seed = checks.as_int(checks.get(lora, "seed", "", 0), "lora_config.seed", 0, 2**63 - 1)

        model_id = f"{session}-m{number}"
        fingerprint = repr((choice, seed))
        known = self.registry.models.get(model_id)
        if known is not None:
            if known.fingerprint != fingerprint:
                raise conflict("model_seq_id", f"{number} was already used in this session with another lora_config")
            return {"request_id": known.request_id, "model_id": model_id}
        model = Model(model_id, choice, fingerprint=fingerprint)

        def run(_: Job) -> bytes:
            model.policy = Policy(self.base, choice, seed)
            return encode({"model_id": model_id, "type": "create_model"})

        model.request_id = self.futures.add(self.worker.submit(run, "create_model"), model_id)
        self.registry.models[model_id] = model
        return {"request_id": model.request_id, "model_id": model_id}

    def forward(self, body: Body) -> Body:
        return self._train(body, "forward_input", backward=False)

    def forward_backward(self, body: Body) -> Body:
        return self._train(body, "forward_backward_input", backward=True)

    def optim_step(self, body: Body) -> Body:
        model, seq_id = self._addressed(body)
        settings = _adam_params(checks.get(body, "adam_params", "adam_params"))

        def run(policy: Policy) -> Body:
            norm, skipped = policy.optim_step(settings)
            # JSON has no infinity: a norm that is not finite is told by `skipped` alone.
            return {"metrics": {"skipped": 1.0} if skipped else {"grad_norm": norm, "skipped": 0.0}}

        return self._in_order(model, seq_id, ("optim_step", repr(settings)), run)

    def save_weights_for_sampler(self, body: Body) -> Body:
        model, seq_id = self._addressed(body, seq_required=False)
        session_number = checks.get(body, "sampling_session_seq_id", "", None)
        path = checks.get(body, "path", "path", None)
        if path is None and session_number is None:
            raise invalid("path", "is required")
        name = _plain_name(path, "path") if path is not None else f"session-{session_number}-{seq_id}"
        full = f"{SCHEME}{model.model_id}/sampler_weights/{name}"

        def run(policy: Policy) -> Body:
            known = self.registry.snapshots.get(full)
            if known is not None and known.version != policy.version:
                raise UserJobError(f"path {name!r} already names a snapshot of other weights: use a new name")
            self.registry.snapshots[full] = Snapshot(full, model.model_id, policy.version, policy.snapshot())
            if path is not None:
                return {"path": full, "type": "save_weights_for_sampler"}
            session_id = f"{model.model_id}-{name}"
            self.registry.sampling_sessions[session_id] = full
            return {"path": None, "sampling_session_id": session_id, "type": "save_weights_for_sampler"}

        if seq_id is None:
            job = self.worker.submit(lambda _: encode(run(_ready(model))), "save_weights_for_sampler")
            return {"request_id": self.futures.add(job, model.model_id), "model_id": model.model_id}
        return self._in_order(model, seq_id, ("save_weights_for_sampler", name), run)

    def save_weights(self, body: Body) -> Body:
        model, seq_id = self._addressed(body)
        path = checks.as_str(checks.get(body, "path", "path"), "path")
        overwrite = checks.as_bool(checks.get(body, "overwrite", "", False), "overwrite")
        absolute = path.startswith("/")
        target = Path(path) if absolute else self._stored(model.model_id, _plain_name(path, "path"))
        answer = path if absolute else f"{SCHEME}{model.model_id}/weights/{path}"

        def check() -> None:
            if not overwrite and is_complete(target):
                raise conflict("path", f"{path!r} exists already: choose another name or send overwrite: true")

        def run(policy: Policy) -> Body:
            try:
                about = {"seq_id": seq_id, "optimizer": policy.moments is not None}
                save_policy(policy, target, about, self.instance)
            except (OSError, SafetensorError) as error:
                problem = f"cannot write {target}: {getattr(error, 'strerror', None) or error}"
                raise (DiskFullError if no_room(error) else UserJobError)(problem) from error
            model.durable_seq = seq_id
            return {"path": answer, "type": "save_weights"}

        return self._in_order(model, seq_id, ("save_weights", path, str(overwrite)), run, check)

    def load_weights(self, body: Body) -> Body:
        model, seq_id = self._addressed(body)
        path = checks.as_str(checks.get(body, "path", "path"), "path")
        optimizer = checks.as_bool(checks.get(body, "optimizer", "optimizer"), "optimizer")
        source = self._source(path)

        def check() -> None:
            if model.ledger.accepted:
                raise conflict("seq_id", "must be 1: load_weights is only possible as a model's first call")
            try:
                read_manifest(source)
            except CheckpointError as error:
                raise not_found("path", f"{path!r} cannot be loaded: {error}") from None

        def run(policy: Policy) -> Body:
            load_policy(policy, source, optimizer)
            model.durable_seq = seq_id
            return {"path": path, "model_id": model.model_id, "type": "load_weights"}

        return self._in_order(model, seq_id, ("load_weights", path, str(optimizer)), run, check)

    def unload_model(self, body: Body) -> Body:
        """Forgets the model; its snapshots stay until they are deleted."""
        model = self.registry.model(checks.as_str(checks.get(body, "model_id", "model_id"), "model_id"))
        del self.registry.models[model.model_id]

        def run(_: Job) -> bytes:
            model.policy = None
            return encode({"model_id": model.model_id, "type": "unload_model"})

        return {
            "request_id": self.futures.add(self.worker.submit(run, "unload_model"), model.model_id),
            "model_id": model.model_id,
        }

    def get_info(self, body: Body) -> Body:
        model = self.registry.model(checks.as_str(checks.get(body, "model_id", "model_id"), "model_id"))
        architecture = self.base.config.get("architectures") or [self.base.config.get("model_type")]
        return {
            "type": "get_info",
            "model_id": model.model_id,
            "model_data": {
                "arch": architecture[0],
                "model_name": self.base.name,
                "tokenizer_id": str(self.base.directory),
            },
            "is_lora": model.choice.rank > 0,
            "lora_rank": model.choice.rank,
            "model_name": self.base.name,
        }

    def weights_info(self, body: Body) -> Body:
        """What `create_model` needs to know before a saved state is loaded."""
        path = checks.as_str(checks.get(body, "tinker_path", "tinker_path"), "tinker_path")
        try:
            about = describe_weights(self._source(path))
        except CheckpointError as error:
            raise not_found("tinker_path", f"{path!r} cannot be loaded: {error}") from None
        return {"base_model": self.base.name, **about}

    def state(self, model_id: str) -> Body:
        model = self.registry.model(model_id)
        return {
            "model_id": model_id,
            "epoch": self.registry.epoch,
            "applied_seq": model.applied_seq,
            "durable_seq": model.durable_seq,
            "pending_grads": model.policy.pending if model.policy is not None else 0,
        }

    def _train(self, body: Body, param: str, backward: bool) -> Body:
        model, seq_id = self._addressed(body)
        decoder = self.base.decoder
        given = checks.get(body, param, param)
        request = read_train_request(given, param, decoder.vocab_size, decoder.context_length)

        def run(policy: Policy) -> Body:
            result = run_batch(
                decoder,
                policy.effective,
                policy.trainable() if backward else None,
                request,
                self.settings.max_batch_tokens,
                self.base.device,
            )
            if result.gradients is not None:
                policy.accumulate(result.gradients)
            return _train_answer(result)

        return self._in_order(model, seq_id, (param.removesuffix("_input"), request.fingerprint()), run)

    def _addressed(self, body: Body, seq_required: bool = True) -> tuple[Model, Any]:
        model = self.registry.model(checks.as_str(checks.get(body, "model_id", "model_id"), "model_id"))
        seq_id = checks.get(body, "seq_id", "seq_id") if seq_required else checks.get(body, "seq_id", "seq_id", None)
        return model, None if seq_id is None else checks.as_int(seq_id, "seq_id", 1)

    def _in_order(
        self,
        model: Model,
        seq_id: int,
        content: tuple[str, ...],
        run: Callable[[Policy], Body],
        check: Callable[[], None] | None = None,
    ) -> Body:
        """Queues `run` under `seq_id`; `content` is what a repeat must equal. `check` may refuse a call that is new."""
        fingerprint = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        request_id = model.ledger.repeated(seq_id, fingerprint)
        if request_id is None:
            if check is not None:
                check()

            def in_turn(_: Job) -> bytes:
                try:
                    return encode(run(_ready(model)))
                finally:
                    model.applied_seq = seq_id

            request_id = self.futures.add(self.worker.submit(in_turn, content[0]), model.model_id)
            model.ledger.record(seq_id, fingerprint, request_id)
        return {"request_id": request_id, "model_id": model.model_id}

    def _stored(self, model_id: str, name: str) -> Path:
        return self.settings.state_dir / "checkpoints" / model_id / name

    def _source(self, path: str) -> Path:
        if path.startswith("/"):
            return Path(path)
        parts = path.removeprefix(SCHEME).split("/")
        if not path.startswith(SCHEME) or len(parts) != 3 or parts[1] != "weights":
            raise invalid("path", "must be an absolute folder or tinker://MODEL/weights/NAME")
        return self._stored(_plain_name(parts[0], "path"), _plain_name(parts[2], "path"))


def _ready(model: Model) -> Policy:
    if model.policy is None:
        raise UserJobError(f"model {model.model_id!r} was unloaded, or could not be made")
    return model.policy


def _plain_name(value: Any, param: str) -> str:
    name = checks.as_str(value, param)
    if "/" in name or "\0" in name or name.startswith(".") or len(name) > 200:
        raise invalid(param, f"must be a plain name of at most 200 characters without '/', not {name[:40]!r}")
    return name


def _adam_params(value: Any) -> AdamParams:
    """Absent fields have the Tinker SDK's defaults."""
    given = checks.as_object(value, "adam_params")

    def number(key: str, preset: float, low: float, high: float | None = None) -> float:
        return checks.as_float(checks.get(given, key, "", preset), f"adam_params.{key}", low, high)

    settings = AdamParams(
        learning_rate=number("learning_rate", 1e-4, 0.0),
        beta1=number("beta1", 0.9, 0.0, 1.0),
        beta2=number("beta2", 0.95, 0.0, 1.0),
        eps=number("eps", 1e-12, 0.0),
        weight_decay=number("weight_decay", 0.0, 0.0),
        grad_clip_norm=number("grad_clip_norm", 0.0, 0.0),
    )
    for key in ("beta1", "beta2"):
        if getattr(settings, key) == 1:
            raise invalid(f"adam_params.{key}", "must be below 1")
    if settings.eps == 0:
        raise invalid("adam_params.eps", "must be above 0")
    return settings


def _train_answer(result: TrainResult) -> Body:
    columns = {name: [row.tolist() for row in rows] for name, rows in result.outputs.items()}
    count = len(columns["logprobs"])
    return {
        "loss_fn_output_type": "TorchLossReturn",
        "loss_fn_outputs": [
            {name: {"data": rows[i], "dtype": "float32", "shape": [len(rows[i])]} for name, rows in columns.items()}
            for i in range(count)
        ],
        "metrics": result.metrics,
    }
