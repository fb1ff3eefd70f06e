/** How VS Code names a kind of panel. */
export function viewType(name: string): string {
  return `rzero.${name}`;
}
