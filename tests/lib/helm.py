"""Helm for tests: the program of tests/helm (RK_HELM names another), without the settings and plugins of who runs them."""
import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HELM = os.environ.get("RK_HELM") or str(ROOT / "tests" / "helm" / "helm")
CHARTS = ROOT / "config" / "helm"
home = None


def environment(kubeconfig):
    global home
    if home is None:
        home = tempfile.mkdtemp(prefix="rk-helm-")
        atexit.register(shutil.rmtree, home, ignore_errors=True)
    env = {key: value for key, value in os.environ.items() if not key.startswith("HELM_") and key != "KUBECONFIG"}
    env.update({f"HELM_{what}_HOME": os.path.join(home, what.lower()) for what in ("CACHE", "CONFIG", "DATA")})
    env["KUBECONFIG"] = str(kubeconfig) if kubeconfig else os.devnull
    return env


def helm(*args, kubeconfig=None, bound=120):
    """What it did, whatever its exit status. Without a kubeconfig it reaches no cluster."""
    return subprocess.run([HELM, *map(str, args)], capture_output=True, text=True, timeout=bound, check=False,
                          stdin=subprocess.DEVNULL, env=environment(kubeconfig))


def must(*args, **how):
    """What it printed."""
    done = helm(*args, **how)
    assert done.returncode == 0, f"helm {' '.join(map(str, args))}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def chart(name):
    """Chart.yaml, read."""
    return yaml.safe_load((CHARTS / name / "Chart.yaml").read_text())


def manifests(text):
    return [doc for doc in yaml.load_all(text, Loader=yaml.CSafeLoader) if doc is not None]
