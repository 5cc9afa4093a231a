"""What dies or is taken away comes back, once; what is deleted goes, wholly."""
import pytest

from lib import ray

FINALIZER = "example.com/hold"


def one(served, name, workers=2):
    served.create(ray.cluster(name, ("small", workers)))
    served.world.wait_for(ray.ready(name, workers))
    return served.world


def replaced(served, name, workers, gone):
    """Ready again, without the pod that went."""
    served.world.wait_for(lambda o: gone not in o.names(live=False) and ray.ready(name, workers)(o), what=f"a successor of {gone}")


@pytest.mark.asan
def test_a_failed_worker_is_deleted_and_replaced(served):
    w = one(served, "failed")
    before, victim = w.names(cluster="failed"), w.pods("failed", "worker")[0]
    name, index = victim["metadata"]["name"], victim["metadata"]["labels"]["ray.io/worker-group-replica-index"]
    served.fail_pod(name)
    replaced(served, "failed", 2, name)
    assert before - {name} < w.names(cluster="failed")
    assert index in {p["metadata"]["labels"]["ray.io/worker-group-replica-index"] for p in w.pods("failed", "worker")}
    told = w.wait_for(lambda o: o.events("failed", "DeletedWorkerPod"), what="the event")
    assert name in told[0]["note"] and "Failed" in told[0]["note"]
    served.created(4)


def test_a_deleted_worker_is_replaced(served):
    w = one(served, "lost")
    victim = w.pods("lost", "worker")[0]["metadata"]["name"]
    served.kube.delete("pods", served.ns, victim)
    replaced(served, "lost", 2, victim)
    assert [e for e in served.writes() if e["verb"] == "delete"] == [], "a pod that is gone is not deleted again"
    served.created(4)


@pytest.mark.asan
def test_a_failed_head_is_replaced_and_the_workers_stay(served):
    w = one(served, "head")
    head, workers = w.pods("head", "head")[0]["metadata"]["name"], w.names(cluster="head", role="worker")
    served.fail_pod(head)
    replaced(served, "head", 2, head)
    assert w.names(cluster="head", role="worker") == workers
    w.wait_for(lambda o: o.status("head")["head"].get("podName") == o.pods("head", "head")[0]["metadata"]["name"], what="the new head in the status")
    assert w.status("head")["state"] == "ready"
    told = w.wait_for(lambda o: o.events("head", "DeletedHeadPod"), what="the event")
    assert head in told[0]["note"]
    served.created(4)


def test_a_deleted_head_is_replaced_when_it_is_gone_not_before(served):
    w = one(served, "gone")
    head = w.pods("gone", "head")[0]["metadata"]["name"]
    served.kube.patch("pods", served.ns, head, {"metadata": {"finalizers": [FINALIZER]}})
    served.kube.delete("pods", served.ns, head)
    # Another event of this cluster passes through the operator, and there is still one head.
    served.scale("gone", 3)
    w.wait_for(lambda o: len(o.pods("gone", "worker")) == 3)
    w.wait_for(lambda o: o.status("gone").get("observedGeneration") == 2)
    assert w.names(cluster="gone", role="head", live=False) == {head}
    served.kube.patch("pods", served.ns, head, {"metadata": {"finalizers": None}})
    replaced(served, "gone", 3, head)
    served.created(5)


def test_a_deleted_service_comes_back(served):
    w = one(served, "svc")
    uid = w.services("svc")[0]["metadata"]["uid"]
    served.kube.delete("services", served.ns, "svc-head-svc")
    w.wait_for(lambda o: o.services("svc") and o.services("svc")[0]["metadata"]["uid"] != uid, what="a new service")
    assert owner_uid(w.services("svc")[0]) == w.cluster("svc")["metadata"]["uid"]
    served.created(3)


def owner_uid(obj):
    return obj["metadata"]["ownerReferences"][0]["uid"]


def test_a_worker_that_cannot_end_does_not_block_its_successor(served):
    w = one(served, "stuck")
    victim = w.pods("stuck", "worker")[0]["metadata"]["name"]
    served.kube.patch("pods", served.ns, victim, {"metadata": {"finalizers": [FINALIZER]}})
    served.kube.delete("pods", served.ns, victim)
    w.wait_for(lambda o: len(o.pods("stuck", "worker")) == 2, what="two live workers beside the one that ends")
    assert victim in w.names(live=False)
    served.kube.patch("pods", served.ns, victim, {"metadata": {"finalizers": None}})
    replaced(served, "stuck", 2, victim)
    served.created(4)


def test_all_workers_failing_at_once_are_all_replaced(served):
    w = one(served, "storm", 8)
    victims = w.names(cluster="storm", role="worker")
    for name in victims:
        served.fail_pod(name)
    w.wait_for(lambda o: not victims & o.names(live=False) and ray.ready("storm", 8)(o), what="eight successors")
    served.created(17)


@pytest.mark.asan
def test_a_deleted_cluster_takes_everything_with_it(served):
    w = one(served, "bye", 5)
    served.audit.settle()
    mark = served.audit.mark()
    served.kube.delete("rayclusters", served.ns, "bye")
    w.wait_for(lambda o: not o.cluster("bye") and not o.pods(live=False) and not o.services("bye"), what="the garbage collector")
    assert [e for e in served.writes(since=mark) if e["verb"] == "create"] == []


def test_deleting_in_the_foreground_makes_no_new_pods(served):
    w = one(served, "front", 5)
    served.audit.settle()
    mark = served.audit.mark()
    served.kube.delete("rayclusters", served.ns, "front", propagationPolicy="Foreground")
    w.wait_for(lambda o: not o.cluster("front") and not o.pods(live=False), what="children and then the cluster to go")
    assert [e for e in served.writes(since=mark) if e["verb"] == "create"] == []


def test_a_cluster_made_again_at_once_under_its_name_is_a_new_one(served):
    w = one(served, "again", 3)
    old = {p["metadata"]["uid"] for p in w.pods("again")}
    served.kube.delete("rayclusters", served.ns, "again")
    cluster = served.create(ray.cluster("again", ("small", 4)))
    w.wait_for(lambda o: not old & {p["metadata"]["uid"] for p in o.pods(live=False)} and ray.ready("again", 4)(o), what="the new cluster")
    assert {owner_uid(p) for p in w.pods("again") + w.services("again")} == {cluster["metadata"]["uid"]}
    served.created(9)


def test_a_namespace_that_goes_takes_its_cluster_and_no_other(served):
    there, other = served.another()
    served.create(ray.cluster("there", ("small", 3)), there)
    w = one(served, "here")
    other.wait_for(ray.ready("there", 3))
    served.kube.delete("namespaces", None, there)
    other.wait_for(lambda o: not o.cluster("there") and not o.pods(live=False), what="the namespace to empty itself")
    served.scale("here", 3)
    w.wait_for(ray.ready("here", 3))
    refused = [e for e in served.writes(there, verbs=("create",)) if e["responseStatus"]["code"] >= 400]
    assert len(refused) <= 12, "a namespace that is going is not hammered: tries come further and further apart"
