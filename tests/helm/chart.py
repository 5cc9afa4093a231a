"""The real Helm over config/helm/raykeeper, offline."""
import os
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HELM = os.environ.get("RK_HELM") or str(ROOT / "tests" / "helm" / "helm")
CHART = ROOT / "config" / "helm" / "raykeeper"
RELEASE = ("raykeeper", "raykeeper-system")


def helm(*args, stdin=None):
    env = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    return subprocess.run([HELM, *map(str, args)], input=stdin, capture_output=True, text=True, timeout=300, check=False, env=env)


def template(values=None, release=RELEASE, *args):
    """`values`: a map, or a file. The process, with `text` of all manifests in stdout."""
    name, ns = release
    given = ["--values", values] if isinstance(values, Path) else ["--values", "-"] if values is not None else []
    return helm("template", name, CHART, "--namespace", ns, *given, *args, stdin=None if isinstance(values, Path) or values is None else yaml.safe_dump(values, sort_keys=False))


def objects(values=None, release=RELEASE, *args):
    done = template(values, release, *args)
    assert done.returncode == 0, done.stderr
    return [doc for doc in yaml.safe_load_all(done.stdout) if doc]


def one(docs, kind, part=""):
    found = [d for d in docs if d["kind"] == kind and part in d["metadata"]["name"]]
    assert len(found) == 1, (kind, part, [(d["kind"], d["metadata"]["name"]) for d in docs])
    return found[0]


def ini(docs):
    return one(docs, "ConfigMap", "-config")["data"]["raykeeper.ini"]


def not_taken(docs):
    """What of the values the chart says it has not taken over."""
    return [line.partition("not taken over: ")[2] for line in ini(docs).splitlines() if line.startswith("; not taken over: ")]


def refused(values, *words):
    done = template(values)
    assert done.returncode != 0 and not done.stdout, f"{values} is taken:\n{done.stdout[:2000]}"
    for word in words:
        assert word in done.stderr, done.stderr
