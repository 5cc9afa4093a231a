"""The root filesystem of the image, laid anew from the build under test, and how a command is run in it."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGE = ROOT / "config" / "image"
BUILD = Path(os.environ.get("RK_BINARY_DIR") or ROOT / "build" / "release")
JAIL = [sys.executable, "-I", str(ROOT / "tests" / "lib" / "jail.py")]


def why_not():
    """Why it cannot be laid and run here; None when it can."""
    if os.geteuid() != 0:
        return "laying a root with its owners, and running in it, needs root"
    if not os.path.exists("/var/lib/dpkg/status"):
        return "the libraries of the image are Debian's packages, and this is no Debian"
    return None


def tool(name, *words):
    done = subprocess.run([IMAGE / name, *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def lay(out):
    """OUT/root and OUT/files.tsv. Returns OUT/root."""
    tool("rootfs", "--build", BUILD, out)
    return out / "root"


def jail(top, mounts=(), env=()):
    """The words before a command that is run in it: `mounts` are SOURCE:TARGET, read-only; `env` is NAME=VALUE."""
    options = [word for pair in mounts for word in ("--mount", str(pair))] + [word for pair in env for word in ("--env", pair)]
    return [*JAIL, str(top), *options, "--"]
