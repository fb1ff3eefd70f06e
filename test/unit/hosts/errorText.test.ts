import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failed } from "../../../src/deploy/failed.ts";
import { errorText } from "../../../src/hosts/errorText.ts";
import { AgentError } from "../../../src/link/agentError.ts";
import { english, say } from "../../../src/ssh/sentence.ts";
import { TransportError } from "../../../src/ssh/transport.ts";

/** A language in which words stand in another order. */
const l10n = {
  t: (message: string, ...args: unknown[]) =>
    message === "{0} did not let {1} in: {2}" ? `${args[1]} ← ${args[0]} (${args[2]})` : `untranslated: ${message}`,
};

describe("what went wrong, in the person's language", () => {
  it("is the translation of the sentence, with what it names in its place", () => {
    const error = new TransportError("authentication", say`${"node"} did not let ${"ada"} in: ${"Permission denied"}`);
    expect(error.message).toBe("node did not let ada in: Permission denied");
    expect(errorText(error, l10n)).toBe("ada ← node (Permission denied)");
  });

  it("has what it tells of in that language as well: the step of a deployment, why a host needs another client", () => {
    const french = {
      t: (message: string, ...args: unknown[]) =>
        ({
          "{0}: {1}": `${args[0]} : ${args[1]}`,
          "The agent could not be unpacked on {0}": `déballage raté sur ${args[0]}`,
        })[message] ?? `untranslated: ${message}`,
    };
    const result = { code: 1, stdout: "", stderr: "tar: bad\n" };
    const error = failed(say`The agent could not be unpacked on ${"node"}`, result);
    expect(error.message).toBe("The agent could not be unpacked on node: tar: bad");
    expect(errorText(error, french)).toBe("déballage raté sur node : tar: bad");
  });

  it("is what the agent or the system said where the words are theirs", () => {
    expect(errorText(new AgentError("NoSuchRun", "There is no run 'x'."), l10n)).toBe("There is no run 'x'.");
    expect(errorText(new Error("ENOENT"), l10n)).toBe("ENOENT");
    expect(errorText("nothing", l10n)).toBe("nothing");
  });

  it("reads in English as it was written, whatever it names", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.string(), (a, n, b) => {
        expect(english(say`${a} waits ${n} s for ${b}.`)).toBe(`${a} waits ${n} s for ${b}.`);
      }),
    );
  });
});
