// One measurement in a process of its own, so that the peak memory is that of this batch alone:
//   node repetition.measure.mts COUNT KIND PRESET  →  {"seconds", "peak_mb", "clusters"}
import { presets } from "../../remote-agent/src/scoring/presets.ts";
import { repetition } from "../../remote-agent/src/scoring/repetition.ts";
import { generateQuestions } from "./repetition.questions.mts";

const [count, kind, preset] = process.argv.slice(2);
const questions = generateQuestions(Number(count), kind === "collapsed" ? "collapsed" : "mixed");
const rules = preset === "reference" ? presets.reference.repetition : presets.strict.repetition;

const start = performance.now();
const { cluster } = repetition(questions, { rules });
const seconds = (performance.now() - start) / 1000;

console.log(
  JSON.stringify({ seconds, peak_mb: process.resourceUsage().maxRSS / 1024, clusters: new Set(cluster).size }),
);
