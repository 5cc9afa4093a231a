"""Groups grow and shrink: who comes, who goes, and that nobody comes twice."""
import pytest

from lib import ray

HELD = {"controlplane/hold": "true"}  # such a pod stays Pending


def place(pod):
    return int(pod["metadata"]["labels"]["ray.io/worker-group-replica-index"])


def reap(served, name, group, victims, replicas):
    """What the autoscaler writes: fewer replicas, and who goes."""
    base = f"/spec/workerGroupSpecs/{group}"
    return served.patch(name, [{"op": "add", "path": f"{base}/replicas", "value": replicas},
                               {"op": "add", "path": f"{base}/scaleStrategy", "value": {"workersToDelete": sorted(victims)}}], "json")


@pytest.mark.asan
def test_a_group_grows_and_shrinks_and_keeps_who_may_stay(served):
    served.create(ray.cluster("grow", ("small", 2)))
    w = served.world
    w.wait_for(ray.ready("grow", 2))
    first = w.names(cluster="grow")
    served.scale("grow", 5)
    w.wait_for(ray.ready("grow", 5))
    assert first < w.names(cluster="grow")
    assert sorted(place(p) for p in w.pods("grow", "worker")) == [0, 1, 2, 3, 4]
    served.scale("grow", 1)
    w.wait_for(ray.ready("grow", 1))
    served.created(6)
    served.scale("grow", 0)
    w.wait_for(ray.ready("grow", 0))
    w.wait_for(lambda o: o.events("grow", "DeletedWorkerPod"), what="the event of the deletion")


def test_pending_workers_go_before_running_ones(served):
    """Three run, two more never start; down to three leaves the three that run."""
    served.create(ray.cluster("order", ("small", 3)))
    w = served.world
    w.wait_for(ray.ready("order", 3))
    running = w.names(cluster="order", role="worker")
    served.patch("order", {"spec": {"workerGroupSpecs": [ray.group("small", 5, annotations=HELD)]}})
    w.wait_for(lambda o: len([p for p in o.pods("order", "worker") if p["status"]["phase"] == "Pending" and p["spec"].get("nodeName")]) == 2,
               what="two pending workers")
    served.scale("order", 3)
    w.wait_for(ray.ready("order", 3))
    assert w.names(cluster="order", role="worker") == running


def test_not_ready_workers_go_before_ready_ones(served):
    served.create(ray.cluster("unready", ("small", 4)))
    w = served.world
    w.wait_for(ray.ready("unready", 4))
    # The oldest would stay if age alone decided.
    victim = min(w.pods("unready", "worker"), key=place)["metadata"]["name"]
    pod = served.kube.get("pods", served.ns, victim)
    conditions = [dict(c, status="False" if c["type"] == "Ready" else c["status"]) for c in pod["status"]["conditions"]]
    served.kube.patch("pods", served.ns, victim, {"status": {"conditions": conditions}}, subresource="status")
    w.wait_for(lambda o: o.status("unready").get("readyWorkerReplicas") == 3, what="the operator to see that one is not ready")
    served.scale("unready", 3)
    w.wait_for(ray.ready("unready", 3))
    assert victim not in w.names(cluster="unready")


def test_the_youngest_of_equals_goes_first(served):
    served.create(ray.cluster("young", ("small", 2)))
    w = served.world
    w.wait_for(ray.ready("young", 2))
    old = w.names(cluster="young", role="worker")
    stamp = max(p["metadata"]["creationTimestamp"] for p in w.pods("young", "worker"))

    def younger(n):
        def look(o):
            return len([p for p in o.pods("young", "worker") if p["metadata"]["creationTimestamp"] > stamp]) >= n
        return look

    # Creation times have whole seconds: replace workers until all new ones are younger than the first two.
    served.scale("young", 4)
    w.wait_for(ray.ready("young", 4))
    while not younger(2)(w):
        for name in w.names(cluster="young", role="worker") - old:
            served.kube.delete("pods", served.ns, name)
        gone = w.names(cluster="young", role="worker", live=False)
        w.wait_for(lambda o, g=gone: len(o.names(cluster="young", role="worker") - g) >= 2 or younger(2)(o))
        w.wait_for(ray.ready("young", 4))
    served.scale("young", 2)
    w.wait_for(ray.ready("young", 2))
    assert w.names(cluster="young", role="worker") == old


def test_the_named_workers_go_and_no_others(served):
    served.create(ray.cluster("named", ("small", 4), ("big", 2)))
    w = served.world
    w.wait_for(ray.ready("named", 6))
    small, big = sorted(w.names(cluster="named", group="small")), w.names(cluster="named", group="big")
    # A worker of another group, the head and a name of nobody: none of them is this group's to delete.
    others = {next(iter(big)), w.pods("named", "head")[0]["metadata"]["name"], "named-small-worker-zzzzz"}
    everybody = w.names(cluster="named")
    reap(served, "named", 0, {small[0], small[2]} | others, 2)
    w.wait_for(ray.ready("named", 4))
    assert w.names(cluster="named") == everybody - {small[0], small[2]}
    served.created(7)


def test_a_named_worker_is_replaced_under_a_new_name_while_the_list_stands(served):
    served.create(ray.cluster("stale", ("small", 3)))
    w = served.world
    w.wait_for(ray.ready("stale", 3))
    old = w.names(cluster="stale", role="worker")
    victim = sorted(old)[0]
    reap(served, "stale", 0, {victim}, 3)
    w.wait_for(lambda o: victim not in o.names(live=False) and ray.ready("stale", 3)(o), what="the successor")
    # The list still names the victim; growing again must not bring the name back, nor kill anybody.
    served.scale("stale", 6)
    w.wait_for(ray.ready("stale", 6))
    served.scale("stale", 3)
    w.wait_for(ray.ready("stale", 3))
    served.scale("stale", 6)
    w.wait_for(ray.ready("stale", 6))
    made = served.audit.pods_created(served.ns, served.since)
    assert len(made) == len(set(made)), f"a name was used again: {sorted(made)}"
    assert made.count(victim) == 1


def test_replicas_are_held_between_min_and_max(served):
    served.create(ray.cluster("clamp", ray.group("over", 9, 0, 3), ray.group("under", 1, 2, 5)))
    w = served.world
    w.wait_for(ray.ready("clamp", 5))
    assert len(w.pods("clamp", group="over")) == 3 and len(w.pods("clamp", group="under")) == 2
    served.patch("clamp", [{"op": "replace", "path": "/spec/workerGroupSpecs/0/maxReplicas", "value": 1}], "json")
    w.wait_for(ray.ready("clamp", 3))
    served.created(6)


def test_with_the_autoscaler_on_only_named_workers_go(served):
    served.create(ray.cluster("auto", ("small", 4), enableInTreeAutoscaling=True))
    w = served.world
    w.wait_for(ray.ready("auto", 4))
    before = w.names(cluster="auto", role="worker")
    served.scale("auto", 2)
    w.wait_for(lambda o: o.status("auto").get("observedGeneration") == 2, what="the edit to be seen")
    # The status is written when the plan has been carried out: whoever was to go would be gone.
    assert w.names(cluster="auto", role="worker") == before
    victims = set(sorted(before)[:2])
    reap(served, "auto", 0, victims, 2)
    w.wait_for(ray.ready("auto", 2))
    assert w.names(cluster="auto", role="worker") == before - victims
    assert [e["verb"] for e in served.writes() if e["verb"] == "delete"] == ["delete", "delete"]


def test_a_group_that_is_added_gets_its_workers(served):
    served.create(ray.cluster("more", ("small", 1)))
    w = served.world
    w.wait_for(ray.ready("more", 1))
    before = w.names(cluster="more")
    served.patch("more", [{"op": "add", "path": "/spec/workerGroupSpecs/-", "value": ray.group("gpu", 2)}], "json")
    w.wait_for(ray.ready("more", 3))
    assert before < w.names(cluster="more") and len(w.pods("more", "worker", "gpu")) == 2


def test_two_hundred_workers_at_once_all_come_and_none_twice(served):
    served.create(ray.cluster("many", ("small", 200)))
    w = served.world
    w.wait_for(ray.ready("many", 200), 180)
    assert sorted(place(p) for p in w.pods("many", "worker")) == list(range(200))
    served.created(201)
    assert len(served.audit.rows(served.since, served.ns, resource="events", verbs=("create",))) <= 8, "events are folded"


def test_quick_changes_of_mind_end_at_the_last_one(served):
    served.create(ray.cluster("quick", ("small", 1)))
    for n in (20, 3, 30, 0, 15, 2, 25, 8):
        served.scale("quick", n)
    w = served.world
    w.wait_for(ray.ready("quick", 8))
    workers = w.pods("quick", "worker")
    assert len(workers) == 8 and len({place(p) for p in workers}) == 8, [place(p) for p in workers]
    served.audit.settle()
    made = served.audit.pods_created(served.ns, served.since)
    assert len(made) == len(set(made))
    deleted = [e for e in served.audit.rows(served.since, served.ns, verbs=("delete",), resource="pods") if e["responseStatus"]["code"] == 200]
    assert len(made) - len(deleted) == 9, "who was made and not deleted is there"
