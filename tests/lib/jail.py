#!/usr/bin/env -S python3 -I
"""Runs a command in the image's root as a cluster would: `jail.py ROOT [--mount SOURCE:TARGET]... [--env NAME=VALUE]... -- COMMAND...`

What the restricted profile of pod security asks for, and what a container runtime does for every pod: namespaces of its own for mounts and
processes (the command is process 1), a read-only root, /proc, a /dev of five devices, /run/raykeeper as a tmpfs of user 65532; user and
group 65532, no other groups, no capability, no_new_privs; an environment of PATH and what --env says. `--mount` binds a file or folder
read-only. Needs root. SIGTERM and SIGINT go on to the command; the exit status is its own, 128 + n when signal n ended it.

The root on disk stays as it is: mount points that the image lacks are made in an overlay, as a runtime makes them in its layer.
"""
import argparse
import ctypes
import os
import signal
import sys

USER = 65532
NEWNS, NEWPID = 0x00020000, 0x20000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
DETACH = 2
PDEATHSIG, CAPBSET_DROP, NO_NEW_PRIVS, CAP_AMBIENT, CAP_AMBIENT_CLEAR_ALL = 1, 24, 38, 47, 4
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
DEVICES = ("null", "zero", "full", "random", "urandom")
libc = ctypes.CDLL(None, use_errno=True)


def check(value, what):
    if value != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source, target, kind, flags, data=""):
    check(libc.mount(*(s.encode() if s is not None else None for s in (source, target, kind)), ctypes.c_ulong(flags), data.encode()),
          f"mount {source} on {target}")


def bind(source, target, flags=RDONLY | NOSUID | NODEV):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "a", encoding="ascii"):
            pass
    mount(source, target, None, BIND)
    mount(None, target, None, BIND | REMOUNT | flags)


def build(root, mounts):
    """A view of the root with everything mounted; made inside of new namespaces."""
    mount(None, "/", None, REC | PRIVATE)
    base = os.path.join(root, "run")  # only in our namespace, and what lies below an overlay does not see it
    mount("jail", base, "tmpfs", NOSUID | NODEV, "mode=755")
    for name in ("upper", "work", "view"):
        os.mkdir(os.path.join(base, name))
    view = os.path.join(base, "view")
    mount("overlay", view, "overlay", 0, f"lowerdir={root},upperdir={base}/upper,workdir={base}/work")
    mount("proc", view + "/proc", "proc", NOSUID | NODEV | NOEXEC)
    mount("dev", view + "/dev", "tmpfs", NOSUID, "mode=755")
    for name in DEVICES:
        bind("/dev/" + name, f"{view}/dev/{name}", NOSUID)
    mount("run", view + "/run/raykeeper", "tmpfs", NOSUID | NODEV | NOEXEC, f"mode=750,uid={USER},gid={USER},size=1m")
    for pair in mounts:
        source, _, target = pair.partition(":")
        bind(os.path.realpath(source), view + target)
    mount(None, view, None, REMOUNT | RDONLY)
    return view


def enter(view):
    os.chdir(view)
    check(libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    check(libc.umount2(b".", DETACH), "umount of the old root")
    os.chdir("/")


def restrict():
    for capability in range(64):
        if libc.prctl(CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    check(libc.prctl(CAP_AMBIENT, CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient capabilities")
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    check(libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def inside(args):
    """Process 1."""
    check(libc.prctl(PDEATHSIG, signal.SIGKILL, 0, 0, 0), "pdeathsig")
    enter(build(os.path.realpath(args.root), args.mount))
    restrict()
    os.umask(0o022)
    os.execve(args.command[0], args.command, {"PATH": "/usr/bin", **dict(pair.split("=", 1) for pair in args.env)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root")
    parser.add_argument("--mount", action="append", default=[], metavar="SOURCE:TARGET")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    check(libc.unshare(NEWNS | NEWPID), "unshare")
    child = os.fork()
    if child == 0:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
            inside(args)
        except OSError as problem:
            print(f"jail: {problem}", file=sys.stderr, flush=True)
        finally:
            os._exit(126)
    for number in signals:
        signal.signal(number, lambda n, _frame: os.kill(child, n))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
