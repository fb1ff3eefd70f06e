"""The step in TRL's GRPOTrainer: its loss, its backward, its clipping and its optimizer; only the inputs are ours."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

from engine_step.batch import CLIP_HIGH, CLIP_LOW, DUAL_CLIP, KL, ROWS, TOKENS, Batch


class GivenInputs(GRPOTrainer):
    """A trainer whose rollouts are given instead of sampled."""

    given: dict[str, torch.Tensor]

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, torch.Tensor]:
        return self.given


class TrlStep:
    def __init__(self, model: Path, adam: dict[str, float]) -> None:
        self.scratch = tempfile.TemporaryDirectory()
        config = GRPOConfig(
            output_dir=self.scratch.name,
            per_device_train_batch_size=ROWS,
            num_generations=8,
            max_completion_length=TOKENS,
            loss_type="bnpo",  # mean over all completion tokens of the batch
            epsilon=1 - CLIP_LOW,
            epsilon_high=CLIP_HIGH - 1,
            delta=DUAL_CLIP,
            beta=KL,
            use_bias_correction_kl=False,  # the plain estimate k3, as in the paper's reference code
            temperature=1.0,
            learning_rate=adam["learning_rate"],
            adam_beta1=adam["beta1"],
            adam_beta2=adam["beta2"],
            adam_epsilon=adam["eps"],
            weight_decay=adam["weight_decay"],
            max_grad_norm=adam["grad_clip_norm"],
            lr_scheduler_type="constant",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            report_to=[],
            disable_tqdm=True,
        )
        self.trainer = GivenInputs(
            model=AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32),
            reward_funcs=lambda completions, **_: [0.0] * len(completions),
            args=config,
            train_dataset=Dataset.from_dict({"prompt": ["sort 1"] * ROWS}),
            processing_class=AutoTokenizer.from_pretrained(model),
        )
        self.trainer.create_optimizer()
        self.trainer.current_gradient_accumulation_steps = 1
        self.model = self.trainer.model
        self.model.train()

    def give(self, batch: Batch) -> None:
        longest = max(len(prompt) for prompt in batch.prompts)
        ids, mask = (np.zeros((len(batch.prompts), longest), np.int64) for _ in range(2))
        for row, prompt in enumerate(batch.prompts):  # padded on the left, as TRL does
            ids[row, longest - len(prompt) :] = prompt
            mask[row, longest - len(prompt) :] = 1
        completions = torch.from_numpy(batch.completions)
        self.trainer.given = {
            "prompt_ids": torch.from_numpy(ids),
            "prompt_mask": torch.from_numpy(mask),
            "completion_ids": completions,
            "completion_mask": torch.ones_like(completions),
            "advantages": torch.from_numpy(batch.advantages),
            "old_per_token_logps": torch.from_numpy(batch.old),
            "ref_per_token_logps": torch.from_numpy(batch.reference),
            "num_items_in_batch": torch.tensor(completions.numel()),
        }

    def backward(self) -> float:
        return float(self.trainer.training_step(self.model, {}, None))

    def update(self) -> float:
        trainer = self.trainer
        norm = trainer.accelerator.clip_grad_norm_(self.model.parameters(), trainer.args.max_grad_norm)
        trainer.optimizer.step()
        self.model.zero_grad()
        return float(norm)

    def gradients(self) -> dict[str, torch.Tensor]:
        return {name: p.grad.clone() for name, p in self.model.named_parameters() if p.grad is not None}

    def logprobs(self, prompts: list[np.ndarray], completions: np.ndarray) -> np.ndarray:
        """(rows, 64) of the model as it is, by transformers alone."""
        rows = []
        with torch.no_grad():
            for prompt, completion in zip(prompts, completions, strict=True):
                ids = torch.from_numpy(np.concatenate((prompt, completion)))[None]
                log_p = self.model(ids).logits[0].log_softmax(-1)
                rows.append(log_p[len(prompt) - 1 : -1].gather(-1, ids[0, len(prompt) :, None])[:, 0].numpy())
        return np.stack(rows)
