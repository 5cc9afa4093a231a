"""A head that fails again and again: counted in the object, then given time (plugin head, options crash-*)."""
import pytest

from lib import ray


def is_ready(pod):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))


@pytest.mark.asan
def test_heads_that_fail_again_and_again_are_counted_and_then_left_for_a_while(live):
    op = live.start(sets=["plugin:head.crash-budget=2", "plugin:head.crash-delay=2s", "plugin:head.crash-calm=3s"])
    live.create(ray.cluster("crash", ("small", 1)))
    w = live.world
    w.wait_for(ray.ready("crash", 1))
    for n in (1, 2):
        head = w.pods("crash", "head")[0]["metadata"]["name"]
        live.fail_pod(head)
        said = w.wait_for(lambda o, n=n: o.condition("crash", "HeadCrashLooping").get("message", "").startswith(f"{n} head pods")
                          and o.condition("crash", "HeadCrashLooping"), what=f"failure {n} counted")
        assert said["status"] == ("True" if n == 2 else "False") and head in said["message"]
        if n == 2:
            assert head in w.names(cluster="crash"), "it stays, with its log"
        w.wait_for(lambda o, head=head: head not in o.names(live=False) and any(map(is_ready, o.pods("crash", "head"))), what="a successor")
    w.wait_for(lambda o: not o.condition("crash", "HeadCrashLooping"), what="the count ends with a head that stays well")
    assert op.running()
    live.created(2 + 2)


def test_a_head_that_is_not_to_come_back_does_not_and_nothing_else_moves(served):
    """With ray.io/disable-provisioned-head-restart: what ran in the head must not run twice."""
    w = served.world
    body = ray.cluster("once", ("small", 2))
    body["metadata"]["annotations"] = {"ray.io/disable-provisioned-head-restart": "true"}
    served.create(body)
    w.wait_for(ray.ready("once", 2))
    head = w.pods("once", "head")[0]["metadata"]["name"]
    workers = sorted(p["metadata"]["name"] for p in w.pods("once", "worker"))
    served.fail_pod(head)
    w.wait_for(lambda o: not o.pods("once", "head"), what="the end of the head")
    generation = served.scale("once", 4)["metadata"]["generation"]
    w.wait_for(lambda o: o.status("once").get("observedGeneration") == generation, what="a look at the edit")
    assert sorted(p["metadata"]["name"] for p in w.pods("once", "worker")) == workers
    assert w.condition("once", "RayClusterProvisioned")["status"] == "True"
    served.created(3)
    served.patch("once", {"metadata": {"annotations": {"ray.io/disable-provisioned-head-restart": None}}})
    w.wait_for(ray.ready("once", 4))
