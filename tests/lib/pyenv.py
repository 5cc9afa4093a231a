"""A Python with one package that the tests need and Debian has not. Made once, kept in the cache beside the control plane."""
import fcntl
import os
import subprocess
import sys


def python(package, version, bound=600):
    """The interpreter's path; the first call installs the package."""
    cache = os.environ.get("RAYKEEPER_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "raykeeper")
    home = os.path.join(cache, f"{package}-{version}-py{sys.version_info[0]}{sys.version_info[1]}")
    found, done = os.path.join(home, "bin", "python"), os.path.join(home, "complete")
    os.makedirs(cache, exist_ok=True)
    with open(home + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(done):
            for step in ([sys.executable, "-m", "venv", "--clear", home], [found, "-m", "pip", "install", "-q", f"{package}=={version}"]):
                ran = subprocess.run(step, capture_output=True, text=True, timeout=bound, check=False)
                assert ran.returncode == 0, f"{' '.join(step)}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}"
            with open(done, "w", encoding="utf-8"):
                pass
    return found
