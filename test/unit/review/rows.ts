import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionView } from "../../../remote-agent/src/protocol/review.ts";

/** A question of a curriculum that nothing is special about, but for what is given. */
export function rowOf(more: Partial<QuestionRow>): QuestionRow {
  return {
    id: "a".repeat(24),
    proposal: "a".repeat(24),
    task: "b".repeat(24),
    iteration: 1,
    stage: "curriculum",
    step: null,
    text: "sort 21",
    clipped: false,
    valid: true,
    reason: null,
    label: "12",
    share: null,
    votes: null,
    denominator: null,
    kept: true,
    band: "kept",
    correct: null,
    difficulty: 2,
    reward: null,
    uncertainty: null,
    penalty: null,
    batch: null,
    cluster: null,
    clusterSize: null,
    answers: 10,
    truncated: 0,
    tokens: 12,
    answerTokens: 8,
    trainedExamples: 0,
    trainedSteps: 0,
    proposalExamples: 0,
    decision: null,
    ...more,
  };
}

export function decided(more: Partial<DecisionView>): DecisionView {
  return {
    id: "c".repeat(24),
    task: "b".repeat(24),
    verdict: null,
    label: null,
    question: null,
    note: null,
    undoes: null,
    by: "ada",
    at: 0,
    seq: 1,
    ...more,
  };
}
