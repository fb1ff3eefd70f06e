"""The protobuf messages of the Tinker dialect: SDK 0.25 sends `forward_backward` as one and reads two answers as one.

The field numbers are the wire; they were read off the descriptors of the public SDK (tinker 0.25.0, package
`tinker_public`). Everything else of the dialect is JSON.
"""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

Field = descriptor_pb2.FieldDescriptorProto
PACKAGE = "rzero.tinker"

# name → {field: (number, type)}; "*" = repeated, "{…}" = a map from string, a capitalised type is a message.
MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "EncodedText": {"tokens": (1, "bytes")},
    "Other": {},
    "Chunk": {"encoded_text": (1, "EncodedText"), "image": (2, "Other"), "dmel": (3, "Other")},
    "SparseCsr": {"values": (1, "bytes")},
    "Tensor": {"dense": (1, "bytes"), "sparse_csr": (2, "SparseCsr"), "dtype": (3, "int32"), "shape": (4, "int64*")},
    "Datum": {"model_input": (1, "Chunk*"), "loss_fn_inputs": (2, "{Tensor}")},
    "ForwardBackwardRequest": {
        "model_id": (1, "string"),
        "seq_id": (2, "int32"),
        "data": (3, "Datum*"),
        "loss_fn": (4, "string"),
        "loss_fn_config": (5, "{double}"),
        "forward_only": (6, "bool"),
    },
    "BatchedTensor": {
        "data": (1, "bytes"),
        "offsets": (2, "bytes"),
        "dtype": (3, "int32"),
        "trailing_shape": (4, "int64*"),
    },
    "ArrayRecord": {"type_tag": (1, "string"), "fields": (2, "{BatchedTensor}"), "num_datums": (3, "int64")},
    "ForwardBackwardOutput": {
        "loss_fn_output_type": (1, "string"),
        "loss_fn_outputs": (2, "ArrayRecord*"),
        "metrics": (3, "{double}"),
    },
    "SampledSequence": {"stop_reason": (1, "int32"), "tokens": (2, "bytes"), "logprobs": (3, "bytes")},
    "SampleResponse": {"sequences": (1, "SampledSequence*"), "prompt_logprobs": (2, "bytes")},
}
SCALARS = {
    "bytes": Field.TYPE_BYTES,
    "string": Field.TYPE_STRING,
    "int32": Field.TYPE_INT32,
    "int64": Field.TYPE_INT64,
    "double": Field.TYPE_DOUBLE,
    "bool": Field.TYPE_BOOL,
}


@cache
def message_class(name: str) -> Any:
    """The class of a message of MESSAGES."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="rzero_tinker.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            _add_field(message, field, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _add_field(message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str) -> None:
    repeated = kind.endswith("*") or kind.startswith("{")
    label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
    if kind.startswith("{"):
        entry = message.nested_type.add(name="".join(part.capitalize() for part in name.split("_")) + "Entry")
        entry.options.map_entry = True
        _add_field(entry, "key", 1, "string")
        _add_field(entry, "value", 2, kind[1:-1])
        type_name = f".{PACKAGE}.{message.name}.{entry.name}"
        message.field.add(name=name, number=number, label=label, type=Field.TYPE_MESSAGE, type_name=type_name)
        return
    base = kind.removesuffix("*")
    if base in SCALARS:
        message.field.add(name=name, number=number, label=label, type=SCALARS[base])
    else:
        message.field.add(
            name=name, number=number, label=label, type=Field.TYPE_MESSAGE, type_name=f".{PACKAGE}.{base}"
        )
