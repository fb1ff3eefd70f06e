"""The demo's base model: a tiny Qwen3 that half knows how to sort digits, and knows how to ask for it."""
