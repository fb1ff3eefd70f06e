import type { LogLevel, LogLine } from "../../protocol/logs.ts";

/** `2026-11-26T21:33:01.123Z INFO agent text`: what every program of a run writes. */
const HEAD = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([A-Z]{4,8}) ([a-z][a-z0-9_-]{0,31}) /;
const LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ["DEBUG", "debug"],
  ["INFO", "info"],
  ["WARNING", "warning"],
  ["ERROR", "error"],
  ["CRITICAL", "error"],
]);
const LONGEST = 16_384;

/** A message as one or more lines; those after the first are indented, so that none of them looks like a message. */
export function formatLine(t: number, level: LogLevel, source: string, message: string): string {
  const text = message.trimEnd().replaceAll("\n", "\n  ");
  return `${new Date(t).toISOString()} ${level.toUpperCase()} ${source} ${text}\n`;
}

/** A stored line. One without a head (a traceback, a library's own output) takes time and level of the line above. */
export function parseLine(raw: string, source: string, above: { t: number | null; level: LogLevel }): LogLine {
  const head = HEAD.exec(raw);
  const level = head === null ? undefined : LEVELS.get(head[2] ?? "");
  if (head === null || level === undefined) return { ...above, source, text: cleaned(raw) };
  return { t: Date.parse(head[1] ?? ""), level, source, text: cleaned(raw.slice(head[0].length)) };
}

/** A line as a terminal may show it: colours stay, everything else that would steer it goes. */
export function cleaned(raw: string): string {
  const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
  // Of a progress bar that redraws itself, what a terminal would show in the end.
  const shown = line.slice(line.lastIndexOf("\r") + 1);
  const text = shown
    .replace(SEQUENCE, (sequence) => (COLOUR.test(sequence) ? sequence : ""))
    .replace(CONTROL, (character) => (character === "\t" || character === ESC ? character : ""))
    .replace(LONE_ESCAPE, "");
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length - LONGEST} more characters)`;
}

const ESC = String.fromCharCode(0x1b);
// ECMA-48: CSI (parameters, intermediates, final), string sequences (OSC, DCS, APC, PM, SOS) up to their end, others.
const SEQUENCE = new RegExp(
  [
    `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]`,
    `(?:${ESC}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007${ESC}\\u009c]*(?:\\u0007|${ESC}\\\\|\\u009c)?`,
    `${ESC}[ -/]*[0-Z\\\\^-~]`,
  ].join("|"),
  "g",
);
const COLOUR = new RegExp(`^${ESC}\\[[0-9;:]*m$`);
const LONE_ESCAPE = new RegExp(`${ESC}(?!\\[[0-9;:]*m)`, "g");
/** Control and invisible formatting characters: the latter can turn text around. */
const CONTROL = /[\p{Cc}\p{Cf}]/gu;
