"""The clusters that chart ray-cluster makes of its golden cases: the operator makes pods of each, and the CRD drops nothing of them."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from lib.helm import ROOT, manifests  # noqa: E402
from lib.schema import faults, schema  # noqa: E402

CASES = sorted(path.parent for path in HERE.glob("ray-cluster/*/want.yaml"))
RAYKEEPER = Path(os.environ.get("RK_BUILD", ROOT / "build")) / "raykeeper"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_operator_makes_pods_of_it(case):
    done = subprocess.run([RAYKEEPER, "render", case / "want.yaml"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr
    made = manifests(done.stdout)
    cluster, = manifests((case / "want.yaml").read_text())
    workers = sum(group["replicas"] * group["numOfHosts"] for group in cluster["spec"]["workerGroupSpecs"] if group["maxReplicas"])
    assert sum(obj["kind"] == "Pod" for obj in made) == 1 + workers


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_crd_takes_all_of_it(case):
    cluster, = manifests((case / "want.yaml").read_text())
    assert list(faults(cluster, schema())) == []
