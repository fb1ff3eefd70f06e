import { describe, expect, test } from "vitest";
import { modeOf } from "../../../scripts/demo/mode.mjs";

const person = { env: {}, terminal: true };

describe("npm run demo", () => {
  test("opens VS Code where a person is at the terminal, and it stays until they close it", () => {
    expect(modeOf([], person)).toEqual({ editor: true, stay: true, browser: false, open: null, rest: [] });
  });

  test.each([
    [["--headless"], person],
    [["--json"], person],
    [["--help"], person],
    [["-h"], person],
    [[], { env: {}, terminal: false }],
    [[], { env: { CI: "true" }, terminal: true }],
  ] as const)("stays in the terminal with %j in %j", (args, where) => {
    expect(modeOf([...args], where)).toMatchObject({ editor: false, rest: [...args] });
  });

  test("--editor opens it where nobody is, and it closes with the end of the run", () => {
    expect(modeOf(["--editor"], { env: { CI: "1" }, terminal: false })).toMatchObject({ editor: true, stay: false });
  });

  test("hands on what is meant for the run, in its order, and keeps what is its own", () => {
    const { rest } = modeOf(
      ["--seed", "3", "--browser", "--iterations=2", "--open", "20261127", "--preset", "demo"],
      person,
    );
    expect(rest).toEqual(["--seed", "3", "--iterations=2", "--preset", "demo"]);
  });

  test("--open takes a run, in either form", () => {
    expect(modeOf(["--open", "abc"], person).open).toBe("abc");
    expect(modeOf(["--open=abc"], person)).toMatchObject({ open: "abc", rest: [] });
    expect(() => modeOf(["--open"], person)).toThrow("--open takes the run to show");
  });
});
