"""Reads what the sinks wrote, as lines of JSON: `readMetrics.py tensorboard|wandb FILE`. Every checksum is checked."""

import json
import struct
import sys
import zlib
from pathlib import Path


def tensorboard(data: bytes) -> None:
    sys.modules["torch"] = None
    from tensorboardX.proto import event_pb2
    from tensorboardX.record_writer import masked_crc32c

    at = 0
    while at < len(data):
        header, crc = data[at : at + 8], struct.unpack("<I", data[at + 8 : at + 12])[0]
        assert crc == masked_crc32c(header), "length's checksum"
        length = struct.unpack("<Q", header)[0]
        body = data[at + 12 : at + 12 + length]
        assert struct.unpack("<I", data[at + 12 + length : at + 16 + length])[0] == masked_crc32c(body), "checksum"
        at += 16 + length
        event = event_pb2.Event.FromString(body)
        for value in event.summary.value:
            found = {"tag": value.tag, "step": event.step, "t": round(event.wall_time * 1000)}
            which = value.WhichOneof("value")
            if which == "simple_value":
                found["value"] = value.simple_value
            elif which == "histo":
                found["counts"] = list(value.histo.bucket)
                found["limits"] = list(value.histo.bucket_limit)
            elif which == "tensor":
                found["text"] = value.tensor.string_val[0].decode()
            print(json.dumps(found))


def wandb(data: bytes) -> None:
    """LevelDB's log format behind a header of 7 bytes; blocks of 32 KiB, each record with a CRC-32 over type and data."""
    from wandb.proto import wandb_internal_pb2

    assert data[:4] == b":W&B"
    at, parts = 7, b""
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        crc, length, kind = struct.unpack("<IHB", data[at : at + 7])
        body = data[at + 7 : at + 7 + length]
        assert crc == zlib.crc32(bytes([kind]) + body), "checksum"
        at += 7 + length
        parts += body
        if kind in (1, 4):
            record = wandb_internal_pb2.Record.FromString(parts)
            parts = b""
            if record.WhichOneof("record_type") == "history":
                items = {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
                print(json.dumps({"step": record.history.step.num, "items": items}))
            elif record.WhichOneof("record_type") == "run":
                run = record.run
                config = {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in run.config.update}
                print(json.dumps({"run": run.run_id, "project": run.project, "name": run.display_name, "config": config}))


{"tensorboard": tensorboard, "wandb": wandb}[sys.argv[1]](Path(sys.argv[2]).read_bytes())
