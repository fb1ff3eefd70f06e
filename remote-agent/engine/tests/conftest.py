"""One thread for every test: results must not depend on how busy the machine is."""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

from pathlib import Path

import pytest
import torch

from rzero_engine.base import Base, load_base
from tests import tiny

torch.set_num_threads(1)
# `npm run gpu-check` asks for cuda.
DEVICE = torch.device(os.environ.get("RZERO_TEST_DEVICE", "cpu"))


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def base(model_dir: Path) -> Base:
    return load_base(model_dir, DEVICE, torch.float32)
