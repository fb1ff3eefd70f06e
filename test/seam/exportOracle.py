"""What the libraries that an export is meant for make of it; one JSON object on stdout.

Arguments: `tables DIR…` (each with data/*.jsonl or data/*.parquet), `columns DIR` (with data/*.parquet), `models BASE FULL ADAPTER MERGED`.
"""

import json
import sys
from pathlib import Path


def tables(directory: str) -> dict:
    """Rows, column types and content of each table, as `datasets` loads them by the names of the dataset card."""
    from datasets import get_dataset_config_names, load_dataset

    found = {}
    for name in get_dataset_config_names(directory):
        dataset = load_dataset(directory, name, split="train")
        types = {column: str(feature.dtype) for column, feature in dataset.features.items()}
        found[name] = {"rows": dataset.num_rows, "types": types, "content": dataset.to_list()}
        parquet = Path(directory, "data", f"{name}.parquet")
        if parquet.is_file():
            import pyarrow.parquet

            found[name]["row_groups"] = pyarrow.parquet.ParquetFile(parquet).num_row_groups
    return found


def columns(directory: str) -> dict:
    """Rows and names of columns of each Parquet file, also of those without rows."""
    import pyarrow.parquet

    files = sorted(Path(directory, "data").glob("*.parquet"))
    read = {file.stem: pyarrow.parquet.read_table(file) for file in files}
    return {name: {"rows": table.num_rows, "columns": table.column_names} for name, table in read.items()}


def logits(model, directory: str) -> list[float]:
    import torch
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory)
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": "sort 4123"}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.no_grad():
        return model(chat["input_ids"]).logits[0, -1].tolist()


def models(base: str, full: str, adapter: str, merged: str) -> dict:
    """Logits of one chat by each: with the tokenizer and the chat template that lie beside the weights."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, GenerationConfig

    load = AutoModelForCausalLM.from_pretrained
    return {
        "base": logits(load(base), base),
        "full": logits(load(full), full),
        "adapter": logits(PeftModel.from_pretrained(load(base), adapter), adapter),
        "merged": logits(load(merged), merged),
        "eos": [GenerationConfig.from_pretrained(directory).eos_token_id for directory in (base, full, adapter, merged)],
    }


def main(arguments: list[str]) -> None:
    what, *rest = arguments
    if what == "tables":
        print(json.dumps([tables(directory) for directory in rest]))
    elif what == "columns":
        print(json.dumps(columns(*rest)))
    else:
        print(json.dumps(models(*rest)))


if __name__ == "__main__":
    main(sys.argv[1:])
