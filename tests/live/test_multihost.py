"""Groups with several hosts a replica: a replica comes and goes as a whole, and as many hosts are made as are wanted."""
import os
import random

import pytest

from lib import ray

QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")
HELD = {"controlplane/hold": "true"}  # such a pod stays Pending
NAME, INDEX, HOST = "ray.io/worker-group-replica-name", "ray.io/worker-group-replica-index", "ray.io/replica-host-index"


def slices(name, replicas, hosts, **spec):
    return ray.cluster(name, ray.group("tpu", replicas, numOfHosts=hosts), **spec)


def replicas(world, name, group="tpu"):
    """Replica name -> its pods by host."""
    found = {}
    for pod in world.pods(name, "worker", group):
        labels = pod["metadata"]["labels"]
        found.setdefault(labels[NAME], {})[int(labels[HOST])] = pod
    return found


def whole(world, name, count, hosts):
    """As many replicas, each with each of its hosts once and an index of its own."""
    found = replicas(world, name)
    assert len(world.pods(name, "worker", "tpu")) == count * hosts
    assert len(found) == count and all(sorted(pods) == list(range(hosts)) for pods in found.values()), {n: sorted(p) for n, p in found.items()}
    indexes = {n: {p["metadata"]["labels"][INDEX] for p in pods.values()} for n, pods in found.items()}
    assert sorted(i for one in indexes.values() for i in one) == sorted(str(i) for i in range(count)), indexes
    return found


def members(found, replica):
    return {p["metadata"]["name"] for p in found[replica].values()}


def reap(served, name, victims, count):
    base = "/spec/workerGroupSpecs/0"
    return served.patch(name, [{"op": "add", "path": f"{base}/replicas", "value": count},
                               {"op": "add", "path": f"{base}/scaleStrategy", "value": {"workersToDelete": sorted(victims)}}], "json")


# Those without an operator of the file's come first: once that one runs, it holds the Lease until the file's end.

@pytest.mark.parametrize("point", ["write-sent", "write-answered"])
@pytest.mark.parametrize("nth", [4, 9, 21])
def test_killed_exactly_while_replicas_are_made_as_many_come_as_are_wanted(live, point, nth):
    live.create(slices("x", 6, 4))
    op = live.start(checked=True, lead=False, sets=QUICK, env={"RK_FAULT": f"{point}:{nth}:kill"})
    op.wait_said("worker killed")
    op.kill_both()
    live.start(sets=QUICK)
    live.world.wait_for(ray.ready("x", 24), 120)
    whole(live.world, "x", 6, 4)
    live.created(25)


@pytest.mark.asan
def test_killed_at_random_moments_while_replicas_are_made_as_many_come_as_are_wanted(live):
    op = live.start(sets=QUICK)
    seed = int(os.environ.get("RK_SEED", "0")) or random.randrange(1, 1 << 30)
    print(f"RK_SEED={seed}")
    live.create(slices("r", 10, 8))
    for at in sorted(random.Random(seed).sample(range(2, 80), 2)):
        live.world.wait_for(lambda o, at=at: len(o.pods(live=False)) >= at, what=f"{at} pods")
        mark = op.mark()
        op.signal_worker()
        op.wait_leading(mark)
    live.world.wait_for(ray.ready("r", 80), 120)
    whole(live.world, "r", 10, 8)
    live.created(81)


@pytest.mark.asan
def test_replicas_are_made_whole_with_their_labels_and_a_headless_service(served):
    cluster = served.create(slices("fresh", 3, 4))
    w = served.world
    w.wait_for(ray.ready("fresh", 12))
    for name in whole(w, "fresh", 3, 4):
        assert name.startswith("tpu-") and len(name) == len("tpu-") + 5
    svc = next(s for s in w.all("services") if s["metadata"]["name"] == "fresh-headless")
    assert svc["metadata"]["labels"] == {"ray.io/headless-worker-svc": "fresh"}
    assert svc["metadata"]["ownerReferences"][0]["uid"] == cluster["metadata"]["uid"]
    assert svc["spec"]["selector"] == {"ray.io/cluster": "fresh", "ray.io/node-type": "worker"}
    assert svc["spec"]["clusterIP"] == "None" and svc["spec"]["publishNotReadyAddresses"] and "ports" not in svc["spec"]
    assert w.status("fresh")["desiredWorkerReplicas"] == 12 and w.status("fresh")["maxWorkerReplicas"] == 4000
    served.created(13)


def test_the_headless_service_comes_with_the_first_group_that_needs_it_and_comes_back(served):
    served.create(ray.cluster("svc", ("small", 1)))
    w = served.world
    w.wait_for(ray.ready("svc", 1))
    assert "svc-headless" not in {s["metadata"]["name"] for s in w.all("services")}
    served.patch("svc", [{"op": "add", "path": "/spec/workerGroupSpecs/-", "value": ray.group("tpu", 1, numOfHosts=2)}], "json")
    w.wait_for(ray.ready("svc", 3))
    uid = next(s["metadata"]["uid"] for s in w.all("services") if s["metadata"]["name"] == "svc-headless")
    served.kube.delete("services", served.ns, "svc-headless")
    w.wait_for(lambda o: any(s["metadata"]["name"] == "svc-headless" and s["metadata"]["uid"] != uid for s in o.all("services")),
               what="another headless service")
    served.created(4)


@pytest.mark.asan
def test_one_host_that_is_deleted_takes_its_replica_along_and_no_other(served):
    served.create(slices("one", 4, 3))
    w = served.world
    w.wait_for(ray.ready("one", 12))
    before = whole(w, "one", 4, 3)
    replica = sorted(before)[1]
    victims = members(before, replica)
    served.kube.delete("pods", served.ns, before[replica][1]["metadata"]["name"])
    w.wait_for(lambda o: not victims & o.names(live=False) and ray.ready("one", 12)(o), what="a whole new replica")
    after = whole(w, "one", 4, 3)
    assert {n: members(after, n) for n in set(before) - {replica}} == {n: members(before, n) for n in set(before) - {replica}}
    told = w.wait_for(lambda o: o.events("one", "DeletedWorkerPod"), what="the event")
    assert replica in told[0]["note"]
    served.created(1 + 12 + 3)


def test_one_host_that_fails_under_load_takes_its_replica_along_and_no_other(served):
    """While the group grows and the other cluster comes up."""
    served.create(slices("busy", 6, 4))
    w = served.world
    w.wait_for(ray.ready("busy", 24))
    before = whole(w, "busy", 6, 4)
    replica = sorted(before)[3]
    victims = members(before, replica)
    served.create(ray.cluster("other", ("small", 40)))
    served.scale("busy", 10)
    served.fail_pod(before[replica][2]["metadata"]["name"])
    w.wait_for(lambda o: not victims & o.names(live=False) and ray.ready("busy", 40)(o) and ray.ready("other", 40)(o), 180, "everything again")
    after = whole(w, "busy", 10, 4)
    for name in set(before) - {replica}:
        assert members(after, name) == members(before, name)
    served.created(1 + 24 + 16 + 4 + 41)


def test_a_namespace_that_is_deleted_holds_no_deletions_elsewhere(served):
    """Its replicas break apart pod by pod, and the rest of each is told to go: more than the breaker lets go at once, and nobody's fault."""
    gone, world = served.another()
    served.create(slices("doomed", 12, 4), gone)
    served.create(slices("stays", 2, 4))
    world.wait_for(ray.ready("doomed", 48))
    served.world.wait_for(ray.ready("stays", 8))
    served.kube.delete("namespaces", None, gone)
    world.wait_for(lambda o: not o.all("pods") and not o.cluster("doomed"), what="an empty namespace")
    before = whole(served.world, "stays", 2, 4)
    replica = sorted(before)[0]
    victims = members(before, replica)
    served.kube.delete("pods", served.ns, before[replica][0]["metadata"]["name"])
    served.world.wait_for(lambda o: not victims & o.names(live=False) and ray.ready("stays", 8)(o), what="a whole new replica")
    assert not served.world.events("stays", "DeletionsHeld")


def test_a_host_that_is_gone_at_once_takes_its_replica_along(served):
    """Without ever being seen as terminating, and whichever host it is that remains."""
    served.create(slices("force", 2, 3))
    w = served.world
    w.wait_for(ray.ready("force", 6))
    before = whole(w, "force", 2, 3)
    replica = sorted(before)[0]
    victims = members(before, replica)
    served.kube.delete("pods", served.ns, before[replica][0]["metadata"]["name"], gracePeriodSeconds=0)
    w.wait_for(lambda o: not victims & o.names(live=False) and ray.ready("force", 6)(o), what="a whole new replica")
    whole(w, "force", 2, 3)
    served.created(1 + 6 + 3)


def test_a_host_that_cannot_end_does_not_block_the_successor_of_its_replica(served):
    served.create(slices("stuck", 1, 3))
    w = served.world
    w.wait_for(ray.ready("stuck", 3))
    before = whole(w, "stuck", 1, 3)
    replica, = before
    held = before[replica][1]["metadata"]["name"]
    served.kube.patch("pods", served.ns, held, {"metadata": {"finalizers": ["example.com/hold"]}})
    served.kube.delete("pods", served.ns, held)
    w.wait_for(lambda o: len(o.pods("stuck", "worker")) == 3 and not members(before, replica) & o.names(), what="the successor beside it")
    after = whole(w, "stuck", 1, 3)
    assert replica not in after, "the name is not used twice at the same time"
    served.kube.patch("pods", served.ns, held, {"metadata": {"finalizers": None}})
    w.wait_for(ray.ready("stuck", 3))
    served.created(1 + 3 + 3)


def test_replicas_are_added_and_taken_away_whole_and_pending_ones_go_first(served):
    served.create(slices("scale", 2, 3))
    w = served.world
    w.wait_for(ray.ready("scale", 6))
    first = set(replicas(w, "scale"))
    served.patch("scale", {"spec": {"workerGroupSpecs": [ray.group("tpu", 4, numOfHosts=3, annotations=HELD)]}})
    w.wait_for(lambda o: len(o.pods("scale", "worker")) == 12 and all(len(p) == 3 for p in replicas(o, "scale").values()), what="two pending replicas")
    served.patch("scale", {"spec": {"workerGroupSpecs": [ray.group("tpu", 2, numOfHosts=3, annotations=HELD)]}})
    w.wait_for(ray.ready("scale", 6))
    assert set(whole(w, "scale", 2, 3)) == first
    served.scale("scale", 0)
    w.wait_for(ray.ready("scale", 0))
    served.created(1 + 12)


def test_a_named_host_means_its_replica_and_with_the_autoscaler_nobody_else_goes(served):
    served.create(slices("auto", 4, 2, enableInTreeAutoscaling=True))
    w = served.world
    w.wait_for(ray.ready("auto", 8))
    before = whole(w, "auto", 4, 2)
    served.scale("auto", 3)
    w.wait_for(lambda o: o.status("auto").get("observedGeneration") == 2, what="the edit to be seen")
    assert set(replicas(w, "auto")) == set(before)
    a, b = sorted(before)[:2]
    reap(served, "auto", {before[a][0]["metadata"]["name"], before[b][0]["metadata"]["name"], before[b][1]["metadata"]["name"]}, 2)
    w.wait_for(ray.ready("auto", 4))
    assert {n: members(replicas(w, "auto"), n) for n in replicas(w, "auto")} == {n: members(before, n) for n in set(before) - {a, b}}
    served.created(9)


def test_two_hundred_and_fifty_six_hosts_come_once(served):
    served.create(slices("big", 1, 256))
    w = served.world
    w.wait_for(ray.ready("big", 256), 180)
    whole(w, "big", 1, 256)
    served.created(257)


def test_more_hosts_a_replica_are_new_replicas(served):
    served.create(slices("wider", 2, 2))
    w = served.world
    w.wait_for(ray.ready("wider", 4))
    before = w.names(cluster="wider", role="worker")
    served.patch("wider", [{"op": "replace", "path": "/spec/workerGroupSpecs/0/numOfHosts", "value": 4}], "json")
    w.wait_for(lambda o: not before & o.names(live=False) and ray.ready("wider", 8)(o), what="replicas of four hosts")
    whole(w, "wider", 2, 4)
    served.created(1 + 4 + 8)
