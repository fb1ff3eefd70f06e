import path from "node:path";
import { stringify } from "yaml";
import type { ResolvedRun } from "../../protocol/config.ts";
import type { CheckpointRecord } from "../../protocol/records.ts";
import type { Place } from "./places.ts";
import { type TableName, tables } from "./tables.ts";

/** README.md of the whole export: what `datasets` needs to load each table by name, and what the columns are. */
export function datasetCard(o: {
  run: ResolvedRun;
  format: "jsonl" | "parquet";
  rows: ReadonlyMap<TableName, number>;
  models: readonly string[];
}): string {
  const { run, format, rows } = o;
  // A split without rows “corresponds to no data” for `datasets`, in every format: by name it finds the others only.
  const loadable = [...rows].filter(([, count]) => count > 0).map(([name]) => name);
  const header = stringify({
    pretty_name: `R-Zero run ${run.id}`,
    tags: ["r-zero", "reinforcement-learning", "self-play", "synthetic"],
    configs: loadable.map((name) => ({ config_name: name, data_files: `data/${name}.${format}` })),
  });
  return [
    "---",
    header.trimEnd(),
    "---",
    "",
    `# R-Zero run ${run.id}`,
    "",
    `What two language models asked, answered and learnt from each other (R-Zero, arXiv 2508.05004). Questions, answers and`,
    "pseudo-labels were written by models: no person has checked them, and a pseudo-label may be wrong.",
    "",
    ...facts(run),
    "",
    ...(loadable.length === 0
      ? []
      : [
          "```python",
          "from datasets import load_dataset",
          `load_dataset("PATH_OF_THIS_FOLDER", "${loadable[0]}")`,
          "```",
          "",
        ]),
    ...[...rows].flatMap(([name, count]) => tablePart(name, count)),
    ...(o.models.length === 0 ? [] : ["## Models", "", ...o.models.map((folder) => `* \`${folder}\``), ""]),
  ].join("\n");
}

/** README.md of a model folder. */
export function modelCard(o: {
  run: ResolvedRun;
  record: CheckpointRecord;
  place: Place;
  kind: "full" | "lora";
  merged: boolean;
}): string {
  const { run, record, place, kind } = o;
  const base = path.basename(run.modelDir);
  const header = stringify({
    library_name: kind === "lora" ? "peft" : "transformers",
    pipeline_tag: "text-generation",
    base_model: base,
    tags: ["r-zero", "reinforcement-learning", "self-play"],
  });
  const parent = record.parents[0];
  return [
    "---",
    header.trimEnd(),
    "---",
    "",
    `# ${record.role}, iteration ${place.iteration ?? 0}`,
    "",
    `The ${record.role === "challenger" ? "Challenger" : "Solver"} of an R-Zero run (arXiv 2508.05004) after ${record.step} optimiser steps of its stage in iteration ${place.iteration ?? 0}.`,
    record.role === "challenger"
      ? "It was trained to ask questions on which the Solver of the run is undecided."
      : "It was trained on questions of the run's own Challenger; the labels are majorities of its own answers, not checked by anyone.",
    ...(o.merged ? ["The LoRA adapter is merged into the base model's weights."] : []),
    ...(kind === "lora" ? [`A LoRA adapter: load it with \`peft\` on top of ${base}.`] : []),
    "",
    ...facts(run),
    `* checkpoint: \`${record.id}\`${parent === undefined ? "" : `, made from \`${parent}\``}`,
    ...(record.weights === null ? [] : [`* SHA-256 of the weights as trained: \`${record.weights}\``]),
    "",
  ].join("\n");
}

/** What the run was, without paths and addresses of the machine it ran on. */
function facts(run: ResolvedRun): string[] {
  const { config, identity, from } = run;
  return [
    `* run: \`${run.id}\`, created ${run.createdAt.slice(0, 10)}`,
    ...(from === undefined
      ? []
      : [`* forked from \`${from.run}\` after the ${from.stage} stage of iteration ${from.iteration}`]),
    `* base model: ${path.basename(run.modelDir)} (\`${identity.model}\`)`,
    `* domain: ${config.domain}; rules: ${config.preset}; seed: ${config.seed}; iterations: ${config.iterations}`,
    `* policy: ${config.policy.kind === "lora" ? `LoRA, rank ${config.policy.rank}` : "all parameters"}`,
    `* agent \`${identity.agent}\`, engine \`${identity.engine}\``,
  ];
}

function tablePart(name: TableName, count: number): string[] {
  const { about, columns } = tables[name];
  return [
    `## ${name}`,
    "",
    `${about[0]?.toUpperCase()}${about.slice(1)}: ${count} rows.`,
    "",
    ...(count === 0 ? ["`datasets` loads no table without rows, so that this one is not among its names.", ""] : []),
    "| column | type | |",
    "|---|---|---|",
    ...columns.map((column) => `| \`${column.name}\` | ${column.type} | ${column.about} |`),
    "",
  ];
}
