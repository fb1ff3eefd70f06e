"""Training input: a list of Datum objects as checked NumPy rows.

A Datum is already shifted: `tokens` = all[:-1], `target_tokens` = all[1:], every array as long as the input.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from rzero_engine import checks
from rzero_engine.compact import read_compact
from rzero_engine.errors import invalid

FLOAT_INPUTS = ("weights", "logprobs", "advantages", "ref_logprobs")


@dataclass(frozen=True)
class Batch:
    """Row i is datum i; `inputs[name][i]` has the length of `tokens[i]` (int64 targets, float32 elsewhere)."""

    tokens: list[np.ndarray]
    inputs: dict[str, list[np.ndarray]]

    @property
    def lengths(self) -> np.ndarray:
        return np.fromiter((len(row) for row in self.tokens), np.int64, len(self.tokens))

    def fingerprint(self) -> str:
        """Equal for equal content, whatever the JSON looked like."""
        digest = hashlib.sha256(self.lengths.tobytes())
        for name, rows in sorted(self.inputs.items()):
            digest.update(name.encode())
            digest.update(np.concatenate(rows).tobytes())
        digest.update(np.concatenate(self.tokens).tobytes())
        return digest.hexdigest()


def read_batch(value: Any, param: str, required: tuple[str, ...], vocab_size: int, context: int) -> Batch:
    if isinstance(value, dict):
        return _whole_arrays(value, param, required, vocab_size, context)
    data = checks.as_list(value, param)
    if not data:
        raise invalid(param, "must hold at least one datum")
    tokens: list[np.ndarray] = []
    inputs: dict[str, list[np.ndarray]] = {}
    for index, item in enumerate(data):
        where = f"{param}[{index}]"
        datum = checks.as_object(item, where)
        ids = read_model_input(datum.get("model_input"), f"{where}.model_input", vocab_size)
        if len(ids) > context:
            raise invalid(f"{where}.model_input", f"has {len(ids)} tokens, more than the context of {context}")
        row = _read_inputs(datum.get("loss_fn_inputs"), f"{where}.loss_fn_inputs", required, len(ids), vocab_size)
        if index and row.keys() != inputs.keys():
            raise invalid(f"{where}.loss_fn_inputs", f"has {sorted(row)} where the first datum has {sorted(inputs)}")
        tokens.append(ids)
        for name, array in row.items():
            inputs.setdefault(name, []).append(array)
    return Batch(tokens, inputs)


def _whole_arrays(value: dict[str, Any], param: str, required: tuple[str, ...], vocab_size: int, context: int) -> Batch:
    batch = Batch(*read_compact(value, param, required, FLOAT_INPUTS, vocab_size))
    longest = int(batch.lengths.max())
    if longest > context:
        row = int(batch.lengths.argmax())
        raise invalid(f"{param}.lengths[{row}]", f"is {longest} tokens, more than the context of {context}")
    return batch


def read_model_input(value: Any, param: str, vocab_size: int) -> np.ndarray:
    """Token ids (n,), n ≥ 1, of a ModelInput whose chunks are all text."""
    chunks = checks.as_list(checks.as_object(value, param).get("chunks"), f"{param}.chunks")
    parts = []
    for index, item in enumerate(chunks):
        where = f"{param}.chunks[{index}]"
        chunk = checks.as_object(item, where)
        if chunk.get("type", "encoded_text") != "encoded_text":
            raise invalid(f"{where}.type", f"must be 'encoded_text', not {checks.describe(chunk['type'])}")
        parts.append(checks.tokens(chunk.get("tokens"), f"{where}.tokens", vocab_size))
    ids = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    if not ids.size:
        raise invalid(param, "must hold at least one token")
    return ids


def _read_inputs(
    value: Any, param: str, required: tuple[str, ...], length: int, vocab_size: int
) -> dict[str, np.ndarray]:
    given = checks.as_object(value, param)
    row: dict[str, np.ndarray] = {}
    for name in ("target_tokens", *FLOAT_INPUTS):
        if given.get(name) is None:
            if name in required:
                raise invalid(f"{param}.{name}", "is required by this loss")
            continue
        where = f"{param}.{name}"
        data = _tensor_data(given[name], where)
        row[name] = (
            checks.tokens(data, where, vocab_size) if name == "target_tokens" else checks.float_vector(data, where)
        )
        if len(row[name]) != length:
            raise invalid(where, f"has {len(row[name])} entries where the input has {length} tokens")
    return row


def _tensor_data(value: Any, param: str) -> Any:
    """The numbers of a plain list or of a TensorData object."""
    if not isinstance(value, dict):
        return value
    dtype = value.get("dtype")
    if dtype not in ("int64", "float32"):
        raise invalid(f"{param}.dtype", f"must be 'int64' or 'float32', not {checks.describe(dtype)}")
    if value.get("sparse_crow_indices") is not None:
        raise invalid(f"{param}.sparse_crow_indices", "is not supported: send the dense tensor")
    data = checks.as_list(value.get("data"), f"{param}.data")
    shape = value.get("shape")
    if shape is not None and shape != [len(data)]:
        raise invalid(
            f"{param}.shape", f"is {shape} where data has {len(data)} entries; only one dimension is supported"
        )
    return data
