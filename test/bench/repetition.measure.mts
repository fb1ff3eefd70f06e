// One measurement in a process of its own, so that the peak memory is that of this batch alone:
//   node repetition.measure.mts COUNT KIND PRESET  →  {"cpu_s", "wall_s", "peak_mb", "clusters"}
import { presets } from "../../remote-agent/src/scoring/presets.ts";
import { repetition } from "../../remote-agent/src/scoring/repetition.ts";
import { generateQuestions } from "./repetition.questions.mts";

const [count, kind, preset] = process.argv.slice(2);
const questions = generateQuestions(Number(count), kind === "collapsed" ? "collapsed" : "mixed");
const rules = preset === "reference" ? presets.reference.repetition : presets.strict.repetition;

const start = performance.now();
const before = process.cpuUsage();
const { cluster } = repetition(questions, { rules });
// All threads of the process: the compiler's and the collector's work counts.
const { user, system } = process.cpuUsage(before);
const wall = performance.now() - start;

console.log(
  JSON.stringify({
    cpu_s: (user + system) / 1e6,
    wall_s: wall / 1e3,
    peak_mb: process.resourceUsage().maxRSS / 1024,
    clusters: new Set(cluster).size,
  }),
);
