"""Edits of templates: told (OutdatedPods), rolled where asked for (raykeeper.io/rolling-update), or all anew (upgradeStrategy Recreate)."""
import pytest

from lib import ray

ROLL, HEAD = "raykeeper.io/rolling-update", "raykeeper.io/rolling-update-head"
HASH, MADE_BY = "ray.io/upgrade-strategy-recreate-hash", "ray.io/kuberay-version"
NEW = "rayproject/ray:2.53.0"


def image(served, name, value, where="/spec/workerGroupSpecs/0"):
    served.patch(name, [{"op": "replace", "path": f"{where}/template/spec/containers/0/image", "value": value}], "json")


def images(world, name, role):
    return [p["spec"]["containers"][0]["image"] for p in world.pods(name, role, live=False)]


def is_ready(pod):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))


def one(served, name, workers=3, **spec):
    made = ray.cluster(name, ("small", workers), **spec)
    served.create(made)
    served.world.wait_for(ray.ready(name, workers))
    return served.world


@pytest.mark.asan
def test_an_edited_template_is_told_and_changes_no_running_pod(served):
    w = one(served, "told")
    before = w.names(cluster="told")
    image(served, "told", NEW)
    said = w.wait_for(lambda o: o.condition("told", "OutdatedPods"), what="OutdatedPods")
    assert said["status"] == "True" and "small: 3 of 3" in said["message"]
    assert w.names(cluster="told") == before
    image(served, "told", ray.IMAGE)
    w.wait_for(lambda o: not o.condition("told", "OutdatedPods"), what="no OutdatedPods any more")
    served.created(4)


@pytest.mark.asan
def test_a_rolling_update_replaces_workers_one_at_a_time_and_leaves_the_head(served):
    w = one(served, "roll")
    head = w.names(cluster="roll", role="head")
    served.patch("roll", {"metadata": {"annotations": {ROLL: "1"}}})
    fewest = []
    image(served, "roll", NEW)

    def done(o):
        fewest.append(len([p for p in o.pods("roll", "worker") if is_ready(p)]))
        return images(o, "roll", "worker") == [NEW] * 3 and ray.ready("roll", 3)(o)

    w.wait_for(done, what="all workers of the new template")
    assert min(fewest) >= 2, f"ready workers seen: {fewest}"
    assert w.names(cluster="roll", role="head") == head
    served.created(4 + 3)


def test_the_head_follows_last_where_that_is_asked_for(served):
    w = one(served, "last", workers=1)
    served.patch("last", {"metadata": {"annotations": {ROLL: "1", HEAD: "last"}}})
    old = w.names(cluster="last", role="worker")
    served.patch("last", [{"op": "replace", "path": f"{at}/template/spec/containers/0/image", "value": NEW}
                          for at in ("/spec/headGroupSpec", "/spec/workerGroupSpecs/0")], "json")
    w.wait_for(lambda o: images(o, "last", "head") == [NEW] and ray.ready("last", 1)(o), what="a new head")
    assert images(w, "last", "worker") == [NEW]
    gone = [e["objectRef"]["name"] for e in served.writes(verbs=["delete"], resource="pods")]
    assert gone[0] in old, f"the worker went first: {gone}"
    served.created(4)


def test_a_template_that_never_gets_ready_stops_the_rolling_update(served):
    w = one(served, "bad")
    served.patch("bad", {"metadata": {"annotations": {ROLL: "1"}}})
    served.patch("bad", [{"op": "add", "path": "/spec/workerGroupSpecs/0/template/metadata/annotations",
                          "value": {"controlplane/hold": "yes"}}], "json")
    w.wait_for(lambda o: len([p for p in o.pods("bad", "worker") if not is_ready(p)]) == 1, what="one new worker that is not ready")
    said = w.wait_for(lambda o: o.condition("bad", "Ready").get("status") == "False" and o.condition("bad", "Ready"), what="not Ready")
    assert said["reason"] == "WorkersNotReady" and "small" in said["message"]
    one(served, "beside", workers=1)
    assert len([p for p in w.pods("bad", "worker") if is_ready(p)]) == 2
    served.created(5 + 2)


@pytest.mark.asan
def test_recreate_replaces_all_pods_after_an_edit_and_none_after_a_new_count(served):
    w = one(served, "anew", workers=2, upgradeStrategy={"type": "Recreate"})
    before = w.names(cluster="anew")
    served.scale("anew", 3)
    w.wait_for(ray.ready("anew", 3))
    assert before < w.names(cluster="anew")
    image(served, "anew", NEW)
    w.wait_for(lambda o: not before & o.names(live=False) and ray.ready("anew", 3)(o), what="all pods anew")
    assert images(w, "anew", "worker") == [NEW] * 3
    told = w.wait_for(lambda o: o.events("anew", "DeletedPod"), what="the event")
    assert "Recreate" in told[0]["note"]
    served.created(4 + 4)


def test_a_head_of_another_operator_is_stamped_and_stays_and_a_later_edit_replaces_it(served):
    w = one(served, "taken", workers=1, upgradeStrategy={"type": "Recreate"})
    head = w.pods("taken", "head")[0]["metadata"]["name"]
    before = w.names(cluster="taken")
    served.kube.patch("pods", served.ns, head, {"metadata": {"annotations": {HASH: "0123456789ABCDEFGHIJKLMNOPQRSTUV", MADE_BY: "v1.7.0"}}})
    served.patch("taken", {"metadata": {"labels": {"look": "again"}}})
    w.wait_for(lambda o: o.pods("taken", "head")[0]["metadata"]["annotations"][HASH].startswith("m1:"), what="our hash on it")
    assert w.pods("taken", "head")[0]["metadata"]["annotations"][MADE_BY].startswith("raykeeper-")
    assert w.names(cluster="taken") == before
    image(served, "taken", NEW)
    w.wait_for(lambda o: not before & o.names(live=False) and ray.ready("taken", 1)(o), what="all pods anew")
    served.created(4)


def test_ready_is_true_only_while_all_wanted_pods_run(served):
    w = one(served, "truth", workers=2)
    assert w.condition("truth", "Ready")["status"] == "True"
    victim = w.pods("truth", "worker")[0]["metadata"]["name"]
    served.kube.patch("pods", served.ns, victim, {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}, subresource="status")
    w.wait_for(lambda o: o.condition("truth", "Ready")["status"] == "False", what="not Ready")
    assert w.condition("truth", "Ready")["reason"] == "WorkersNotReady" and "small" in w.condition("truth", "Ready")["message"]
    assert w.status("truth")["state"] == "ready", "the field's state stays, as tools expect"
