import type { AlarmView } from "../../remote-agent/src/protocol/alarms.ts";
import type { L10n } from "../l10n.ts";
import { oneLine } from "../oneLine.ts";
import { alarmAdvice, alarmPlaceText, alarmSentence, alarmTitle } from "./words.ts";

/** An alarm in full, as a document in Markdown. */
export function detailsText(run: string, alarm: AlarmView, l10n: L10n): string {
  const { rule, at, over, stops, good, values, limits } = alarm;
  const time = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
  const numbers = (named: Record<string, number>) =>
    Object.entries(named).map(([name, value]) => `* \`${oneLine(name)}\`: ${Number(value.toPrecision(6))}`);
  const sections = [
    `# ${alarmTitle(rule, l10n)}`,
    alarmPlaceText(alarm, l10n),
    alarmSentence(alarm, l10n),
    ...(stops ? [l10n.t("This alarm stopped the run.")] : []),
    `## ${l10n.t("What it means, and what to do")}`,
    alarmAdvice(rule, l10n),
    ...(good === null
      ? []
      : [
          l10n.t(
            "Before it: fork the run at {0} (iteration, or iteration and stage).{1}",
            `\`${oneLine(good.at)}\``,
            stops ? ` ${l10n.t("Its checkpoints are kept.")}` : "",
          ),
        ]),
    l10n.t("To hear no more of it in this run: Mute Alarm, or {0} in its run.yaml.", `\`alarms.${rule}.on: false\``),
    `## ${l10n.t("Measured")}`,
    [
      `* ${l10n.t("run")}: ${oneLine(run)}`,
      `* ${l10n.t("raised")}: ${time(at)} UTC`,
      ...(over === null ? [] : [`* ${l10n.t("over")}: ${time(over)} UTC`]),
      ...numbers(values),
    ].join("\n"),
    `## ${l10n.t("Limits")}`,
    numbers(limits).join("\n"),
  ];
  return `${sections.filter((text) => text !== "").join("\n\n")}\n`;
}
