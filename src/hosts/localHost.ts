/** This machine among the hosts, as a key of the setting. */
export const LOCAL = "local";
