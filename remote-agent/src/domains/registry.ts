import type { Domain } from "./domain.ts";
import { mathDomain } from "./math.ts";
import { sortDomain } from "./sort.ts";

const domains: ReadonlyMap<string, Domain> = new Map([sortDomain, mathDomain].map((domain) => [domain.name, domain]));

export const domainNames: readonly string[] = [...domains.keys()];

/** A configuration names a domain that does not exist. */
export class UnknownDomain extends Error {
  override readonly name = "UnknownDomain";
}

/** @throws UnknownDomain naming the domains there are */
export function domainNamed(name: string): Domain {
  const domain = domains.get(name);
  if (domain === undefined) {
    throw new UnknownDomain(`There is no domain “${name}”. Set “domain” to one of: ${domainNames.join(", ")}.`);
  }
  return domain;
}
