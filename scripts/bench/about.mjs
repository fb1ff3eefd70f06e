/**
 * What a benchmark says of itself: the comment that its file begins with, or the first one of several lines.
 *
 * @param {string} source
 */
export function about(source) {
  const lines = /^(?:\/\/.*\n)+/.exec(source)?.[0];
  const block = /^\/\*\*?\n([\s\S]*?)\*\//m.exec(source)?.[1];
  return (lines ?? block ?? "").replace(/^ *(?:\/\/|\*) ?/gm, "").trim();
}
