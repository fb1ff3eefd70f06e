/** VS Code's colours as they are now. */
export interface Theme {
  readonly kind: "light" | "dark" | "high-contrast" | "high-contrast-light";
  /** A colour by its id in VS Code, as in `charts.blue`; the fallback where the theme has none. */
  color(id: string, fallback: string): string;
  readonly font: string;
  readonly fontSize: number;
}

export function currentTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const variable = (name: string) => style.getPropertyValue(name).trim();
  return {
    kind: kindOf(document.body),
    color: (id, fallback) => variable(`--vscode-${id.replaceAll(".", "-")}`) || fallback,
    font: variable("--vscode-font-family") || "sans-serif",
    fontSize: Number.parseFloat(variable("--vscode-font-size")) || 13,
  };
}

/** Tells when the person has chosen another theme or font. @returns how to stop */
export function onThemeChange(listener: () => void): () => void {
  let due = 0;
  // VS Code changes the body's class and the variables one after the other.
  const observer = new MutationObserver(() => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(listener);
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-kind"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
  return () => observer.disconnect();
}

function kindOf({ classList }: HTMLElement): Theme["kind"] {
  if (classList.contains("vscode-high-contrast-light")) return "high-contrast-light";
  if (classList.contains("vscode-high-contrast")) return "high-contrast";
  return classList.contains("vscode-light") ? "light" : "dark";
}

export function prefersReducedMotion(): boolean {
  return (
    document.body.classList.contains("vscode-reduce-motion") ||
    window.matchMedia("(prefers-reduced-motion: reduce)").matches
  );
}
