"""Sessions, models, snapshots and the epoch fence: what exists in this engine, and who may still speak."""

import uuid
from dataclasses import dataclass, field

from rzero_engine.decoder import Params
from rzero_engine.errors import ApiError, not_found
from rzero_engine.ledger import Ledger
from rzero_engine.lora import LoraChoice
from rzero_engine.policy import Policy


@dataclass
class Model:
    model_id: str
    choice: LoraChoice
    request_id: str = ""
    fingerprint: str = ""
    policy: Policy | None = None  # made by the worker
    ledger: Ledger = field(default_factory=Ledger)
    applied_seq: int = 0
    durable_seq: int = 0


@dataclass(frozen=True)
class Snapshot:
    """Weights that no longer change. `version` is the policy's when it was taken."""

    name: str
    model_id: str | None
    version: int
    params: Params


class Registry:
    """`epoch` is the highest one seen: calls that carry a lower one come from an owner that was replaced."""

    def __init__(self, base_names: tuple[str, ...], base: Snapshot) -> None:
        self._base_names = base_names
        self._base = base
        self.sessions: set[str] = set()
        self.models: dict[str, Model] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.sampling_sessions: dict[str, str] = {}  # id → snapshot name
        self.epoch = 0

    def check_epoch(self, epoch: int) -> None:
        if epoch < self.epoch:
            raise ApiError(
                412,
                f"epoch {epoch} is over: this engine has been taken over under epoch {self.epoch}",
                "stale_epoch_error",
                "epoch",
                current=self.epoch,
            )
        self.epoch = epoch

    def new_session(self) -> str:
        session_id = f"session-{uuid.uuid4().hex[:16]}"
        self.sessions.add(session_id)
        return session_id

    def session(self, session_id: str) -> str:
        if session_id not in self.sessions:
            raise not_found("session_id", f"{session_id!r} is not a session of this engine")
        return session_id

    def model(self, model_id: str) -> Model:
        model = self.models.get(model_id)
        if model is None:
            raise not_found("model_id", f"{model_id!r} is not a model of this engine (never created, or unloaded)")
        return model

    def is_base(self, name: str) -> bool:
        return name in self._base_names

    def check_base(self, name: str) -> None:
        if not self.is_base(name):
            raise not_found("base_model", f"{name!r} is not served here; this engine has {self._base_names[0]!r}")

    def snapshot(self, name: str, param: str) -> Snapshot:
        if self.is_base(name):
            return self._base
        found = self.snapshots.get(name)
        if found is None:
            raise not_found(
                param, f"{name!r} is not a snapshot of this engine (or was deleted); 'base' is the base model"
            )
        return found
