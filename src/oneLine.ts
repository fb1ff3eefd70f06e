/**
 * What a host or a run says of itself, to stand in a line of VS Code's: names come from configurations that may be somebody else's.
 * Nothing in it steers, and nothing is a link: in a message VS Code makes one of `[text](command:…)`, which runs when it is clicked.
 */
export function oneLine(text: string, most = 200): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, " ")
    .replaceAll("](", "] (")
    .slice(0, most);
}
