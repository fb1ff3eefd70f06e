import {
  type Button,
  type Checkbox,
  type Dropdown,
  provideVSCodeDesignSystem,
  type TextField,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";
import { element, icon } from "./dom.ts";
import { prefersReducedMotion } from "./theme.ts";

// The toolkit's repository was archived in January 2025. Nothing else imports it, so that another set of elements can take its
// place here. Its data grid is not virtual: rows of a run never go into it.

/** Call once, before the first control. */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeProgressRing(),
    vsCodeTextField(),
  );
}

export interface ButtonParts {
  readonly label: string;
  readonly look?: "primary" | "secondary";
  readonly onClick: () => void;
}

export function button({ label, look = "secondary", onClick }: ButtonParts): HTMLElement {
  const made = document.createElement("vscode-button") as Button;
  made.setAttribute("appearance", look);
  made.textContent = label;
  made.addEventListener("click", onClick);
  return made;
}

/** A button that is a codicon; the label is its name for everybody who cannot see it, and its tooltip. */
export function iconButton({
  label,
  icon: name,
  onClick,
}: Pick<ButtonParts, "label" | "onClick"> & { icon: string }): HTMLElement {
  const made = document.createElement("vscode-button") as Button;
  made.setAttribute("appearance", "icon");
  made.setAttribute("aria-label", label);
  made.title = label;
  made.append(icon(name));
  made.addEventListener("click", onClick);
  return made;
}

export interface CheckboxControl {
  readonly element: HTMLElement;
  set(checked: boolean): void;
}

export function checkbox({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}): CheckboxControl {
  const made = document.createElement("vscode-checkbox") as Checkbox;
  made.checked = checked;
  made.setAttribute("aria-label", label);
  made.textContent = label;
  // The element also tells of changes that `set` made: only those of the person count.
  made.addEventListener("change", () => {
    if (made.checked !== checked) {
      checked = made.checked;
      onChange(checked);
    }
  });
  return {
    element: made,
    set(value) {
      checked = value;
      made.checked = value;
    },
  };
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface DropdownControl {
  readonly element: HTMLElement;
  set(value: string): void;
}

export function dropdown({
  label,
  choices,
  value,
  onChange,
}: {
  label: string;
  choices: readonly Choice[];
  value: string;
  onChange: (value: string) => void;
}): DropdownControl {
  const made = document.createElement("vscode-dropdown") as Dropdown;
  made.setAttribute("aria-label", label);
  for (const choice of choices) {
    const option = document.createElement("vscode-option");
    option.setAttribute("value", choice.value);
    option.textContent = choice.label;
    made.append(option);
  }
  made.value = value;
  made.addEventListener("change", () => {
    if (made.value === value) return;
    value = made.value;
    onChange(value);
  });
  return {
    element: made,
    set(chosen) {
      value = chosen;
      made.value = chosen;
    },
  };
}

export interface TextControl {
  readonly element: HTMLElement;
  readonly value: () => string;
  set(value: string): void;
}

export function textField({
  label,
  placeholder = "",
  onInput,
}: {
  label: string;
  placeholder?: string;
  onInput: (value: string) => void;
}): TextControl {
  const made = document.createElement("vscode-text-field") as TextField;
  // The element names itself “Text field” when it enters the page, whatever it was called before.
  requestAnimationFrame(() => made.setAttribute("aria-label", label));
  made.setAttribute("placeholder", placeholder);
  made.addEventListener("input", () => onInput(made.value));
  return {
    element: made,
    value: () => made.value,
    set(value) {
      made.value = value;
    },
  };
}

export function progressRing(label: string): HTMLElement {
  if (prefersReducedMotion()) {
    const attributes = { role: "progressbar", "aria-label": label };
    return element("span", { class: "progress", attributes }, [icon("loading")]);
  }
  const made = document.createElement("vscode-progress-ring");
  made.setAttribute("aria-label", label);
  return element("span", { class: "progress" }, [made]);
}
