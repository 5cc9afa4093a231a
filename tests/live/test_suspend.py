"""A suspended cluster has no pods and keeps everything else; so has a suspended group, and one that is no more."""
import pytest

from lib import ray

QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")
FINALIZER = "example.com/hold"


def suspend(live, name, value):
    """True, False, or None: the field is removed."""
    change = {"op": "remove", "path": "/spec/suspend"} if value is None else {"op": "add", "path": "/spec/suspend", "value": value}
    return live.patch(name, [change], "json")


def stage(world, name):
    return tuple(world.condition(name, c).get("status") for c in ("RayClusterSuspended", "RayClusterSuspending"))


def suspended(name):
    def look(o):
        return o.status(name).get("state") == "suspended" and stage(o, name) == ("True", "False") and not o.pods(name, live=False)
    return look


def deletions(live, mark=0):
    return [e for e in live.writes(since=mark) if e["verb"] == "delete"]


# Those without an operator of the file's come first: once that one runs, it holds the Lease until the file's end.

@pytest.mark.parametrize("nth", [1, 5, 30])
def test_killed_in_the_middle_of_a_suspension_the_next_start_ends_it(live, nth):
    op = live.start(sets=QUICK)
    live.create(ray.cluster("cut", ("small", 40)))
    live.world.wait_for(ray.ready("cut", 40), 120)
    assert op.stop() == 0
    suspend(live, "cut", True)
    op = live.start(checked=True, lead=False, sets=QUICK, env={"RK_FAULT": f"write-answered:{nth}:kill"})
    op.wait_said("worker killed")
    op.kill_both()
    told = live.kube.get("rayclusters", live.ns, "cut")["status"]["conditions"]
    begun = any((c["type"], c["status"]) == ("RayClusterSuspending", "True") for c in told)
    if begun:
        suspend(live, "cut", False)  # too late: what has begun comes to its end
    live.start(sets=QUICK)
    if not begun:
        live.world.wait_for(suspended("cut"), 120)
        suspend(live, "cut", False)
    live.world.wait_for(lambda o: ray.ready("cut", 40)(o) and stage(o, "cut") == ("False", "False"), 120, "all pods anew")
    assert live.world.status("cut")["stateTransitionTimes"].get("suspended")
    live.created(41 + 41)


@pytest.mark.asan
def test_a_suspended_cluster_loses_its_pods_keeps_its_services_and_comes_back(served):
    served.create(ray.cluster("rest", ("small", 3), ray.group("tpu", 2, numOfHosts=2)))
    w = served.world
    w.wait_for(ray.ready("rest", 7))
    services = {s["metadata"]["uid"] for s in w.all("services")}
    old = w.names(cluster="rest")
    suspend(served, "rest", True)
    w.wait_for(suspended("rest"))
    assert {s["metadata"]["uid"] for s in w.all("services")} == services
    provisioned = w.condition("rest", "RayClusterProvisioned")
    assert (provisioned["status"], provisioned["reason"], provisioned["message"]) == ("False", "RayClusterPodsProvisioning", "RayCluster has been suspended")
    told = w.wait_for(lambda o: o.events("rest", "DeletedPod"), what="the event")
    assert len(told) == 1 and told[0]["note"].startswith("Deleted 8: ")
    assert w.status("rest")["desiredWorkerReplicas"] == 7 and "readyWorkerReplicas" not in w.status("rest")
    suspend(served, "rest", False)
    w.wait_for(ray.ready("rest", 7))
    assert not old & w.names(cluster="rest", live=False)
    assert stage(w, "rest") == ("False", "False") and w.condition("rest", "RayClusterProvisioned")["status"] == "True"
    assert {"ready", "suspended"} <= set(w.status("rest")["stateTransitionTimes"])
    served.created(16)


def test_a_cluster_that_is_made_suspended_has_a_service_and_no_pods_until_it_is_let_go(served):
    served.create(ray.cluster("queued", ("small", 2), suspend=True))
    w = served.world
    w.wait_for(suspended("queued"))
    assert [c["type"] for c in w.status("queued")["conditions"]] == [
        "HeadPodReady", "RayClusterProvisioned", "RayClusterSuspended", "RayClusterSuspending", "Ready"]
    assert w.condition("queued", "Ready")["status"] == "False"
    assert len(w.services("queued")) == 1
    served.created(0)
    suspend(served, "queued", None)
    w.wait_for(ray.ready("queued", 2))
    served.created(3)


def test_it_rests_quietly(served):
    served.create(ray.cluster("quiet", ("small", 2)))
    w = served.world
    w.wait_for(ray.ready("quiet", 2))
    suspend(served, "quiet", True)
    w.wait_for(suspended("quiet"))
    served.audit.settle()
    mark = served.audit.mark()
    # Something that wakes it: an edit that is none, and a service that comes back.
    served.patch("quiet", {"metadata": {"annotations": {"touched": "yes"}}})
    served.scale("quiet", 5)
    w.wait_for(lambda o: o.status("quiet").get("desiredWorkerReplicas") == 5, what="the edit in the status")
    uid = w.services("quiet")[0]["metadata"]["uid"]
    served.kube.delete("services", served.ns, "quiet-head-svc")
    w.wait_for(lambda o: o.services("quiet") and o.services("quiet")[0]["metadata"]["uid"] != uid, what="a new service")
    assert {e["objectRef"]["resource"] for e in served.writes(since=mark)} == {"rayclusters", "services"}
    assert stage(w, "quiet") == ("True", "False")


def test_removing_the_field_lifts_the_suspension(served):
    served.create(ray.cluster("removed", ("small", 2)))
    w = served.world
    w.wait_for(ray.ready("removed", 2))
    suspend(served, "removed", True)
    w.wait_for(suspended("removed"))
    suspend(served, "removed", None)
    w.wait_for(ray.ready("removed", 2))
    served.created(6)


@pytest.mark.asan
def test_what_is_flipped_back_while_pods_go_comes_to_its_end_first(served):
    served.create(ray.cluster("flip", ("small", 3)))
    w = served.world
    w.wait_for(ray.ready("flip", 3))
    held = w.pods("flip", "worker")[0]["metadata"]["name"]
    served.kube.patch("pods", served.ns, held, {"metadata": {"finalizers": [FINALIZER]}})
    suspend(served, "flip", True)
    w.wait_for(lambda o: o.names(live=False) == {held} and not o.names(), what="all but the one that cannot end to be gone")
    assert stage(w, "flip") == ("False", "True")
    suspend(served, "flip", False)
    w.wait_for(lambda o: o.status("flip").get("observedGeneration") == o.cluster("flip")["metadata"]["generation"], what="the edit to be seen")
    assert w.names(live=False) == {held}, "no pod before the suspension is through"
    served.kube.patch("pods", served.ns, held, {"metadata": {"finalizers": None}})
    w.wait_for(ray.ready("flip", 3))
    assert stage(w, "flip") == ("False", "False")
    assert w.status("flip")["stateTransitionTimes"].get("suspended"), "it was suspended in between"
    served.created(8)


def test_quick_changes_of_mind_end_at_the_last_one(served):
    served.create(ray.cluster("mind", ("small", 4)))
    w = served.world
    w.wait_for(ray.ready("mind", 4))
    for value in (True, False, True, False, True, None):
        suspend(served, "mind", value)
    w.wait_for(lambda o: ray.ready("mind", 4)(o) and stage(o, "mind") == ("False", "False"), what="a cluster that works")
    for value in (True, False, True):
        suspend(served, "mind", value)
    w.wait_for(suspended("mind"))
    made = served.audit.pods_created(served.ns, served.since)
    assert len(made) == len(set(made)), "no name twice"


def test_a_hundred_pods_go_and_come_while_others_are_made(served):
    served.create(ray.cluster("load", ("small", 100)))
    w = served.world
    w.wait_for(ray.ready("load", 100), 120)
    suspend(served, "load", True)
    served.create(ray.cluster("beside", ("small", 50)))
    w.wait_for(lambda o: suspended("load")(o) and ray.ready("beside", 50)(o), 120, "one to rest and one to work")
    served.scale("beside", 60)
    suspend(served, "load", False)
    w.wait_for(lambda o: ray.ready("load", 100)(o) and ray.ready("beside", 60)(o), 180, "both to work")
    served.created(101 + 61 + 101)


@pytest.mark.asan
def test_a_suspended_group_loses_its_pods_and_gets_them_back(served):
    served.create(ray.cluster("part", ("small", 3), ray.group("tpu", 2, numOfHosts=2)))
    w = served.world
    w.wait_for(ray.ready("part", 7))
    stay = w.names(cluster="part") - w.names(cluster="part", group="tpu")
    cpu = int(w.status("part")["desiredCPU"])
    served.patch("part", [{"op": "add", "path": "/spec/workerGroupSpecs/1/suspend", "value": True}], "json")
    w.wait_for(ray.ready("part", 3))
    assert w.names(cluster="part") == stay
    status = w.status("part")
    assert int(status["desiredCPU"]) == cpu - 4 and status["maxWorkerReplicas"] == 1000
    assert stage(w, "part") == ("False", "False")
    told = w.wait_for(lambda o: o.events("part", "DeletedWorkerPod"), what="the event")
    assert len(told) == 1 and "group tpu is suspended" in told[0]["note"]
    served.patch("part", [{"op": "remove", "path": "/spec/workerGroupSpecs/1/suspend"}], "json")
    w.wait_for(ray.ready("part", 7))
    served.created(8 + 4)


def test_a_suspended_group_with_the_autoscaler_is_an_invalid_spec(served):
    served.create(ray.cluster("both", ("small", 1), enableInTreeAutoscaling=True))
    w = served.world
    w.wait_for(ray.ready("both", 1))
    served.patch("both", [{"op": "add", "path": "/spec/workerGroupSpecs/0/suspend", "value": True}], "json")
    said = w.wait_for(lambda o: o.condition("both", "InvalidSpec"), what="the condition")
    assert "/spec/workerGroupSpecs/0/suspend" in said["message"]
    assert len(w.pods("both")) == 2 and deletions(served) == []


@pytest.mark.asan
@pytest.mark.parametrize("autoscaling", [False, True])
def test_the_pods_of_a_removed_group_go_and_no_others(served, autoscaling):
    name = f"gone-{str(autoscaling).lower()}"
    served.create(ray.cluster(name, ("small", 2), ("extra", 3), enableInTreeAutoscaling=autoscaling))
    w = served.world
    w.wait_for(ray.ready(name, 5))
    stay = w.names(cluster=name) - w.names(cluster=name, group="extra")
    served.patch(name, [{"op": "remove", "path": "/spec/workerGroupSpecs/1"}], "json")
    w.wait_for(ray.ready(name, 2))
    assert w.names(cluster=name, live=False) == stay
    told = w.wait_for(lambda o: o.events(name, "DeletedWorkerPod"), what="the event")
    assert "group extra is not in the spec any more" in told[0]["note"]
    served.created(6)


def test_a_renamed_group_is_a_new_one(served):
    served.create(ray.cluster("renamed", ("before", 3)))
    w = served.world
    w.wait_for(ray.ready("renamed", 3))
    served.patch("renamed", [{"op": "replace", "path": "/spec/workerGroupSpecs/0/groupName", "value": "after"}], "json")
    w.wait_for(lambda o: not o.pods("renamed", group="before", live=False) and ray.ready("renamed", 3)(o), what="workers of the new name alone")
    assert len(w.pods("renamed", group="after")) == 3
    served.created(7)


def test_a_pod_that_only_looks_like_one_of_a_removed_group_stays(served):
    """Somebody's own pod with the cluster's labels and no owner."""
    served.create(ray.cluster("look", ("small", 1)))
    w = served.world
    w.wait_for(ray.ready("look", 1))
    labels = {"ray.io/cluster": "look", "ray.io/node-type": "worker", "ray.io/group": "nobody"}
    served.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "mine", "labels": labels},
                   "spec": {"containers": [{"name": "a", "image": "example.com/a:1"}]}})
    served.scale("look", 2)
    w.wait_for(lambda o: o.status("look").get("readyWorkerReplicas") == 2, what="two workers")
    assert "mine" in w.names() and deletions(served) == []
