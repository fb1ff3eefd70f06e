/** The command ids of package.json, in one place; a test compares the two. */
export const commands = {
  runDemo: "rzero.runDemo",
  listRuns: "rzero.listRuns",
  checkMachine: "rzero.checkMachine",
  checkHost: "rzero.checkHost",
  openCharts: "rzero.openCharts",
  compareCharts: "rzero.compareCharts",
  addHost: "rzero.addHost",
  connectHost: "rzero.connectHost",
  disconnectHost: "rzero.disconnectHost",
  forgetHost: "rzero.forgetHost",
  refreshRuns: "rzero.refreshRuns",
  pauseRun: "rzero.pauseRun",
  resumeRun: "rzero.resumeRun",
  stopRun: "rzero.stopRun",
  inspectQuestions: "rzero.inspectQuestions",
  reaskQuestion: "rzero.reaskQuestion",
  followLogs: "rzero.followLogs",
  openFullLog: "rzero.openFullLog",
  reviewCurriculum: "rzero.reviewCurriculum",
  releaseGate: "rzero.releaseGate",
  compareCurriculum: "rzero.compareCurriculum",
  decideMany: "rzero.decideMany",
  moreQuestions: "rzero.moreQuestions",
  approveQuestion: "rzero.approveQuestion",
  rejectQuestion: "rzero.rejectQuestion",
  correctLabel: "rzero.correctLabel",
  editQuestion: "rzero.editQuestion",
  noteQuestion: "rzero.noteQuestion",
  undoDecision: "rzero.undoDecision",
  showQuestion: "rzero.showQuestion",
  saveNote: "rzero.saveNote",
  launchRun: "rzero.launchRun",
  startThisRun: "rzero.startThisRun",
  chooseLaunchHost: "rzero.chooseLaunchHost",
  extendRun: "rzero.extendRun",
  forkRun: "rzero.forkRun",
  deleteRun: "rzero.deleteRun",
  downloadRun: "rzero.downloadRun",
  compareRuns: "rzero.compareRuns",
  showRunConfig: "rzero.showRunConfig",
  tagRun: "rzero.tagRun",
  editRunNotes: "rzero.editRunNotes",
  exportRun: "rzero.exportRun",
  exportReport: "rzero.exportReport",
  openRunFolder: "rzero.openRunFolder",
  filterRuns: "rzero.filterRuns",
  clearFilter: "rzero.clearFilter",
  uploadModel: "rzero.uploadModel",
  setHubToken: "rzero.setHubToken",
  removeAgent: "rzero.removeAgent",
  showAlarms: "rzero.showAlarms",
  showAlarm: "rzero.showAlarm",
  muteAlarm: "rzero.muteAlarm",
} as const;

/** Opens the inspector at the rollouts of `{ host, run, iteration, stage, step }`; for other parts of the extension, not for the palette. */
export const openRollouts = "rzero.openRollouts";

/** Opens the charts of `{ host, run }` at `chart`, by its id; likewise. */
export const openChart = "rzero.openChart";

export type CommandId = (typeof commands)[keyof typeof commands];

/** Commands that run the command line in a terminal. */
export const terminalCommands = [commands.runDemo, commands.listRuns, commands.checkMachine] as const;
export type TerminalCommandId = (typeof terminalCommands)[number];
