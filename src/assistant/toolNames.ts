/** The language-model tools of package.json, in one place; a test compares the two. */
export const toolNames = {
  listRuns: "rzero_listRuns",
  readMetrics: "rzero_readMetrics",
  queryQuestions: "rzero_queryQuestions",
  readQuestion: "rzero_readQuestion",
  listAlarms: "rzero_listAlarms",
  launchRun: "rzero_launchRun",
  stopRun: "rzero_stopRun",
} as const;

export type ToolName = (typeof toolNames)[keyof typeof toolNames];
