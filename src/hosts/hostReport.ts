import type { Finding } from "./findings.ts";

/** How the connection itself went. */
export interface Reached {
  readonly host: string;
  readonly via: "local" | "built-in" | "system";
  /** Milliseconds until the host had answered the first command. */
  readonly ms: number;
}

const signs = { ok: "✓", note: "·", warning: "!", blocked: "✗" } as const;

/** The report as a Markdown document. What the host said is data: it cannot format, link or load anything. */
export function hostReport({ host, via, ms }: Reached, findings: readonly Finding[], when: Date): string {
  const blocked = findings.filter(({ status }) => status === "blocked").length;
  const warnings = findings.filter(({ status }) => status === "warning").length;
  const verdict =
    blocked > 0
      ? "Runs cannot start here yet: see the lines marked ✗."
      : warnings > 0
        ? "Runs can start here; the lines marked ! are worth a look."
        : "Everything a run needs is here.";
  const way = { local: "this machine", "built-in": "SSH", system: "the system's ssh" }[via];
  return [
    `# ${plain(host)}`,
    "",
    `**${verdict}**`,
    "",
    `Checked ${when.toISOString().slice(0, 16).replace("T", " ")} UTC over ${way}; the first answer took ${ms} ms.`,
    "",
    "| | | | what to do |",
    "|---|---|---|---|",
    ...findings.map(
      ({ topic, status, says, remedy }) => `| ${signs[status]} | ${topic} | ${plain(says)} | ${plain(remedy ?? "")} |`,
    ),
    "",
  ].join("\n");
}

/** Text that Markdown shows as it is, on one line; control and direction characters are left out. */
function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, " ")
    .replace(/[\\`*_{}[\]()#+!|<>&~$]/g, (character) => `&#${character.codePointAt(0)};`)
    .replace(/(https?):/gi, "$1&#58;")
    .replace(/\bwww\./gi, "www&#46;");
}
