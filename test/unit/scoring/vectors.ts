import { readFileSync } from "node:fs";
import { z } from "zod";
import { RawBatch } from "../../../remote-agent/src/scoring/scoreBatch.ts";

/** Vectors of whole batches: inputs, and outputs of the unmodified reference functions. */
export const BatchVector = z.object({
  id: z.string(),
  title: z.string(),
  input: RawBatch,
  output: z.object({
    parsed: z.array(z.object({ question: z.string() })),
    majority: z.array(z.string()),
    p: z.array(z.number()),
    cluster: z.array(z.number()),
    penalty: z.array(z.number()),
    overall_code: z.array(z.number()),
    reward_paper: z.array(z.number()),
    distance: z.array(z.array(z.number())).optional(),
  }),
});

const Vectors = z.object({ vectors: z.array(z.looseObject({ id: z.string(), title: z.string() })) });

export const vectors = Vectors.parse(
  JSON.parse(readFileSync(new URL("../../vectors/rzero.json", import.meta.url), "utf8")),
).vectors;

export const batchVectors = vectors.flatMap((vector) => {
  const batch = BatchVector.safeParse(vector);
  return batch.success ? [batch.data] : [];
});

export function vectorOf<T>(id: string, schema: z.ZodType<T>): T {
  return schema.parse(vectors.find((vector) => vector.id === id));
}
