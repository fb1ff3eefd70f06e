/** The run is in no state for this command; the message says which it is in. */
export class NotPossible extends Error {
  override readonly name = "NotPossible";
}
