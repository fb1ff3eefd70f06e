import type { ChatMessage } from "./domain.ts";

/**
 * Turns that show a small model the format, for `prompt: examples`. R-Zero itself shows none: a model that needs them was
 * not trained to follow instructions well enough, and what it asks will resemble what it was shown.
 */
export function challengerExamples(request: string): ChatMessage[] {
  return turns(
    [
      ["A baker makes 4 trays of 6 rolls and sells 9 rolls. How many rolls are left?", "15"],
      ["What is 3 + 5 * 2?", "13"],
      ["A rope of 20 metres is cut into 5 equal pieces. How long is each piece in metres?", "4"],
      ["Lena is 7 years older than Max. Together they are 21. How old is Max?", "7"],
    ].map(([question, answer]) => [request, `<question>${question}</question>\n\\boxed{${answer}}`]),
  );
}

export const solverExamples: ChatMessage[] = turns([
  ["A shelf holds 7 books and 5 more are added. How many books are there?", "7 + 5 = 12. \\boxed{12}"],
  ["What is 6 times 4, minus 3?", "6 * 4 = 24. 24 - 3 = 21. \\boxed{21}"],
  ["Half of a number is 9. What is the number?", "Twice 9 is 18. \\boxed{18}"],
]);

function turns(pairs: string[][]): ChatMessage[] {
  return pairs.flatMap(([asked = "", said = ""]) => [
    { role: "user" as const, content: asked },
    { role: "assistant" as const, content: said },
  ]);
}
