"""The body of `forward` and `forward_backward`, checked."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from rzero_engine import checks
from rzero_engine.datums import Batch, read_batch
from rzero_engine.errors import invalid
from rzero_engine.losses import LOSSES


@dataclass(frozen=True)
class TrainRequest:
    batch: Batch
    loss_fn: str
    config: dict[str, float]
    temperature: float
    token_stats: bool

    def fingerprint(self) -> str:
        settings = json.dumps([self.loss_fn, sorted(self.config.items()), self.temperature, self.token_stats])
        return hashlib.sha256((settings + self.batch.fingerprint()).encode()).hexdigest()


def read_train_request(value: Any, param: str, vocab_size: int, context: int) -> TrainRequest:
    body = checks.as_object(value, param)
    loss_fn = checks.as_str(checks.get(body, "loss_fn", f"{param}.loss_fn"), f"{param}.loss_fn")
    loss = LOSSES.get(loss_fn)
    if loss is None:
        raise invalid(f"{param}.loss_fn", f"is {loss_fn!r}; this engine has {', '.join(LOSSES)}")
    where = f"{param}.loss_fn_config"
    given = checks.as_object(checks.get(body, "loss_fn_config", where, {}), where)
    known = {**loss.defaults, "temperature": 1.0, "token_stats": 0.0}
    for key in given:
        if key not in known:
            raise invalid(f"{where}.{key}", f"is unknown to {loss_fn}; it takes {', '.join(known)}")
    config = {
        key: checks.as_float(checks.get(given, key, where, preset), f"{where}.{key}") for key, preset in known.items()
    }
    temperature, token_stats = config.pop("temperature"), config.pop("token_stats")
    _check_ranges(config, temperature, where)
    required = loss.required + (("ref_logprobs",) if config.get("kl_coef", 0) > 0 else ())
    batch = read_batch(body.get("data"), f"{param}.data", required, vocab_size, context)
    return TrainRequest(batch, loss_fn, config, temperature, token_stats != 0)


def _check_ranges(config: dict[str, float], temperature: float, where: str) -> None:
    if temperature <= 0:
        raise invalid(f"{where}.temperature", f"must be above 0, not {temperature:g}")
    if config.get("dual_clip", 2.0) <= 1:
        raise invalid(f"{where}.dual_clip", f"must be above 1, not {config['dual_clip']:g}")
    if config.get("kl_coef", 0.0) < 0:
        raise invalid(f"{where}.kl_coef", f"must not be negative, not {config['kl_coef']:g}")
    low = config.get("clip_low", config.get("clip_low_threshold", 0.0))
    high = config.get("clip_high", config.get("clip_high_threshold", 1.0))
    if not 0 <= low <= high:
        raise invalid(where, f"must have 0 ≤ clip_low ≤ clip_high, not {low:g} and {high:g}")
