// Appends numbered lines to logs/agent.log of the directory it is given, until it is killed: `node logWriterChild.ts DIR FIRST`.

import path from "node:path";
import { formatLine } from "../../remote-agent/src/run/logs/line.ts";
import { RotatingFile } from "../../remote-agent/src/run/logs/rotatingFile.ts";

const [directory = "", first = "0"] = process.argv.slice(2);
const file = new RotatingFile(path.join(directory, "agent.log"), { bytes: 20_000, files: 200 });
for (let n = Number(first); ; n++) {
  file.append(formatLine(Date.now(), "info", "agent", `message ${n}`));
  // What was told here had been written before: a reader must find it, whenever this process is killed.
  process.stdout.write(`${n}\n`);
  if (n % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
