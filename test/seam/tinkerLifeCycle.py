"""The official Tinker SDK, unmodified, through the life of a policy; prints what it saw as one JSON object.

    TINKER_BASE_URL=… TINKER_API_KEY=… python tinkerLifeCycle.py RANK        (0 = all parameters)
"""

import json
import sys
import time

import tinker
import torch
from tinker import types

PROMPT = [3, 4, 5, 6]
COMPLETION = [7, 8, 9]
ALL = PROMPT + COMPLETION
ADAM = types.AdamParams(learning_rate=1e-2, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=0.0, grad_clip_norm=1.0)


def datum(advantage: float | None = None, logprobs: list[float] | None = None) -> types.Datum:
    """Shifted; prompt positions are 0."""
    first, length = len(PROMPT) - 1, len(ALL) - 1
    weights = [float(i >= first) for i in range(length)]
    inputs: dict[str, list[float]] = {"target_tokens": ALL[1:]}
    if advantage is None:
        inputs["weights"] = weights
    else:
        inputs["advantages"] = [advantage * weight for weight in weights]
        inputs["logprobs"] = logprobs or [0.0] * length
    return types.Datum(model_input=types.ModelInput.from_ints(ALL[:-1]), loss_fn_inputs=inputs)


def completion_logprobs(output: types.ForwardBackwardOutput, row: int = 0) -> list[float]:
    return [float(x) for x in output.loss_fn_outputs[row]["logprobs"].data][len(PROMPT) - 1 :]


def refusal(call: object) -> str:
    try:
        call()  # type: ignore[operator]
    except Exception as error:  # any kind: its text is what is looked at
        return f"{type(error).__name__}: {error}"
    return ""


def main(rank: int) -> dict[str, object]:
    seen: dict[str, object] = {}
    service = tinker.ServiceClient()
    model = service.get_server_capabilities().supported_models[0]
    seen["context"] = model.max_context_length
    trainee = service.create_lora_training_client(base_model=model.model_name, rank=rank, seed=1)
    info = trainee.get_info()
    seen["info"] = {"is_lora": info.is_lora, "lora_rank": info.lora_rank, "model": info.model_data.model_name}
    tokenizer = trainee.get_tokenizer()
    seen["tokenizer"] = tokenizer.decode(tokenizer.encode("sort 312"))

    before = trainee.forward([datum()], "cross_entropy").result()
    seen["before"] = completion_logprobs(before)
    old = [float(x) for x in before.loss_fn_outputs[0]["logprobs"].data]
    losses = {"cross_entropy": [datum()]}
    losses |= {name: [datum(1.0, old), datum(-0.5, old)] for name in ("importance_sampling", "ppo")}
    for name, data in losses.items():
        config = {"clip_low_threshold": 0.8, "clip_high_threshold": 1.2} if name == "ppo" else None
        passed = trainee.forward_backward(data, name, config)
        stepped = trainee.optim_step(ADAM)  # sent while the pass is under way
        seen[name] = {"metrics": passed.result().metrics, "step": stepped.result().metrics}

    def custom(data: list[types.Datum], logprobs: list[torch.Tensor]) -> tuple[torch.Tensor, dict[str, float]]:
        loss = sum((row[len(PROMPT) - 1 :] ** 2).sum() for row in logprobs)
        return loss, {"custom": float(loss.detach())}

    customised = trainee.forward_backward_custom([datum()], custom).result()
    seen["custom"] = {"metrics": customised.metrics, "step": trainee.optim_step(ADAM).result().metrics}
    seen["after"] = completion_logprobs(trainee.forward([datum()], "cross_entropy").result())

    path = trainee.save_weights_for_sampler("after-training").result().path
    sampler = service.create_sampling_client(model_path=path)
    params = types.SamplingParams(max_tokens=5, temperature=1.0, seed=11)
    prompt = types.ModelInput.from_ints(PROMPT)
    sampled = sampler.sample(prompt=prompt, num_samples=3, sampling_params=params).result()
    again = sampler.sample(prompt=prompt, num_samples=3, sampling_params=params).result()
    seen["sampled"] = [
        {"tokens": list(map(int, s.tokens)), "logprobs": list(map(float, s.logprobs or [])), "stop": s.stop_reason}
        for s in sampled.sequences
    ]
    seen["same_seed_same_samples"] = [list(s.tokens) for s in sampled.sequences] == [
        list(s.tokens) for s in again.sequences
    ]
    seen["sampler_logprobs"] = sampler.compute_logprobs(types.ModelInput.from_ints(ALL)).result()
    seen["sampler_base"] = sampler.get_base_model()
    ephemeral = trainee.save_weights_and_get_sampling_client()
    seen["ephemeral_logprobs"] = ephemeral.compute_logprobs(types.ModelInput.from_ints(ALL)).result()

    state = trainee.save_state("state").result().path
    resumed = service.create_training_client_from_state_with_optimizer(state)
    seen["restored"] = completion_logprobs(resumed.forward([datum()], "cross_entropy").result())
    for client in (trainee, resumed):
        client.forward_backward([datum()], "cross_entropy").result()
        client.optim_step(ADAM).result()
    seen["one_step_later"] = [
        completion_logprobs(client.forward([datum()], "cross_entropy").result()) for client in (trainee, resumed)
    ]

    seen["errors"] = {
        "loss": refusal(lambda: trainee.forward([datum()], "dro").result()),
        "state": refusal(lambda: service.create_training_client_from_state("tinker://nobody/weights/none")),
        "sampler": refusal(lambda: service.create_sampling_client(model_path="tinker://nobody/sampler_weights/none")),
        "length": refusal(
            lambda: sampler.sample(
                prompt=prompt, num_samples=1, sampling_params=types.SamplingParams(max_tokens=100_000)
            ).result()
        ),
    }
    return seen


if __name__ == "__main__":
    started = time.monotonic()
    print(json.dumps(main(int(sys.argv[1]))))
    print(f"{time.monotonic() - started:.1f} s", file=sys.stderr)
