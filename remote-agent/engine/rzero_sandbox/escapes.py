"""Hostile attempts, each of them real: `python escapes.py NAME` with what it is to attack as JSON on standard input.

One line of JSON on standard output: `{"escaped": true | false, "detail": "…"}`. Outside a sandbox every attempt
succeeds, which the tests check, so that a sandbox that lets them through is noticed.
"""

import json
import os
import signal
import socket
import sys
import time


def network(target):
    """Reach a server on the machine's loopback."""
    with socket.create_connection(("127.0.0.1", target["port"]), timeout=3) as connection:
        return f"connected to {connection.getpeername()}"


def read_files(target):
    """Read a file of the user, and the machine's password hashes or user list."""
    with open(target["secret_file"]) as file:
        return file.read(64)


def read_system(_):
    """Read what the machine tells of its users."""
    with open("/etc/passwd") as file:
        return file.readline()


def write_files(target):
    """Leave a file outside."""
    with open(target["planted_file"], "w") as file:
        file.write("planted")
    return target["planted_file"]


def write_anywhere(_):
    """Find a folder that can be written."""
    own = os.path.dirname(sys.executable)
    for folder in ("/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/run", "/home", "/usr", own):
        name = os.path.join(folder, f".rzero-escape-{os.getpid()}")
        try:
            with open(name, "w"):
                pass
        except OSError:
            continue
        os.unlink(name)
        return folder
    return None


def other_processes(target):
    """Signal a process of the machine."""
    os.kill(target["victim"], 0)
    return f"process {target['victim']} can be signalled"


def proc(_):
    """Look at the machine's processes."""
    with open("/proc/1/cmdline", "rb") as file:
        return repr(file.read(64))


def fork_bomb(_):
    """Have many processes at once."""
    children = []
    try:
        for _ in range(100):
            child = os.fork()
            if child == 0:
                time.sleep(30)
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return f"{len(children)} processes"


def memory(target):
    """Take more memory than is allowed."""
    blocks = []
    for _ in range(0, target["memory_bytes"] + (64 << 20), 64 << 20):
        blocks.append(bytearray(64 << 20))
    return f"{len(blocks) * 64} MiB"


def environment(target):
    """Find a secret in the environment."""
    return os.environ[target["secret_name"]]


def ptrace(_):
    """Become traceable, which is the beginning of reading another process."""
    import ctypes

    if ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    return "traced"


def namespaces(_):
    """Make a user namespace, in which one is root."""
    import ctypes

    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    return "a user namespace"


def open_files(_):
    """Use a file that was open before, unless it leads nowhere."""
    nowhere = os.stat(os.devnull).st_rdev
    for descriptor in range(3, 1024):
        try:
            if os.fstat(descriptor).st_rdev != nowhere:
                return f"descriptor {descriptor}"
        except OSError:
            continue
    return None


def cpu_loop(_):
    """Compute for ever, deaf to requests."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass


def output_flood(_):
    """Write for ever."""
    while True:
        sys.stdout.write("x" * 65536)


def outlive(target):
    """Go on after whoever started it is gone; `target["token"]` is among the arguments, by which it is found."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    print(json.dumps({"escaped": False, "detail": f"started {target['token']}"}), flush=True)
    time.sleep(300)


def attempt(name, target):
    try:
        detail = globals()[name](target)
    except BaseException as error:
        return {"escaped": False, "detail": f"{type(error).__name__}: {error}"}
    return {"escaped": detail is not None, "detail": str(detail)}


if __name__ == "__main__":
    wanted = json.loads(sys.stdin.readline())
    if sys.argv[1] == "all":
        for name in wanted["names"]:
            print(json.dumps({"name": name, **attempt(name, wanted)}), flush=True)
    else:
        print(json.dumps({"name": sys.argv[1], **attempt(sys.argv[1], wanted)}), flush=True)
