"""An operator beside definitions (CRDs) that are older than it: it says what is dropped, where people look, and deletes nothing because of it. A control
plane of this file's own."""
import copy
import os
import subprocess

import pytest
import yaml

from conftest import Live
from lib import ray
from lib.controlplane import ROOT, ControlPlane
from lib.operator import SANITIZER, binary

NAME, KIND = "rayclusters.ray.io", "ray.io/v1/RayCluster"
DROPPED, WHOLE = "fields that are needed are dropped: the CRD is older than this version, or not ours", "the CRD has all fields that are needed"
OUTDATED = "raykeeper.io/SchemaOutdated"
QUICK = ("crds.look=1s",)
with open(os.path.join(ROOT, "config", "crd", "ray.io_rayclusters.yaml"), encoding="utf-8") as f:
    OURS = yaml.load(f, yaml.CSafeLoader)


@pytest.fixture(scope="module")
def elder():
    plane = ControlPlane()
    yield plane
    plane.down()


@pytest.fixture
def bench(elder, request):
    it = Live(elder, request.node.name)
    yield it
    put(it, OURS)
    it.close(None)


def without(*paths):
    """Our definition, lacking these fields."""
    doc = copy.deepcopy(OURS)
    for path in paths:
        at = doc["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        *way, last = path.split(".")
        for word in way:
            at = at["properties"][word.removesuffix("[]")]
            at = at["items"] if word.endswith("[]") else at
        del at["properties"][last]
        if last in at.get("required", []):
            at["required"].remove(last)
    return doc


def put(bench, doc):
    bench.kube.request("PATCH", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{NAME}", doc, "application/apply-patch+yaml",
                       {"fieldManager": "somebody", "force": "true"})


def missing(op):
    return [s.value for s in op.metrics().get("raykeeper_crd_missing_fields", []) if s.labels == {"kind": KIND}]


def outdated(world, name):
    return (world.condition(name, OUTDATED) or {}).get("status") == "True"


@pytest.mark.asan
def test_a_definition_that_is_right_is_told_by_the_metric_alone(bench):
    op = bench.start(sets=QUICK)
    bench.create(ray.cluster("right", ("small", 1)))
    bench.world.wait_for(ray.ready("right", 1))
    bench.audit.wait_for(lambda: missing(op) == [0], 30, "the definition is compared")
    assert not op.said(DROPPED) and not bench.world.condition("right", OUTDATED)


@pytest.mark.asan
def test_what_an_old_definition_drops_is_told_and_goes_when_it_is_brought_up_to_date(bench):
    """As somebody upgrades who forgot the definitions: Helm leaves them as they are."""
    put(bench, without("spec.authOptions", "spec.workerGroupSpecs[].numOfHosts", "spec.networkPolicy", "status.readyWorkerReplicas"))
    op = bench.start(sets=QUICK)
    bench.create(ray.cluster("old", ("small", 3)))
    bench.world.wait_for(lambda w: outdated(w, "old") and len(w.pods("old", "worker")) == 3, what="the condition, and three workers")
    said = op.wait_said(DROPPED, crd=NAME, missing=4)
    assert said["fields"].split(", ") == ["spec.authOptions", "spec.networkPolicy", "spec.workerGroupSpecs[].numOfHosts", "status.readyWorkerReplicas"]
    assert missing(op) == [4]
    message = bench.world.condition("old", OUTDATED)["message"]
    assert "spec.workerGroupSpecs[].numOfHosts" in message and "raykeeper crds apply" in message
    bench.world.wait_for(lambda w: w.status("old").get("state") == "ready", what="the cluster is ready all the same")
    assert "readyWorkerReplicas" not in bench.world.status("old")
    before = {p["metadata"]["uid"] for p in bench.world.pods("old")}
    done = subprocess.run([binary(), "crds", "apply", "raycluster", "--force-conflicts", "--kubeconfig", bench.plane.admin], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0 and done.stdout == f"{NAME}: changed\n" and not any(word in done.stderr for word in SANITIZER), done
    op.wait_said(WHOLE, crd=NAME)
    bench.world.wait_for(lambda w: not w.condition("old", OUTDATED) and w.status("old").get("readyWorkerReplicas") == 3,
                         what="the condition goes and the status is whole")
    assert missing(op) == [0] and {p["metadata"]["uid"] for p in bench.world.pods("old")} == before
    assert len([e for e in op.entries() if e["msg"] == DROPPED]) == 1


@pytest.mark.asan
@pytest.mark.parametrize("gone", [["numOfHosts"], ["numOfHosts", "replicas", "minReplicas"]], ids=["hosts", "all-counts"])
def test_no_pod_goes_because_the_definition_drops_a_count(bench, gone):
    op = bench.start()
    bench.create(ray.cluster("tpu", ray.group("slices", 2, numOfHosts=4), ("plain", 3)))
    bench.world.wait_for(ray.ready("tpu", 11), 120)
    op.close()
    before = {p["metadata"]["uid"] for p in bench.world.pods("tpu")}
    since = bench.audit.mark()
    put(bench, without(*(f"spec.workerGroupSpecs[].{field}" for field in gone)))
    op = bench.start(sets=QUICK)
    # The status is the last that is written of a pass: when the condition is there, what was to go has been sent.
    bench.world.wait_for(lambda w: outdated(w, "tpu"), what="a pass under the old definition")
    group = bench.kube.get("rayclusters", bench.ns, "tpu")["spec"]["workerGroupSpecs"][0]
    assert not any(field in group for field in gone)
    dead = bench.world.pods("tpu", "worker", "plain")[0]["metadata"]["name"]
    bench.fail_pod(dead)
    left = 2 if "replicas" in gone else 3  # nobody knows any more how many are wanted: as many as live
    bench.world.wait_for(lambda w: len(w.pods("tpu", "worker", "plain")) == left and dead not in w.tables["pods"],
                         what="a worker that died goes all the same")
    bench.audit.settle(since)
    assert len(bench.audit.rows(since, bench.ns, verbs=["delete"], resource="pods")) == 1
    assert len(before & {p["metadata"]["uid"] for p in bench.world.pods("tpu")}) == 11
    assert op.running()


def test_a_definition_that_cannot_be_compared_keeps_nothing_from_working(bench, tmp_path):
    (tmp_path / "fields").mkdir()
    (tmp_path / "fields" / f"{NAME}.txt").write_bytes(b"# nothing\n" + b"x" * (300 << 10))
    op = bench.start(sets=(*QUICK, f"crds.path={tmp_path}"))
    bench.create(ray.cluster("works", ("small", 1)))
    bench.world.wait_for(ray.ready("works", 1))
    assert missing(op) == [] and not op.said(DROPPED)


def test_without_a_change_only_the_index_is_read(bench):
    op = bench.start(sets=QUICK)
    bench.audit.wait_for(lambda: missing(op) == [0], 30, "the definition is compared")
    since = bench.audit.mark()

    def reads():
        rows = [e["requestURI"] for e in bench.audit.lines(since) if e.get("userAgent", "").startswith("raykeeper/") and "/openapi/" in e["requestURI"]]
        return rows if len(rows) >= 3 else None

    bench.audit.wait_for(reads, 30, "three looks")
    assert set(reads()) == {"/openapi/v3"}
