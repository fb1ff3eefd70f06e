import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import * as z from "zod";
import type { UndecidedPolicy } from "../../remote-agent/src/protocol/review.ts";
import { chooseRun } from "../explorer/chooseRun.ts";
import { tell } from "../hosts/tell.ts";
import type { HostLink } from "../link/hostLink.ts";
import { runRead } from "../link/whenRead.ts";
import type { Services } from "../services.ts";
import { withProgress } from "../withProgress.ts";
import { curriculumFilter } from "./curriculumSession.ts";

const COUNT_MS = 60_000;

type Link = Pick<HostLink, "request">;

/** Lets a run that waits for its reviewer go on, after saying what it will train on. */
export async function releaseGate({ hosts, log }: Services, what: unknown): Promise<void> {
  const title = vscode.l10n.t("R-Zero: Release Review Gate");
  const about = z.object({ host: z.string(), run: z.string().nullable() }).safeParse(what);
  const chosen = await chooseRun(hosts, about.data, {
    title,
    fits: ({ view }) => view.review.waiting !== null,
  });
  if (chosen === undefined) return;
  const { entry, run } = chosen;
  const { waiting } = run.view.review;
  if (waiting === null) {
    await vscode.window.showInformationMessage(vscode.l10n.t("{0} waits at no review gate.", run.name));
    return;
  }
  try {
    const counts = await withProgress(vscode.l10n.t("Counting what was decided"), (_, signal) =>
      countsOf(entry.link, run.id, waiting.iteration, signal),
    );
    const picked = await pickPolicy(title, counts);
    if (picked === undefined) return;
    const params = { run: run.id, command: randomUUID(), by: "vscode", undecided: picked };
    await entry.link.request("runs/release", params, { limitMs: 120_000 });
    if (!run.live) {
      const resume = { run: run.id, command: randomUUID(), by: "vscode" };
      await entry.link.request("runs/resume", resume, { limitMs: 120_000 });
    }
    await entry.refresh();
  } catch (error) {
    await tell(error, entry.name, log);
  }
}

interface Counts {
  readonly approved: number;
  readonly rejected: number;
  readonly undecided: number;
}

async function countsOf(link: Link, run: string, iteration: number, signal: AbortSignal): Promise<Counts> {
  await runRead(link, run, signal);
  const count = async (more: object) => {
    const query = { filter: { ...curriculumFilter(iteration), ...more }, limit: 1 };
    return (await link.request("runs/questions", { run, query }, { limitMs: COUNT_MS, signal })).total;
  };
  const [approved, rejected, undecided] = await Promise.all([
    count({ verdict: ["approve"] }),
    count({ verdict: ["reject"] }),
    count({ decided: false }),
  ]);
  return { approved, rejected, undecided };
}

async function pickPolicy(
  title: string,
  { approved, rejected, undecided }: Counts,
): Promise<UndecidedPolicy | undefined> {
  const keep = {
    label: vscode.l10n.t("Train on {0} questions", approved + undecided),
    description: vscode.l10n.t("{0} approved and {1} that nobody decided on", approved, undecided),
    detail: vscode.l10n.t("{0} rejected questions are left out.", rejected),
    policy: "keep" as const,
  };
  const drop = {
    label: vscode.l10n.t("Train on {0} questions", approved),
    description: vscode.l10n.t("only what was approved"),
    detail: vscode.l10n.t("{0} rejected questions are left out, and {1} that nobody decided on.", rejected, undecided),
    policy: "drop" as const,
  };
  const items = undecided === 0 ? [drop] : [keep, drop];
  return (await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))?.policy;
}
