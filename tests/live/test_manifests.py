"""config/default and config/namespaced, as the README says: applied twice with plain `kubectl apply -k`, and an operator that works with exactly the rights that they give."""
import json
import os

import pytest

from lib import installed, ray
from lib.controlplane import ROOT
from lib.kube import World

HOME = "raykeeper-system"


@pytest.fixture(scope="module")
def plane():
    p = installed.Bare()
    yield p
    p.down()


def versions(plane, folder):
    """What tells whether somebody wrote: the generation, or the version of what has none and no status."""
    items = json.loads(plane.kubectl("get", "-k", folder, "-o", "json"))["items"]
    return {(i["kind"], i["metadata"].get("namespace"), i["metadata"]["name"]): i["metadata"].get("generation") or i["metadata"]["resourceVersion"] for i in items}


def applied(plane, name):
    """Once, and again: then nothing is changed. (Of a PodDisruptionBudget kubectl always sends the selector and says `configured`.)"""
    folder = os.path.join(ROOT, "config", name)
    first = plane.kubectl("apply", "-k", folder)
    plane.settle()
    before = versions(plane, folder)
    again = plane.kubectl("apply", "-k", folder).splitlines()
    assert len(again) == len(first.splitlines()) == len(before)
    assert [line for line in again if not line.endswith(" unchanged")] == ["poddisruptionbudget.policy/raykeeper configured"], again
    assert versions(plane, folder) == before
    return installed.rolled_out(plane.kube, HOME, "raykeeper", 2)


def restricted(plane, deployment):
    """Its pods stand in a namespace that takes no others, and run on nodes."""
    labels = plane.kube.get("namespaces", None, HOME)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    pods = installed.pods_of(plane.kube, deployment)
    assert len(pods) == 2 and {p["status"]["phase"] for p in pods} == {"Running"}
    assert len({p["spec"]["nodeName"] for p in pods}) == 2, "two pods on one node"


def works(live, world, name):
    """Created, scaled, told, deleted."""
    live.create(ray.cluster(name, ("small", 1)), world.ns)
    world.wait_for(ray.ready(name, 1))
    live.patch(name, [{"op": "add", "path": "/spec/workerGroupSpecs/0/replicas", "value": 2}], "json", ns=world.ns)
    world.wait_for(ray.ready(name, 2))
    world.wait_for(lambda w: w.events(name, "CreatedHeadPod"), what="its events")
    live.kube.delete("rayclusters", world.ns, name)
    world.wait_for(lambda w: not w.cluster(name) and not w.pods(name, live=False))


def test_two_namespaces_with_roles_alone(live, tmp_path):
    """First in the file: there is no ClusterRole yet."""
    deployment = applied(live.plane, "namespaced")
    restricted(live.plane, deployment)
    assert not [r for r in live.kube.list("clusterroles") if r["metadata"]["name"] == "raykeeper"]
    for ns in ("team-a", "team-b"):
        live.plane.make_account(ns)
    live.create(ray.cluster("left", ("small", 1)))
    op = installed.start(live, deployment, tmp_path)
    for ns in ("team-a", "team-b"):
        works(live, live.see(ns), "demo")
    assert not live.world.pods("left") and not live.world.status("left")
    assert op.stop() == 0
    who = installed.user(deployment)
    assert installed.refused(live, who, live.since) == [installed.LEASES], "asked for more than it may, but for whether another operator lives"
    may = lambda *what, **where: installed.may(live.kube, who, *what, **where)  # noqa: E731
    assert may("create", "pods", "team-a") and may("delete", "pods", "team-b") and may("patch", "rayclusters/status", "team-a", "ray.io")
    for verb, resource, ns, group in (("list", "pods", live.ns, ""), ("list", "pods", None, ""), ("list", "rayclusters", None, "ray.io"), ("create", "pods", HOME, ""),
                                      ("get", "secrets", HOME, ""), ("delete", "rayclusters", "team-a", "ray.io"), ("update", "rayclusters", "team-a", "ray.io"),
                                      ("delete", "secrets", "team-a", ""), ("create", "pods/exec", "team-a", ""), ("escalate", "roles", "team-a", "rbac.authorization.k8s.io"),
                                      ("list", "leases", None, "coordination.k8s.io"), ("update", "leases", "team-a", "coordination.k8s.io")):
        assert not may(verb, resource, ns, group), f"may {verb} {resource} in {ns or 'all namespaces'}"


def test_all_namespaces(live, tmp_path):
    deployment = applied(live.plane, "default")
    restricted(live.plane, deployment)
    op = installed.start(live, deployment, tmp_path)
    works(live, live.world, "demo")
    assert op.stop() == 0
    who = installed.user(deployment)
    assert installed.refused(live, who, live.since) == []
    may = lambda *what, **where: installed.may(live.kube, who, *what, **where)  # noqa: E731
    assert may("create", "pods", live.ns) and may("update", "leases", HOME, "coordination.k8s.io")
    for verb, resource, ns, group in (("delete", "rayclusters", live.ns, "ray.io"), ("list", "nodes", None, ""), ("get", "customresourcedefinitions", None, "apiextensions.k8s.io"),
                                      ("update", "leases", live.ns, "coordination.k8s.io"), ("list", "configmaps", live.ns, ""), ("delete", "secrets", live.ns, ""),
                                      ("delete", "serviceaccounts", live.ns, ""), ("create", "pods/exec", live.ns, ""), ("bind", "clusterroles", None, "rbac.authorization.k8s.io"),
                                      ("impersonate", "users", None, ""), ("list", "rayjobs", None, "ray.io")):
        assert not may(verb, resource, ns, group), f"may {verb} {resource} in {ns or 'all namespaces'}"


# Rights of kinds that are not here, or that another suite shows: encryption (test_tls), clusters of the old operator (test_legacy), Routes.
ELSEWHERE = ("tls", "legacy")


def test_no_right_is_without_use(live, tmp_path):
    """One life with everything: what the table of rights grants and nobody asked for is there for the occasion that it names."""
    live.plane.kubectl("apply", "-k", os.path.join(ROOT, "config", "default"))
    deployment = installed.rolled_out(live.kube, HOME, "raykeeper", 2)
    live.kube.delete("leases", HOME, "ray-operator-leader")
    op = installed.start(live, deployment, tmp_path)
    every = World(live.kube, live.ns, ("rayclusters", "pods", "services", "secrets", "ingresses", "networkpolicies", "persistentvolumeclaims", "jobs", "roles", "events"),
                  explain=[live.tails])
    live.worlds.append(every)
    full = ray.cluster("full", ("small", 1), enableInTreeAutoscaling=True, authOptions={"mode": "token"}, networkPolicy={"mode": "DenyAllIngress"},
                       gcsFaultToleranceOptions={"redisAddress": "redis.example.com:6379"})
    full["spec"]["headGroupSpec"].update(enableIngress=True, ingressOptions={"host": "ray.example.com"})
    full["metadata"]["annotations"] = {"ray.io/enable-serve-service": "true"}
    live.create(full)
    live.create(ray.cluster("rocks", ("small", 1), gcsFaultToleranceOptions={"backend": "rocksdb", "storage": {"size": "1Gi", "deletionPolicy": "Retain"}}))
    for name in ("full", "rocks"):
        live.world.wait_for(lambda w, name=name: len(w.pods(name)) == 2 and w.status(name).get("head", {}).get("podName"), what=f"pods of {name}")
    # Edits reach what was made; a pod of which nothing is known is annotated before anything rolls.
    worker = live.world.pods("full", "worker")[0]["metadata"]["name"]
    live.kube.patch("pods", live.ns, worker, {"metadata": {"annotations": {"raykeeper.io/template-hash": None}}})
    live.patch("full", {"metadata": {"annotations": {"raykeeper.io/rolling-update": "1"}}})
    live.patch("full", {"spec": {"networkPolicy": {"mode": "DenyAllEgress"}, "headGroupSpec": {"ingressOptions": {"host": "other.example.com"}}}})
    live.patch("rocks", {"spec": {"gcsFaultToleranceOptions": {"storage": {"deletionPolicy": "DeleteWithCluster"}}}})
    every.wait_for(lambda w: all(p["spec"]["policyTypes"] == ["Egress"] for p in w.all("networkpolicies")) and w.all("networkpolicies")
                   and [i for i in w.all("ingresses") if i["spec"]["rules"][0]["host"] == "other.example.com"]
                   and [c for c in w.all("persistentvolumeclaims") if c["metadata"].get("ownerReferences")]
                   and w.tables["pods"][worker]["metadata"]["annotations"].get("raykeeper.io/template-hash"), what="what was edited")
    live.patch("full", {"spec": {"networkPolicy": None, "headGroupSpec": {"enableIngress": False}}})
    every.wait_for(lambda w: not w.all("networkpolicies") and not w.all("ingresses"), what="neither Ingress nor policies")
    for name in ("full", "rocks"):
        live.kube.delete("rayclusters", live.ns, name)
    every.wait_for(lambda w: not w.all("rayclusters"), what="both to be gone, one by its clean-up")
    assert op.stop() == 0
    who = installed.user(deployment)
    assert installed.refused(live, who, live.since) == []
    used = {(verb, what) for _, verb, what, _ in installed.asked(live, who, live.since)}
    granted = installed.granted(("namespace", "cluster", "own"))
    assert used - {("get", "")} <= set(granted), "more than granted, and not refused?"
    wanted = {right for right, seldom in installed.granted(("namespace", "cluster", "own"), ELSEWHERE).items() if not seldom and not right[1].startswith("routes.")}
    assert sorted(wanted - used) == []
