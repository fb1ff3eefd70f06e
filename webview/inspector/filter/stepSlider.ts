import { oneLine, visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { QuestionFilter } from "../../../remote-agent/src/protocol/questionQuery.ts";
import type { RunFacts } from "../../../src/panels/inspector/messages.ts";
import { iconButton } from "../../ui/controls.ts";
import { element } from "../../ui/dom.ts";
import type { Words } from "../words.ts";

export interface SliderPorts {
  readonly words: Words;
  readonly onFilter: (filter: QuestionFilter) => void;
}

/** Moves through the steps of a stage: the same role over time. There when one iteration and one stage are chosen. */
export class StepSlider {
  readonly element = element("div", { class: "slider", attributes: { role: "group" } });
  readonly #ports: SliderPorts;
  readonly #range = element("input", { attributes: { type: "range", min: "0", step: "1" } });
  readonly #label = element("output", { class: "slider-label" });
  #filter: QuestionFilter = {};
  #steps: number[] = [];

  constructor(ports: SliderPorts) {
    this.#ports = ports;
    const { texts } = ports.words;
    this.element.setAttribute("aria-label", texts.steps);
    this.#range.setAttribute("aria-label", texts.step);
    this.#range.addEventListener("input", () => this.#say(this.#range.valueAsNumber));
    this.#range.addEventListener("change", () => this.#go(this.#range.valueAsNumber));
    const move = (by: number) => this.#go(this.#range.valueAsNumber + by);
    this.element.append(
      iconButton({ label: texts.stepBack, icon: "chevron-left", onClick: () => move(-1) }),
      this.#range,
      iconButton({ label: texts.stepOn, icon: "chevron-right", onClick: () => move(1) }),
      this.#label,
    );
    this.element.hidden = true;
  }

  show(filter: QuestionFilter, stages: RunFacts["stages"]): void {
    this.#filter = filter;
    const at = placeOf(filter);
    const units = stages.find(({ iteration, stage }) => iteration === at?.iteration && stage === at.stage)?.units ?? 0;
    this.#steps = Array.from({ length: units }, (_, i) => i + 1);
    this.#draw();
  }

  #draw(): void {
    const at = placeOf(this.#filter);
    this.element.hidden = at === null || this.#steps.length < 2;
    this.#range.max = String(this.#steps.length);
    const index = at?.step == null ? 0 : this.#steps.indexOf(at.step) + 1;
    this.#range.value = String(index);
    this.#say(index);
  }

  /** 0 is all steps, then one after the other. */
  #say(index: number): void {
    const { texts } = this.#ports.words;
    const stage = visible(oneLine(placeOf(this.#filter)?.stage ?? "", 60));
    const text = index === 0 ? texts.allSteps : `${texts.step} ${this.#steps[index - 1]}`;
    this.#label.textContent = `${stage}: ${text}`;
    this.#range.setAttribute("aria-valuetext", text);
  }

  #go(index: number): void {
    const chosen = Math.max(0, Math.min(this.#steps.length, index));
    const step = chosen === 0 ? undefined : this.#steps[chosen - 1];
    const { step: _, rolled, ...rest } = this.#filter;
    if (rolled !== undefined) {
      const { step: __, ...place } = rolled;
      this.#ports.onFilter({ ...rest, rolled: step === undefined ? place : { ...place, step } });
    } else this.#ports.onFilter(step === undefined ? rest : { ...rest, step: { min: step, max: step } });
  }
}

interface Place {
  readonly iteration: number;
  readonly stage: string;
  readonly step: number | null;
}

function placeOf({ iteration, stage, step, rolled }: QuestionFilter): Place | null {
  if (rolled !== undefined) return { iteration: rolled.iteration, stage: rolled.stage, step: rolled.step ?? null };
  const [only, second] = iteration ?? [];
  const [own, other] = stage ?? [];
  if (only === undefined || own === undefined || second !== undefined || other !== undefined) return null;
  return { iteration: only, stage: own, step: step !== undefined && step.min === step.max ? (step.min ?? null) : null };
}
