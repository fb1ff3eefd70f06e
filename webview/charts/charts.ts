import {
  BarController,
  BarElement,
  Chart,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
} from "chart.js";
import annotation from "chartjs-plugin-annotation";
import zoom from "chartjs-plugin-zoom";
import { chartsContract } from "../../src/panels/charts/messages.ts";
import { takeBoot } from "../base/booted.ts";
import { HostLink, wordsOfPage } from "../base/hostLink.ts";
import { registerControls } from "../ui/controls.ts";
import { keepFocus } from "../ui/focus.ts";
import { ChartsPage } from "./chartsPage.ts";

// The root of the Charts page.
registerControls();
keepFocus();
Chart.register(
  LineController,
  BarController,
  LineElement,
  BarElement,
  PointElement,
  LinearScale,
  LogarithmicScale,
  annotation,
  zoom,
);
const words = wordsOfPage(chartsContract);
const host = new HostLink(chartsContract, takeBoot(), words);
const page = new ChartsPage(document.getElementById("root") ?? document.body, host, words);
host.listen({
  state: (state) => page.takeState(state),
  events: {
    runs: (runs) => page.takeRuns(runs),
    figures: (figures) => page.takeFigures(figures),
  },
});
