"""Objects that no good CRD lets through, and pods that the API server refuses: told on the object, harmless to all others.

A control plane of its own, because its CRD accepts everything.
"""
import datetime
import os

import pytest

from lib import ray
from lib.controlplane import ROOT, ControlPlane
from lib.operator import Operator


@pytest.fixture(scope="module")
def plane():
    p = ControlPlane(crd=os.path.join(ROOT, "tests", "live", "permissive-crd.yaml"))
    yield p
    p.down()


@pytest.fixture(scope="module")
def running(plane):
    op = Operator(plane.kubeconfig).wait_leading()
    yield op
    op.close()


def spoiled(name, *path, value, groups=(("small", 1),)):
    """A good cluster, and one place of its spec that is not."""
    cluster = ray.cluster(name, *groups)
    at = cluster["spec"]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return cluster


def resources(name, where, quantity):
    return spoiled(name, *where, "template", "spec", "containers", 0, "resources", value={"limits": {"cpu": quantity}})


HEAD, SMALL = ("headGroupSpec",), ("workerGroupSpecs", 0)
BAD = {
    "spec-missing": lambda n: {k: v for k, v in ray.cluster(n).items() if k != "spec"},
    "spec-a-list": lambda n: dict(ray.cluster(n), spec=[1, 2]),
    "head-missing": lambda n: spoiled(n, "headGroupSpec", value=None),
    "head-a-text": lambda n: spoiled(n, "headGroupSpec", value="head"),
    "template-missing": lambda n: spoiled(n, *HEAD, "template", value=None),
    "containers-empty": lambda n: spoiled(n, *HEAD, "template", "spec", "containers", value=[]),
    "containers-a-map": lambda n: spoiled(n, *HEAD, "template", "spec", "containers", value={"a": 1}),
    "container-a-number": lambda n: spoiled(n, *HEAD, "template", "spec", "containers", value=[7]),
    "env-of-numbers": lambda n: spoiled(n, *HEAD, "template", "spec", "containers", 0, "env", value=[1, 2]),
    "ports-of-texts": lambda n: spoiled(n, *HEAD, "template", "spec", "containers", 0, "ports", value=["http"]),
    "groups-a-text": lambda n: spoiled(n, "workerGroupSpecs", value="many"),
    "group-a-number": lambda n: spoiled(n, "workerGroupSpecs", value=[3]),
    "group-nameless": lambda n: spoiled(n, *SMALL, "groupName", value=None),
    "group-name-too-long": lambda n: spoiled(n, *SMALL, "groupName", value="g" * 64),
    "group-twice": lambda n: ray.cluster(n, ("same", 1), ("same", 1)),
    "replicas-a-text": lambda n: spoiled(n, *SMALL, "replicas", value="three"),
    "replicas-negative": lambda n: spoiled(n, *SMALL, "replicas", value=-1),
    "replicas-a-fraction": lambda n: spoiled(n, *SMALL, "replicas", value=1.5),
    "replicas-huge": lambda n: spoiled(n, *SMALL, "replicas", value=10 ** 30),
    "min-over-max": lambda n: ray.cluster(n, ray.group("small", 1, 5, 2)),
    "params-of-numbers": lambda n: spoiled(n, *HEAD, "rayStartParams", value={"num-cpus": 1}),
    "names-to-delete-of-numbers": lambda n: spoiled(n, *SMALL, "scaleStrategy", value={"workersToDelete": [1]}),
    "quantity-nonsense": lambda n: resources(n, HEAD, "lots"),
    "quantity-negative": lambda n: resources(n, SMALL, "-3"),
    "name-of-54-characters": lambda n: ray.cluster("n" * 54),
}


def told(name):
    """Condition and Warning event of the validation."""
    def look(world):
        return (world.condition(name, "InvalidSpec").get("status") == "True"
                and [e for e in world.events(name) if e["type"] == "Warning" and e["reason"].startswith("InvalidRayCluster")])
    return look


def others_live(served, name="well"):
    """A cluster made meanwhile becomes ready: the bad one stands in nobody's way."""
    served.create(ray.cluster(name, ("small", 1)))
    served.world.wait_for(ray.ready(name, 1), what="a good cluster beside bad ones")


def test_every_kind_of_wrong_spec_is_told_and_makes_no_pod(served):
    names = {}
    for case, make in BAD.items():
        cluster = make(case)
        names[case] = cluster["metadata"]["name"]
        served.create(cluster)
    others_live(served)
    w = served.world
    for case, name in names.items():
        w.wait_for(told(name), 30, f"condition and event of {case}")
    assert {p["metadata"]["labels"]["ray.io/cluster"] for p in w.pods()} == {"well"}
    served.audit.settle()
    mark = served.audit.mark()
    served.scale("well", 3)
    w.wait_for(ray.ready("well", 3))
    busy = [e for e in served.writes(since=mark) if e["objectRef"]["resource"] == "rayclusters" and e["objectRef"]["name"] != "well"]
    assert len(busy) <= len(BAD), "a bad object is told of, not told of again and again"


def test_a_repaired_object_loses_its_condition_and_gets_its_pods(served):
    served.create(spoiled("mend", *SMALL, "replicas", value="three"))
    served.world.wait_for(told("mend"))
    served.scale("mend", 2)
    served.world.wait_for(ray.ready("mend", 2))
    served.world.wait_for(lambda o: not o.condition("mend", "InvalidSpec"), what="the condition to go")


def test_an_object_that_breaks_later_keeps_its_pods(served):
    served.create(ray.cluster("breaks", ("small", 2)))
    w = served.world
    w.wait_for(ray.ready("breaks", 2))
    before = w.names(cluster="breaks")
    served.patch("breaks", [{"op": "add", "path": "/spec/workerGroupSpecs/0/replicas", "value": "none"}], "json")
    w.wait_for(told("breaks"))
    assert w.names(cluster="breaks") == before


def test_a_thousand_groups(served):
    served.create(ray.cluster("wide", *[ray.group(f"g{i}", 0) for i in range(1000)]))
    others_live(served)
    served.world.wait_for(lambda o: o.pods("wide", "head"), what="the head of a cluster with a thousand empty groups")


def test_an_object_of_more_than_a_megabyte(served):
    """Its size is the user's; 1.4 MB is near the API server's bound, so that there is no room for a status."""
    cluster = ray.cluster("huge", ("small", 1))
    cluster["metadata"]["annotations"] = {"note": "x" * 200_000}
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["args"] = ["y" * 1_200_000]
    served.create(cluster)
    others_live(served)
    w = served.world
    w.wait_for(lambda o: o.status("huge") or [e for e in o.events("huge") if e["type"] == "Warning"],
               what="a word about the huge object: its status, or an event where none can be written")


def test_absurd_numbers_change_nothing_for_others(served):
    cluster = ray.cluster("absurd", ray.group("small", 0, 0, 2 ** 31 - 1))
    cluster["spec"]["unknown"] = {"n": 10 ** 40, "deep": [[[[[[[[]]]]]]]], "t": "\ud83d\ude00"}
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "999999999999999999999", "memory": "9E"}}
    served.create(cluster)
    others_live(served)
    served.world.wait_for(lambda o: o.status("absurd") or o.events("absurd"), what="a word about the absurd object")


def test_an_object_that_cannot_be_read_at_all_is_told_by_an_event(served):
    cluster = ray.cluster("zero", ("small", 1))
    cluster["spec"]["note"] = "a\u0000b"
    served.create(cluster)
    others_live(served)
    w = served.world
    event = w.wait_for(lambda o: o.events("zero"), what="the event")[0]
    assert event["type"] == "Warning" and "u0000" in event["note"], event
    assert not w.pods("zero")

    served.patch("zero", {"spec": {"note": None}})
    w.wait_for(ray.ready("zero", 1), what="a cluster once it can be read")


def refused(served, name):
    """POSTs of pods of this cluster that the API server refused."""
    return [e for e in served.audit.rows(served.since, served.ns, verbs=("create",), resource="pods")
            if e["responseStatus"]["code"] in (403, 422) and e["requestObject"]["metadata"]["labels"]["ray.io/cluster"] == name]


def spacing_is_bounded(served, name, most):
    """No hot loop: within the ten seconds after the first refusal there were few more."""
    served.audit.wait_for(lambda: seconds_of(refused(served, name))[-1] > 10, 60, "tries over ten seconds")
    assert len([s for s in seconds_of(refused(served, name)) if s <= 10]) <= most


def seconds_of(rows):

    at = sorted(datetime.datetime.fromisoformat(e["requestReceivedTimestamp"]) for e in rows)
    return [(t - at[0]).total_seconds() for t in at] or [0]


def test_pods_over_the_quota_are_told_and_come_when_it_is_lifted(served):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": served.ns}, "spec": {"hard": {"pods": "3"}}}
    served.create(quota)
    w = served.world
    served.audit.wait_for(lambda: (served.kube.get("resourcequotas", served.ns, "few").get("status") or {}).get("hard"), 60, "the quota in force")
    served.create(ray.cluster("quota", ("small", 5)))
    w.wait_for(lambda o: o.events("quota", "FailedToCreateWorkerPod") or o.events("quota", "FailedToCreateHeadPod"), what="the event")
    w.wait_for(lambda o: "exceeded quota" in o.condition("quota", "ReplicaFailure").get("message", ""), what="the condition with the API's words")
    assert w.condition("quota", "ReplicaFailure")["reason"] in ("FailedCreateWorkerPod", "FailedCreateHeadPod")
    assert "exceeded quota" in w.condition("quota", "PodCreationFailing")["message"] and w.condition("quota", "PodCreationFailing")["reason"] == "Forbidden"
    others = served.another()
    served.create(ray.cluster("beside", ("small", 1)), others[0])
    others[1].wait_for(ray.ready("beside", 1), what="a cluster where there is no quota")
    spacing_is_bounded(served, "quota", 60)
    served.kube.delete("resourcequotas", served.ns, "few")
    w.wait_for(ray.ready("quota", 5), 120, "all pods once the quota is gone")
    w.wait_for(lambda o: not o.condition("quota", "ReplicaFailure") and not o.condition("quota", "PodCreationFailing"), what="the conditions to go")
    served.created(6)


def test_a_pod_that_the_api_refuses_is_told_with_its_words(served):
    served.create(spoiled("invalid", *SMALL, "template", "spec", "containers", 0, "imagePullPolicy", value="Sometimes"))
    others_live(served)
    w = served.world
    w.wait_for(lambda o: o.events("invalid", "FailedToCreateWorkerPod"), what="the event")
    w.wait_for(lambda o: "imagePullPolicy" in o.condition("invalid", "ReplicaFailure").get("message", ""), what="the condition with the API's words")
    assert w.condition("invalid", "ReplicaFailure")["reason"] == "FailedCreateWorkerPod"
    spacing_is_bounded(served, "invalid", 15)
    served.patch("invalid", [{"op": "remove", "path": "/spec/workerGroupSpecs/0/template/spec/containers/0/imagePullPolicy"}], "json")
    w.wait_for(ray.ready("invalid", 1))
    w.wait_for(lambda o: not o.condition("invalid", "ReplicaFailure"), what="the condition to go")


def test_a_pod_that_no_node_can_take_waits_without_noise(served):
    served.create(ray.cluster("pending", dict(ray.group("small", 2), template=ray.template("ray-worker", nodeSelector={"no": "where"}))))
    others_live(served)
    w = served.world
    w.wait_for(lambda o: len(o.pods("pending", "worker")) == 2 and o.status("pending").get("observedGeneration"))
    assert w.status("pending").get("state") != "ready" and not w.status("pending").get("readyWorkerReplicas")
    served.audit.settle()
    mark = served.audit.mark()
    served.scale("well", 2)
    w.wait_for(ray.ready("well", 2))
    noise = [e for e in served.writes(since=mark) if e["objectRef"].get("name", "").startswith("pending")]
    assert len(noise) <= 1 and not [e for e in noise if e["verb"] != "patch"], "one last count in the status at most"
