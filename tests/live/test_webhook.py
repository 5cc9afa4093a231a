"""Admission webhooks of others stand between us and our pods: slow ones, refusing ones, changing ones. Real ones, over HTTPS."""
import threading

import pytest

from lib import ray
from lib.faultproxy import FaultProxy
from lib.kube import ApiError
from lib.webhook import Webhook

QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")
DELAY_S = 20


def probe(ns):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe", "namespace": ns},
            "spec": {"containers": [{"name": "c", "image": "i"}]}}


def in_force(live, hook):
    """The API server learns of a configuration a moment after it was made: it is asked until the webhook is."""

    def asked():
        try:
            live.kube.request("POST", f"/api/v1/namespaces/{live.ns}/pods?dryRun=All", probe(live.ns))
        except ApiError:
            pass
        return hook.asked

    live.audit.wait_for(asked, 30, "the webhook in force")
    hook.asked.clear()
    return hook


class Slow:
    """Answers nothing but the probe before its time; `ended` ends all waiting."""

    def __init__(self):
        self.ended = threading.Event()

    def __call__(self, request):
        if request["name"] != "probe":
            self.ended.wait(DELAY_S)


@pytest.mark.parametrize("way", ["direct", "through-a-proxy"])
def test_creates_delayed_by_20_s_with_the_worker_killed_meanwhile_make_no_extra_pod(live, way):
    """Direct, the API server sees the killed one's connections break, and gives up its requests or not. Behind a proxy it sees
    nothing: all of them come through, twenty seconds later, beside those of the next worker."""
    proxy = FaultProxy(live.plane.kubeconfig) if way != "direct" else None
    slow = Slow()
    try:
        with in_force(live, Webhook(live.kube, live.ns, slow)) as hook:
            op = live.start(proxy.kubeconfig if proxy else None, sets=QUICK)
            live.create(ray.cluster("slow", ("small", 1)))
            hook.wait_asked(2)
            mark = op.mark()
            old = op.signal_worker()
            op.wait_leading(mark)
            assert op.worker() not in (None, old)
            live.world.wait_for(ray.ready("slow", 1), 120)
            assert len(hook.asked) >= 4, "the next worker did not ask again: this test shows nothing"
            assert len({r["name"] for r in hook.asked}) == 2, "asked for a pod of another name"
            slow.ended.set()
            # What comes after everything else has come before it: nothing is on its way any more.
            live.scale("slow", 2)
            live.world.wait_for(ray.ready("slow", 2))
            live.created(3, bound=60)
    finally:
        slow.ended.set()
        for op in live.operators:
            op.stop()
        if proxy:
            proxy.close()


@pytest.mark.parametrize("code", [403, 422])
def test_a_refusal_is_told_in_the_webhooks_words_and_tried_with_patience(live, code):
    words = "pods without a cost centre are not welcome here"
    refuse = threading.Event()
    refuse.set()

    def decide(_):
        return {"code": code, "message": words} if refuse.is_set() else None

    with in_force(live, Webhook(live.kube, live.ns, decide)) as hook:
        live.start(sets=QUICK)
        live.create(ray.cluster("deny", ("small", 2)))
        w = live.world
        event = w.wait_for(lambda o: o.events("deny", "FailedToCreateHeadPod"), what="the event")[0]
        assert event["type"] == "Warning" and words in event["note"]
        w.wait_for(lambda o: words in o.condition("deny", "ReplicaFailure").get("message", ""), what="the condition with the webhook's words")
        hook.wait_asked(6)
        live.audit.settle()
        tries = live.writes(verbs=("create",), resource="pods", code=code)
        assert len(tries) <= 20, "no hot loop"
        refuse.clear()
        w.wait_for(ray.ready("deny", 2))
        w.wait_for(lambda o: not o.condition("deny", "ReplicaFailure"), what="the condition to go")
        live.created(3)


def test_what_a_webhook_changes_in_a_pod_is_not_fought_over(live):
    def decide(_):
        return [{"op": "add", "path": "/metadata/labels/cost-centre", "value": "42"},
                {"op": "add", "path": "/spec/containers/0/env/-", "value": {"name": "INJECTED", "value": "1"}}]

    with in_force(live, Webhook(live.kube, live.ns, lambda r: decide(r) if r["name"] != "probe" else None, mutating=True)):
        live.start(sets=QUICK)
        live.create(ray.cluster("mutate", ("small", 2)))
        live.world.wait_for(ray.ready("mutate", 2))
        assert all(p["metadata"]["labels"]["cost-centre"] == "42" for p in live.world.pods("mutate"))
        live.scale("mutate", 3)
        live.world.wait_for(ray.ready("mutate", 3))
        assert not live.writes(verbs=("delete", "patch", "update"), resource="pods")
        live.created(4)


def test_a_webhook_that_times_out_is_waited_for(live):
    """To the API server that is an error of its own: 500. Whether the pod is there is not for us to guess."""
    ended = threading.Event()
    late = []

    def decide(request):
        if request["name"] != "probe" and len(late) < 3:
            late.append(request["name"])
            ended.wait(30)

    try:
        with in_force(live, Webhook(live.kube, live.ns, decide, timeout_s=1)):
            live.start(sets=QUICK)
            live.create(ray.cluster("late", ("small", 2)))
            live.world.wait_for(ray.ready("late", 2))
            live.audit.settle()
            assert len(live.writes(verbs=("create",), resource="pods", code=500)) == 3
            assert set(late) <= live.world.names(cluster="late"), "other names were taken"
            live.created(3)
    finally:
        ended.set()
