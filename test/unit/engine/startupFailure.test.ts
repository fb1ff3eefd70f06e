import { expect, it } from "vitest";
import { explainStartupFailure } from "../../../remote-agent/src/engine/startupFailure.ts";

it.each([
  ["Traceback …\nModuleNotFoundError: No module named 'torch'\n", /has no torch\. Run/],
  ["/usr/bin/python3: No module named rzero_engine\n", /Install the agent again/],
  ["torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", /GPU's memory was not enough/],
  ["  File x.py\n    match a:\nSyntaxError: invalid syntax", /Python 3\.11/],
])("%j is explained in a sentence with the remedy", (tail, sentence) => {
  expect(explainStartupFailure(tail, "exit code 1")).toMatch(sentence);
});

it("anything else shows how it ended and its last lines", () => {
  const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`).join("\n");
  const explained = explainStartupFailure(lines, "ended by SIGKILL");
  expect(explained).toContain("ended by SIGKILL");
  expect(explained).toContain("line 49");
  expect(explained).not.toContain("line 20");
  expect(explainStartupFailure("", "exit code 1")).toMatch(/wrote nothing/);
});
