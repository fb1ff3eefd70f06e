/** Colours of VS Code's four default themes, those that the panels use, under the names that a webview's page sees. */
export const themes = {
  light: {
    class: "vscode-light",
    variables: variables("#3b3b3b", "#ffffff", "#005fb8", {
      muted: "#6b6b6b",
      border: "#e5e5e5",
      hover: "#f2f2f2",
      active: "#e8e8e8",
      activeText: "#000000",
      inactive: "#e4e6f1",
      link: "#005fb8",
      error: "#c72222",
      warning: "#895503",
      input: "#ffffff",
      widget: "#f8f8f8",
      badge: "#cccccc",
      badgeText: "#3b3b3b",
      button: "#005fb8",
      buttonText: "#ffffff",
      contrast: "",
    }),
  },
  dark: {
    class: "vscode-dark",
    variables: variables("#cccccc", "#1f1f1f", "#0078d4", {
      muted: "#9d9d9d",
      border: "#2b2b2b",
      hover: "#2a2d2e",
      active: "#04395e",
      activeText: "#ffffff",
      inactive: "#37373d",
      link: "#4daafc",
      error: "#f85149",
      warning: "#cca700",
      input: "#313131",
      widget: "#202020",
      badge: "#616161",
      badgeText: "#f8f8f8",
      button: "#0078d4",
      buttonText: "#ffffff",
      contrast: "",
    }),
  },
  "high-contrast": {
    class: "vscode-high-contrast",
    variables: variables("#ffffff", "#000000", "#f38518", {
      muted: "#d4d4d4",
      border: "#6fc3df",
      hover: "#000000",
      active: "#000000",
      activeText: "#ffffff",
      inactive: "#000000",
      link: "#21a6ff",
      error: "#f48771",
      warning: "#ffd370",
      input: "#000000",
      widget: "#0c141f",
      badge: "#000000",
      badgeText: "#ffffff",
      button: "#000000",
      buttonText: "#ffffff",
      contrast: "#6fc3df",
    }),
  },
  "high-contrast-light": {
    class: "vscode-high-contrast-light",
    variables: variables("#292929", "#ffffff", "#006bbd", {
      muted: "#292929",
      border: "#0f4a85",
      hover: "#ffffff",
      active: "#ffffff",
      activeText: "#292929",
      inactive: "#ffffff",
      link: "#0f4a85",
      error: "#b5200d",
      warning: "#895503",
      input: "#ffffff",
      widget: "#ffffff",
      badge: "#0f4a85",
      badgeText: "#ffffff",
      button: "#0f4a85",
      buttonText: "#ffffff",
      contrast: "#0f4a85",
    }),
  },
} as const;

export type ThemeName = keyof typeof themes;
export const themeNames = Object.keys(themes) as ThemeName[];

interface Colours {
  readonly muted: string;
  readonly border: string;
  readonly hover: string;
  readonly active: string;
  readonly activeText: string;
  readonly inactive: string;
  readonly link: string;
  readonly error: string;
  readonly warning: string;
  readonly input: string;
  readonly widget: string;
  readonly badge: string;
  readonly badgeText: string;
  readonly button: string;
  readonly buttonText: string;
  /** Empty outside of the high-contrast themes. */
  readonly contrast: string;
}

function variables(foreground: string, background: string, focus: string, c: Colours): Record<string, string> {
  const all: Record<string, string> = {
    foreground,
    "editor-background": background,
    "editor-foreground": foreground,
    focusBorder: focus,
    descriptionForeground: c.muted,
    "icon-foreground": foreground,
    errorForeground: c.error,
    "panel-border": c.border,
    "widget-border": c.border,
    "widget-shadow": "rgba(0, 0, 0, 0.16)",
    "toolbar-hoverBackground": c.hover,
    "list-hoverBackground": c.hover,
    "list-activeSelectionBackground": c.active,
    "list-activeSelectionForeground": c.activeText,
    "list-inactiveSelectionBackground": c.inactive,
    "list-inactiveSelectionForeground": foreground,
    "textLink-foreground": c.link,
    "textLink-activeForeground": c.link,
    "textBlockQuote-background": c.widget,
    "textBlockQuote-border": c.border,
    "editorWarning-foreground": c.warning,
    "inputValidation-warningBackground": c.widget,
    "inputValidation-warningForeground": foreground,
    "inputValidation-warningBorder": c.warning,
    "input-background": c.input,
    "input-foreground": foreground,
    "input-placeholderForeground": c.muted,
    "input-border": c.border,
    "settings-textInputBorder": c.border,
    "settings-textInputBackground": c.input,
    "inputOption-activeBackground": c.inactive,
    "inputOption-activeForeground": foreground,
    "inputOption-activeBorder": focus,
    "checkbox-background": c.input,
    "checkbox-foreground": foreground,
    "checkbox-border": c.muted,
    "dropdown-background": c.input,
    "dropdown-foreground": foreground,
    "dropdown-border": c.border,
    "settings-dropdownListBorder": c.border,
    "menu-background": c.widget,
    "menu-foreground": foreground,
    "menu-border": c.border,
    "menu-separatorBackground": c.border,
    "editorWidget-background": c.widget,
    "editorWidget-border": c.border,
    "badge-background": c.badge,
    "badge-foreground": c.badgeText,
    "button-background": c.button,
    "button-foreground": c.buttonText,
    "button-hoverBackground": c.button,
    "button-secondaryBackground": c.inactive,
    "button-secondaryForeground": foreground,
    "button-secondaryHoverBackground": c.hover,
    "button-border": c.contrast || "transparent",
    "progressBar-background": focus,
    "sash-hoverBorder": focus,
    "scrollbarSlider-background": "rgba(121, 121, 121, 0.4)",
    "charts-foreground": foreground,
    "charts-lines": c.muted,
    "charts-blue": c.contrast || focus,
    "charts-red": c.error,
    "charts-green": "#388a34",
    "charts-yellow": c.warning,
    "charts-orange": "#d18616",
    "charts-purple": "#a371d0",
    "terminal-ansiCyan": "#0598bc",
    "terminal-ansiMagenta": "#bc3fbc",
    "testing-iconPassed": "#388a34",
    "testing-iconFailed": c.error,
    "font-family": '"Segoe UI", "DejaVu Sans", "Liberation Sans", sans-serif',
    "font-size": "13px",
    "font-weight": "normal",
    "editor-font-family": '"DejaVu Sans Mono", monospace',
    "editor-font-size": "13px",
    ...(c.contrast === "" ? {} : { contrastBorder: c.contrast, contrastActiveBorder: focus }),
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`--vscode-${name}`, value]));
}
