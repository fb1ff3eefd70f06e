import { BOOT, boot } from "./boot.ts";

/** What a panel's page is made of; addresses are such that the webview may load them. */
export interface PageParts {
  readonly script: string;
  readonly style: string;
  /** Where style sheets and fonts may come from: the extension's own files. */
  readonly cspSource: string;
  readonly nonce: string;
  /** For the one style element that the toolkit makes, to learn what the browser can do; not the script's. */
  readonly styleNonce: string;
  readonly language: string;
  readonly title: string;
  /** JSON, put where a script can read it and nothing can run it. */
  readonly words: unknown;
}

/**
 * The page of a webview. It may run the two scripts with this nonce, its first lines and its own, and load style sheets and fonts of the extension: no network, no
 * frames, no inline handlers, no forms.
 */
export function page({ script, style, cspSource, nonce, styleNonce, language, title, words }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${styleNonce}'`,
    `font-src ${cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="${escaped(language)}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<script nonce="${escaped(nonce)}">(${boot})(${JSON.stringify(BOOT)})</script>
<meta property="csp-nonce" content="${escaped(styleNonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="${escaped(style)}">
</head>
<body data-words="${escaped(JSON.stringify(words))}">
<main id="root"></main>
<script nonce="${escaped(nonce)}" src="${escaped(script)}"></script>
</body>
</html>
`;
}

export function escaped(text: string): string {
  const named: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => named[character] ?? character);
}
