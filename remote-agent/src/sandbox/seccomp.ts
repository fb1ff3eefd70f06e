/** Numbers of the system calls below, as the kernel's tables for each architecture have them. */
const architectures = {
  x64: {
    audit: 0xc000003e,
    clone: 56,
    clone3: 435,
    // biome-ignore format: a table
    denied: {
      fork: 57, vfork: 58, ptrace: 101, syslog: 103, personality: 135, pivot_root: 155, chroot: 161, acct: 163, mount: 165,
      umount2: 166, swapon: 167, reboot: 169, init_module: 175, delete_module: 176, quotactl: 179, add_key: 248,
      request_key: 249, keyctl: 250, mbind: 237, set_mempolicy: 238, migrate_pages: 256, unshare: 272, move_pages: 279,
      perf_event_open: 298, name_to_handle_at: 303, open_by_handle_at: 304, setns: 308, process_vm_readv: 310,
      process_vm_writev: 311, kcmp: 312, finit_module: 313, memfd_create: 319, kexec_load: 246, kexec_file_load: 320, bpf: 321,
      userfaultfd: 323, io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427, open_tree: 428, move_mount: 429,
      fsopen: 430, fsconfig: 431, fsmount: 432, fspick: 433, pidfd_open: 434, pidfd_getfd: 438, mount_setattr: 442,
      memfd_secret: 447,
    },
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    clone3: 435,
    // biome-ignore format: a table
    denied: {
      ptrace: 117, syslog: 116, personality: 92, pivot_root: 41, chroot: 51, acct: 89, mount: 40, umount2: 39, swapon: 224,
      reboot: 142, init_module: 105, delete_module: 106, quotactl: 60, add_key: 217, request_key: 218, keyctl: 219, mbind: 235,
      set_mempolicy: 237, migrate_pages: 238, unshare: 97, move_pages: 239, perf_event_open: 241, name_to_handle_at: 264,
      open_by_handle_at: 265, setns: 268, process_vm_readv: 270, process_vm_writev: 271, kcmp: 272, finit_module: 273,
      memfd_create: 279, kexec_load: 104, kexec_file_load: 294, bpf: 280, userfaultfd: 282, io_uring_setup: 425,
      io_uring_enter: 426, io_uring_register: 427, open_tree: 428, move_mount: 429, fsopen: 430, fsconfig: 431, fsmount: 432,
      fspick: 433, pidfd_open: 434, pidfd_getfd: 438, mount_setattr: 442, memfd_secret: 447,
    },
  },
} as const;

const [ld, jeq, jge, jset, ret] = [0x20, 0x15, 0x35, 0x45, 0x06];
const [allow, killProcess] = [0x7fff0000, 0x80000000];
const errno = (code: number) => 0x00050000 | code;
const [EPERM, ENOSYS] = [1, 38];
const cloneThread = 0x10000;
// struct seccomp_data: nr at 0, arch at 4, low word of the first argument at 16
const [numberAt, architectureAt, firstArgumentAt] = [0, 4, 16];

/**
 * A seccomp program (struct sock_filter, little-endian) that lets a program compute and read and write what it has open,
 * and refuses new processes (threads are allowed), other processes, mounts, namespaces, modules and keys with EPERM. The
 * process is killed for calls of another architecture. Null where the system call numbers are not known.
 */
export function seccompFilter(architecture: string): Buffer | null {
  const table = architectures[architecture as keyof typeof architectures];
  if (table === undefined) return null;
  const denied = Object.values(table.denied);
  // Jumps are relative to the next instruction, and at most 255 long.
  const program: [code: number, whenTrue: number, whenFalse: number, operand: number][] = [
    [ld, 0, 0, architectureAt],
    [jeq, 1, 0, table.audit],
    [ret, 0, 0, killProcess],
    [ld, 0, 0, numberAt],
    [jge, 0, 1, 0x40000000], // x32 calls on x86-64: another table under the same architecture
    [ret, 0, 0, killProcess],
    [jeq, 0, 1, table.clone3], // its flags lie in memory, where a filter cannot look: libraries fall back to clone
    [ret, 0, 0, errno(ENOSYS)],
    [jeq, 0, 4, table.clone],
    [ld, 0, 0, firstArgumentAt],
    [jset, 0, 1, cloneThread],
    [ret, 0, 0, allow],
    [ret, 0, 0, errno(EPERM)],
    ...denied.map((number, i): [number, number, number, number] => [jeq, denied.length - i, 0, number]),
    [ret, 0, 0, allow],
    [ret, 0, 0, errno(EPERM)],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [i, [code, whenTrue, whenFalse, operand]] of program.entries()) {
    bytes.writeUInt16LE(code, i * 8);
    bytes.writeUInt8(whenTrue, i * 8 + 2);
    bytes.writeUInt8(whenFalse, i * 8 + 3);
    bytes.writeUInt32LE(operand >>> 0, i * 8 + 4);
  }
  return bytes;
}
