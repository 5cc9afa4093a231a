"""config/helm/raykeeper by the real Helm, offline, as objects."""
import sys
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.helm import CHARTS, ROOT, helm, manifests  # noqa: E402

CHART = CHARTS / "raykeeper"
RELEASE = ("raykeeper", "raykeeper-system")


def template(values=None, release=RELEASE, *args):
    """`values`: a map, or a file. What Helm did."""
    name, ns = release
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({} if isinstance(values, Path) else values or {}, file, sort_keys=False)
        file.flush()
        return helm("template", name, CHART, "--namespace", ns, "--values", values if isinstance(values, Path) else file.name, *args)


def objects(values=None, release=RELEASE, *args):
    done = template(values, release, *args)
    assert done.returncode == 0, done.stderr
    return manifests(done.stdout)


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
