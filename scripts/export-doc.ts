// Writes docs/export.md from the columns of the tables: `node scripts/export-doc.ts`.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { tableNames, tables } from "../remote-agent/src/run/export/tables.ts";

export const file = path.resolve(import.meta.dirname, "../docs/export.md");

const INTRODUCTION = `# Exports

\`\`\`
rzero export RUN --to DIR                        # all tables as JSON lines, the newest model of each role
rzero export RUN --to DIR --format parquet       # the tables as Parquet
rzero export RUN --to DIR --what questions,answers
rzero export RUN --to DIR --what checkpoints --role solver --checkpoint 2 --merge
\`\`\`

An export reads the journal and the packs of a run and changes nothing of it. It works while the run is at work (what is durable
by then), after its end, and on a run that was interrupted. Memory does not grow with the run. The directory appears under its
name when everything in it is complete and on disk; until then it has a hidden name beside it, and a directory that is there already
is never touched. A full disk ends the export with a sentence and leaves nothing.

| | |
|---|---|
| \`README.md\` | dataset card: where the run came from, and the names under which \`datasets\` finds the tables |
| \`data/TABLE.jsonl\` or \`.parquet\` | one file a table, columns below |
| \`models/ROLE-iteration-N-ID/\` | a model with tokenizer, chat template, generation settings and a model card |

\`--what\` names tables; \`checkpoints\` brings the models too. \`--checkpoint\` chooses models: \`last\` (the newest of each role, the
default), \`all\` that are on disk, an iteration by its number, or a checkpoint by its id. \`--role\` leaves only one role's examples,
metrics, checkpoints and models.

## Models

With all parameters trained, a folder is a Hugging Face model (\`AutoModelForCausalLM.from_pretrained\`). With LoRA it is a PEFT
adapter (\`PeftModel.from_pretrained\`) with the base model's tokenizer beside it; \`--merge\` adds the adapter to the base model's weights and
writes a whole model, in the base model's precision, with the engine's Python package. The weights' checksums are checked while
they are read. The optimiser state is not exported. A checkpoint that retention removed is refused with a sentence.

## Tables

Every table that has rows loads by its name: \`load_dataset(DIR, "questions")\`. One without rows is written, in Parquet with its columns, but
\`datasets\` loads no table without rows, so that it is not among the names; the command and the dataset card say which. Ids are those of the journal's records, so tables join on them:
\`answers.task\` = \`questions.task\`, \`examples.trajectory\` = \`answers.id\` or \`questions.id\`, \`examples.checkpoint\` = \`checkpoints.id\`.
Numbers that are not finite are null. Half a surrogate pair, which is no text, becomes U+FFFD. A text whose pack is missing
or damaged is null, and the command says how many there are.

Texts were written by models: treat them as data, and pseudo-labels as guesses. No path, address or token of the machine is exported.

This page is made from the tables' definition (\`node scripts/export-doc.ts\`).
`;

/** The whole page. */
export function exportPage(): string {
  const parts = tableNames.map((name) => {
    const { about, columns } = tables[name];
    const rows = columns.map((column) => `| \`${column.name}\` | ${column.type} | ${column.about} |`);
    return [
      `### ${name}`,
      "",
      `${about[0]?.toUpperCase()}${about.slice(1)}.`,
      "",
      "| column | type | |",
      "|---|---|---|",
      ...rows,
      "",
    ];
  });
  return [INTRODUCTION, ...parts.flat()].join("\n");
}

if (import.meta.main) writeFileSync(file, exportPage());
