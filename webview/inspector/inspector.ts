import { type InspectorState, inspectorContract, stateOf } from "../../src/panels/inspector/messages.ts";
import { takeBoot } from "../base/booted.ts";
import { HostLink, wordsOfPage } from "../base/hostLink.ts";
import { registerControls } from "../ui/controls.ts";
import { keepFocus } from "../ui/focus.ts";
import { InspectorPage } from "./page.ts";

registerControls();
keepFocus();
const words = wordsOfPage(inspectorContract);
const link = new HostLink(inspectorContract, takeBoot(), words);
const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root");
const page = new InspectorPage(root, link, words, stateOf(null));
link.listen({
  state: (state: InspectorState) => page.go(state),
  events: {
    run: (facts) => page.facts(facts),
    grown: (run) => page.grown(run),
    reask: (progress) => page.reasking(progress),
    reasked: (run) => page.reasked(run),
    decided: (decided) => page.decided(decided),
  },
});
