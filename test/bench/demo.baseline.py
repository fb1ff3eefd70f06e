"""The whole R-Zero demo in one process of plain torch: no agent, no engine, no journal, nothing kept.

The named baseline for the CPU time of agent and engine together, and for what the demo learns. Sizes and rates default
to those of the demo's run.yaml. The last line of standard output is one JSON object: the audits (base model first),
`cpu_s` of the process from its start, and of those `sample_s` in sampling (audits included) and `train_s` in optimiser
steps. PYTHONPATH must hold the engine's folder: the tokenizer and the held-out questions are its own.
"""

import argparse
import json
import random
import sys
import time
from pathlib import Path

import torch
from demo_baseline.grpo import Group, Learner
from demo_baseline.model import Weights, load_model
from demo_baseline.repetition import penalties
from demo_baseline.sampling import Completion, sample
from demo_baseline.sorting import (
    CHALLENGER_PROMPT,
    boxed,
    held_out,
    is_held_out,
    majority,
    posed_row,
    prompt,
    text,
    truth,
)

QUESTION_TOKENS, ANSWER_TOKENS = 64, 40
AUDIT_SAMPLES = 8


class Loop:
    """The demo's loop over one base model; CPU seconds of its two costly parts are added up in `seconds`."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.shape, self.base = load_model(options.model)
        self.generator = torch.Generator().manual_seed(options.seed)
        self.random = random.Random(options.seed)
        self.seconds = {"sample_s": 0.0, "train_s": 0.0}

    def run(self) -> list[dict[str, float]]:
        """The audits of the base model and of the Solver after each iteration."""
        challenger = solver = self.base
        audits = [self.audit(solver)]
        for iteration in range(1, self.options.iterations + 1):
            challenger = self.train_challenger(challenger, solver)
            curriculum = self.build_curriculum(challenger, solver)
            solver = self.train_solver(solver, curriculum)
            audits.append(self.audit(solver))
            print(f"iteration {iteration}: {len(curriculum)} questions kept, {audits[-1]}", file=sys.stderr, flush=True)
        return audits

    def train_challenger(self, challenger: Weights, solver: Weights) -> Weights:
        """Rewarded for valid, varied questions on which the frozen Solver is undecided."""
        options = self.options
        learner = Learner(self.shape, challenger, options.challenger_learning_rate)
        for _ in range(options.challenger_steps):
            posed = self.ask(learner.weights, options.slots * options.challenger_rollouts)
            rows = [posed_row(text(completion.ids)) for completion in posed]
            rewards = self.challenger_rewards(solver, rows)
            size = options.challenger_rollouts
            self.learn(
                learner,
                [
                    Group(CHALLENGER_PROMPT, posed[at : at + size], rewards[at : at + size])
                    for at in range(0, len(posed), size)
                ],
            )
        return learner.weights

    def challenger_rewards(self, solver: Weights, rows: list[str | None]) -> list[float]:
        """max(0, 1 - 2|p - ½| - repetition penalty), p the Solver's majority share; 0 for a malformed question."""
        asked = [i for i, row in enumerate(rows) if row is not None]
        answers = self.answers(solver, [row for row in rows if row is not None], self.options.answers)
        penalty = penalties(rows)
        rewards = [0.0] * len(rows)
        for i, own in zip(asked, answers, strict=True):
            share = majority(own)[1] / self.options.answers
            rewards[i] = max(0.0, 1 - 2 * abs(share - 0.5) - float(penalty[i]))
        return rewards

    def build_curriculum(self, challenger: Weights, solver: Weights) -> list[tuple[str, str]]:
        """Rows of digits and their pseudo-labels, of majority share ¼ to ¾; repeats stay, held-out questions do not."""
        posed = self.ask(challenger, self.options.questions)
        valid = [row for completion in posed if (row := posed_row(text(completion.ids))) is not None]
        rows = [row for row in valid if not is_held_out(row)]
        curriculum = []
        for row, own in zip(rows, self.answers(solver, rows, self.options.answers), strict=True):
            label, votes = majority(own)
            if label is not None and self.options.answers <= 4 * votes <= 3 * self.options.answers:
                curriculum.append((row, label))
        return curriculum

    def train_solver(self, solver: Weights, curriculum: list[tuple[str, str]]) -> Weights:
        """Rewarded for agreeing with the pseudo-labels."""
        options = self.options
        if not curriculum:
            raise SystemExit("No question was kept: there is nothing to train the Solver on. Ask more --questions.")
        learner = Learner(self.shape, solver, options.solver_learning_rate)
        size = min(options.prompts, len(curriculum))
        order: list[tuple[str, str]] = []
        for _ in range(options.solver_steps):
            if len(order) < size:
                order = self.random.sample(curriculum, len(curriculum))
            batch, order = order[:size], order[size:]
            prompts = [prompt(f"sort {row}") for row, _ in batch]
            rollouts = self.sample(learner.weights, prompts, options.solver_rollouts, ANSWER_TOKENS)
            groups = []
            for (_, label), own_prompt, completions in zip(batch, prompts, rollouts, strict=True):
                rewards = [float(boxed(text(completion.ids)) == label) for completion in completions]
                groups.append(Group(own_prompt, completions, rewards))
            self.learn(learner, groups)
        return learner.weights

    def audit(self, solver: Weights) -> dict[str, float]:
        """Accuracy on held-out questions: of sampled answers, of their majority, and of the greedy answer."""
        rows = held_out()
        sampled = self.answers(solver, rows, AUDIT_SAMPLES)
        greedy = self.answers(solver, rows, 1, greedy=True)
        pairs = list(zip(rows, sampled, strict=True))
        return {
            "mean_at_k": sum(own.count(truth(row)) for row, own in pairs) / (len(rows) * AUDIT_SAMPLES),
            "majority_at_k": sum(majority(own)[0] == truth(row) for row, own in pairs) / len(rows),
            "greedy": sum(own == [truth(row)] for row, own in zip(rows, greedy, strict=True)) / len(rows),
        }

    def ask(self, challenger: Weights, count: int) -> list[Completion]:
        return self.sample(challenger, [CHALLENGER_PROMPT], count, QUESTION_TOKENS)[0]

    def answers(self, solver: Weights, rows: list[str], count: int, greedy: bool = False) -> list[list[str | None]]:
        prompts = [prompt(f"sort {row}") for row in rows]
        completions = self.sample(solver, prompts, count, ANSWER_TOKENS, greedy)
        return [[boxed(text(completion.ids)) for completion in own] for own in completions]

    def sample(
        self, weights: Weights, prompts: list[list[int]], count: int, longest: int, greedy: bool = False
    ) -> list[list[Completion]]:
        start = time.process_time()
        completions = sample(self.shape, weights, prompts, count, longest, self.generator, greedy)
        self.seconds["sample_s"] += time.process_time() - start
        return completions

    def learn(self, learner: Learner, groups: list[Group]) -> None:
        start = time.process_time()
        learner.step(groups)
        self.seconds["train_s"] += time.process_time() - start


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the pre-trained base model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--challenger-steps", type=int, default=8)
    parser.add_argument("--slots", type=int, default=32, help="groups of a Challenger step")
    parser.add_argument("--challenger-rollouts", type=int, default=4, help="questions of a group")
    parser.add_argument("--challenger-learning-rate", type=float, default=2e-4)
    parser.add_argument("--questions", type=int, default=1000, help="sampled for the curriculum")
    parser.add_argument("--answers", type=int, default=10, help="voting on a question")
    parser.add_argument("--solver-steps", type=int, default=25)
    parser.add_argument("--prompts", type=int, default=64, help="groups of a Solver step")
    parser.add_argument("--solver-rollouts", type=int, default=8, help="answers of a group")
    parser.add_argument("--solver-learning-rate", type=float, default=1.5e-4)
    return parser.parse_args()


def main() -> None:
    torch.set_num_threads(1)
    loop = Loop(parsed_options())
    audits = loop.run()
    series = {name: [audit[name] for audit in audits] for name in audits[0]}
    print(json.dumps({**series, "cpu_s": time.process_time(), **loop.seconds}))


main()
