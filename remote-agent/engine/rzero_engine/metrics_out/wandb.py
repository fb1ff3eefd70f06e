"""Weights & Biases, through its own package where it is installed.

Online, the server knows a run's last step: points up to it are not sent again. Offline, what an earlier start left and
nobody has synchronised is made anew, like TensorBoard's files.
"""

import os
import platform
import shutil
from itertools import pairwise
from pathlib import Path

from rzero_engine.metrics_out.sink import SinkError

INIT_S = 60
FINISH_S = 60


class WeightsAndBiases:
    def __init__(self, directory: Path, begin: dict) -> None:
        _without_needless_programs()
        try:
            import wandb
        except ImportError as error:
            raise SinkError(
                "Weights & Biases needs the Python package `wandb` in the engine's environment: "
                f"`pip install wandb` there, or leave `metrics.wandb` out. ({error})"
            ) from error
        self._wandb = wandb
        offline = begin["mode"] == "offline" or os.environ.get("WANDB_MODE") in ("offline", "dryrun")
        if not offline and not os.environ.get("WANDB_API_KEY"):
            raise SinkError(
                "Weights & Biases needs its key in the environment of the run (WANDB_API_KEY); "
                "set it and resume the run, or use `mode: offline`."
            )
        directory.mkdir(parents=True, exist_ok=True)
        if offline:
            for left in (directory / "wandb").glob(f"offline-run-*-{begin['run']}"):
                shutil.rmtree(left)
        try:
            self._run = wandb.init(
                project=begin["project"],
                entity=begin["entity"],
                id=begin["run"],
                name=begin["name"],
                config=_nested(begin["settings"]),
                dir=str(directory),
                mode="offline" if offline else "online",
                resume="allow",
                # Only what the journal holds is sent: no output, no code, nothing about the machine.
                settings=wandb.Settings(
                    console="off",
                    silent=True,
                    save_code=False,
                    disable_git=True,
                    disable_code=True,
                    disable_job_creation=True,
                    x_disable_stats=True,
                    x_disable_meta=True,
                    x_disable_machine_info=True,
                    x_save_requirements=False,
                    init_timeout=INIT_S,
                    finish_timeout=FINISH_S,
                ),
            )
        except wandb.errors.Error as error:
            raise SinkError(f"Weights & Biases could not be started: {error}") from error
        self._axes: set[str] = set()

    def add(self, point: dict) -> None:
        axis, ordinal = point["axis"], point["ordinal"]
        if axis not in self._axes:
            self._axes.add(axis)
            self._run.define_metric(f"{axis}/step", hidden=True)
            self._run.define_metric(f"{axis}/*", step_metric=f"{axis}/step")
        if ordinal < self._run.step:
            return  # the server has it
        values = {f"{axis}/{name}": value for name, value in self._values(point).items()}
        self._run.log({**values, f"{axis}/step": point["step"]}, step=ordinal, commit=True)

    def sync(self) -> None:
        """W&B's own process stores and sends by itself; there is no call that waits for it."""

    def close(self, ok: bool) -> None:
        self._run.finish(exit_code=0 if ok else 1)

    def _values(self, point: dict) -> dict[str, object]:
        if point["kind"] == "scalars":
            return point["values"]
        if point["kind"] == "histogram":
            centers, counts = point["centers"], point["counts"]
            middles = [(a + b) / 2 for a, b in pairwise(centers)]
            return {point["name"]: self._wandb.Histogram(np_histogram=(counts, [centers[0], *middles, centers[-1]]))}
        return {point["name"]: self._wandb.Table(columns=point["columns"], data=point["rows"])}


def _without_needless_programs() -> None:
    """W&B has programs started that would have its key in their environment.

    It asks git where it is before it has any settings, and Python for the platform's name, which asks `uname` once.
    """
    os.environ["WANDB_DISABLE_GIT"] = "true"
    key = os.environ.pop("WANDB_API_KEY", None)
    platform.platform(aliased=True)  # kept by Python from here on
    if key is not None:
        os.environ["WANDB_API_KEY"] = key


def _nested(settings: dict[str, object]) -> dict[str, object]:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`: W&B shows it as it stands in run.yaml."""
    nested: dict[str, object] = {}
    for path, value in settings.items():
        *groups, name = path.split(".")
        place = nested
        for group in groups:
            place = place.setdefault(group, {})  # type: ignore[assignment]
        place[name] = value
    return nested
