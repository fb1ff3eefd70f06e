import { userInfo } from "node:os";

/** Who did it, for records: the account on this machine. */
export function author(): string {
  try {
    return `${userInfo().username} (VS Code)`;
  } catch {
    return "VS Code"; // an account without a name
  }
}
