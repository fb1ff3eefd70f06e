import type { AlarmPlace, AlarmRule, AlarmsConfig } from "../protocol/alarms.ts";
import type { Observation } from "./observations.ts";

/** What a rule says at one point: whether its alarm holds, and by which numbers. */
export interface Reading {
  readonly rule: AlarmRule;
  /** What within the rule is watched by itself, as a role: each has alarms of its own. */
  readonly subject: string;
  /** Names the point, the same after a crash. */
  readonly point: string;
  readonly holds: boolean;
  readonly role: string | null;
  readonly place: AlarmPlace;
  readonly values: Readonly<Record<string, number>>;
  readonly limits: Readonly<Record<string, number>>;
}

/** A rule over what is recorded: told everything in order, it answers with what it can say of it. */
export type Rule = (observation: Observation) => Reading | null;

/** A run's settings, as they are at the moment: some may change while it runs. */
export interface RuleSettings {
  readonly alarms: AlarmsConfig;
  /** Completions of a Challenger's step. */
  readonly asked: number;
  /** Answers of an audit to each of its questions. */
  readonly auditAnswers: number;
}

/** Fewer questions than this say nothing about shares. */
export const FEWEST_QUESTIONS = 16;

export function figure(values: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = values[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
