// The direction of imports (docs/architecture.md, "Import rules"). `npm run lint` fails on a violation.
//
// Written as allowances: for each room the list of rooms it may import from. Anything else of ours is an error,
// so a new folder is closed until it is let in here.

const agent = "^remote-agent/src";
const protocol = `${agent}/protocol/`;
const modelText = `${agent}/modelText/`;

/** One rule: modules under `from` may import, of our own code, only what matches `allowed`. */
function only(name, comment, from, allowed) {
  return {
    name,
    comment,
    severity: "error",
    from: { path: from },
    to: { path: "^(src|webview|remote-agent|test|scripts)/", pathNot: allowed },
  };
}

module.exports = {
  forbidden: [
    only("protocol-alone", "The contract imports nothing of ours.", protocol, [protocol]),
    only("model-text-alone", "How a model's text is shown everywhere: pure, and knows nothing of ours.", modelText, [
      modelText,
    ]),
    only("host-protocol-only", "The extension host knows the agent only by its protocol.", "^src/", [
      "^src/",
      protocol,
      modelText,
    ]),
    only(
      "webview-messages-only",
      "A webview knows the protocol, its panel's messages and which come first.",
      "^webview/",
      ["^webview/", protocol, modelText, "^src/panels/[^/]+/(messages|firstQuestions|boot)\\.ts$"],
    ),
    {
      name: "controls-only",
      comment: "The toolkit is archived: one file imports it, so that another can take its place.",
      severity: "error",
      from: { path: "^(src|webview|remote-agent)/", pathNot: "^webview/ui/controls\\.ts$" },
      to: { path: "@vscode/webview-ui-toolkit" },
    },
    only("pure-core", "Scoring and domains are pure: protocol and each other.", `${agent}/(scoring|domains)/`, [
      `${agent}/(scoring|domains)/`,
      protocol,
    ]),
    only("report-pure", "A report is written from data: it asks no run.", `${agent}/report/`, [
      `${agent}/report/`,
      modelText,
      protocol,
    ]),
    only("recipe-over-verbs", "A recipe is a function over the verbs, scorers and domains.", `${agent}/recipes/`, [
      `${agent}/(recipes|verbs|scoring|domains)/`,
      protocol,
    ]),
    only("alarms-alone", "Alarm rules are pure functions over what is recorded and measured.", `${agent}/alarms/`, [
      `${agent}/alarms/`,
      protocol,
    ]),
    only("verbs-below-recipes", "Verbs do not know who calls them.", `${agent}/verbs/`, [
      `${agent}/(verbs|scoring|domains|engine|run)/`,
      protocol,
    ]),
    only("engine-client-alone", "The engine client knows the wire and no algorithm.", `${agent}/engine/`, [
      `${agent}/(engine|hostinfo)/`,
      protocol,
    ]),
    only("sandbox-alone", "The sandbox runs programs and knows nothing of what they are for.", `${agent}/sandbox/`, [
      `${agent}/(sandbox|hostinfo)/`,
      protocol,
    ]),
    only(
      "grading-over-sandbox",
      "Graders are processes in the sandbox; they know answers, no run.",
      `${agent}/grading/`,
      [`${agent}/(grading|sandbox|hostinfo|scoring|domains)/`, protocol],
    ),
    only("host-facts-alone", "What is known of the host depends on nothing else.", `${agent}/hostinfo/`, [
      `${agent}/hostinfo/`,
      protocol,
    ]),
    only(
      "slurm-over-run",
      "Batch jobs: what is asked of Slurm, and a run's files for it; no command line.",
      `${agent}/slurm/`,
      [`${agent}/(slurm|run|hostinfo)/`, protocol],
    ),
    only("weights-alone", "Bringing weights to a host knows no run.", `${agent}/weights/`, [
      `${agent}/weights/`,
      protocol,
    ]),
    {
      name: "journal-below-all",
      comment: "The journal stores records and knows no verb, engine or recipe.",
      severity: "error",
      from: { path: `${agent}/run/journal/` },
      to: { path: `${agent}/(verbs|engine|recipes)/` },
    },
    {
      name: "cli-is-the-root",
      comment: "cli.ts and cli/ are the agent's composition root; nothing else imports them.",
      severity: "error",
      from: { path: "^(src|webview|remote-agent)/", pathNot: `${agent}/cli(/|\\.ts$)` },
      to: { path: `${agent}/cli(/|\\.ts$)` },
    },
    {
      name: "no-tests-in-product",
      comment: "Product code does not import tests or scripts. (remote-agent/bin is the checkout's own starter.)",
      severity: "error",
      from: { path: "^(src|webview|remote-agent/src)/" },
      to: { path: "^(test|scripts)/" },
    },
    {
      name: "no-cycles",
      comment: "A cycle of values means two files that are one idea. Cycles of types alone are allowed.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      comment: "Every import resolves.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^vscode$" },
    },
    {
      name: "declared",
      comment: "Every package is in package.json.",
      severity: "error",
      from: { path: "^(src|webview|remote-agent)/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev"], dependencyTypesNot: ["type-only"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist/|(^|/)(engine/rzero_engine|__pycache__)/" },
    tsPreCompilationDeps: true, // `import type` counts: knowing a type is knowing the module
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".mts", ".mjs", ".cjs", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
