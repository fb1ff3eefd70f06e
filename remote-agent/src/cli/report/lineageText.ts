import type { Lineage, LineageNode, QuestionRow } from "../../protocol/questionRows.ts";
import { callPlace } from "../../run/index/callPlace.ts";
import { plural } from "../format.ts";

/** Places that are named one by one; of more, their number. */
const NAMED = 6;

/** Where a question came from and where it went, as sentences. Both lineages are of its task, or of its proposal without one. */
export function lineageSentences(
  { trainedExamples, proposalExamples }: Pick<QuestionRow, "trainedExamples" | "proposalExamples">,
  causes: Lineage,
  effects: Lineage,
): string[] {
  const proposal = causes.nodes.find(({ type }) => type === "trajectory");
  const examples = effects.nodes.filter(({ type }) => type === "example");
  // Later checkpoints descend from these: only those that learned from the examples themselves are meant.
  const learned = new Set(
    effects.edges.filter(({ parent }) => examples.some(({ id }) => id === parent)).map(({ child }) => child),
  );
  const taught = effects.nodes.filter(({ id, type }) => type === "checkpoint" && learned.has(id));
  return [
    proposal === undefined
      ? "It was given, not proposed."
      : `It was proposed in ${placeText(proposal)}${writtenBy(causes)} (record ${proposal.id}).`,
    trainedExamples === 0
      ? "No training example was made of its answers."
      : `Its answers made ${plural(trainedExamples, "training example")}.`,
    ...(proposalExamples === 0 ? [] : [`Its proposal is a member of ${plural(proposalExamples, "training example")}.`]),
    ...(taught.length === 0 ? [] : [`What was learned from them is in ${checkpoints(taught)}.`]),
  ];
}

function writtenBy({ nodes }: Lineage): string {
  const writers = nodes.filter(({ type }) => type === "checkpoint");
  return writers.length === 0 ? "" : ` by ${checkpoints(writers)}`;
}

function checkpoints(nodes: readonly LineageNode[]): string {
  const places = [...new Set(nodes.map(placeText))];
  if (places.length === 1 && places[0] === BASE) return BASE;
  const shown = places.slice(0, NAMED).join("; ");
  const more = places.length - NAMED;
  return `the ${places.length === 1 ? "checkpoint" : "checkpoints"} of ${shown}${more > 0 ? `; and ${more} more` : ""}`;
}

const BASE = "the base model";

function placeText({ call }: LineageNode): string {
  if (call.startsWith("learn:base")) return BASE;
  const { iteration, stage, step } = callPlace(call);
  return `iteration ${iteration}, ${stage}${step === null ? "" : `, step ${step}`}`;
}
