"""The symbolic grader: whether two answers are the same, by math-verify. Runs inside the agent's sandbox only."""
