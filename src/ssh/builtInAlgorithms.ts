/** Key exchanges of ssh2 1.17. `ssh -G` lists what the user allows: with none in common the built-in client cannot be used. */
export const KEX_OF_BUILT_IN = [
  "curve25519-sha256",
  "curve25519-sha256@libssh.org",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
  "diffie-hellman-group-exchange-sha256",
  "diffie-hellman-group14-sha256",
  "diffie-hellman-group15-sha512",
  "diffie-hellman-group16-sha512",
  "diffie-hellman-group17-sha512",
  "diffie-hellman-group18-sha512",
] as const;

/** Host key algorithms of ssh2 1.17, the best first; RSA with SHA-1 is left out, as OpenSSH does. */
export const KEY_TYPES_OF_BUILT_IN = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
] as const;
