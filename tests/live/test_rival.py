"""An operator of the same kinds that is installed in another namespace: while it lives, nothing is written."""
import contextlib
import threading
import time

import pytest

from lib import ray

LEASE = "ray-operator-leader"
KUBERAY = "kuberay-operator-6d5c_7a1c3b0e-53c6-4d62-9a55-0a3f5d9f8f11"


@contextlib.contextmanager
def another(live, identity=KUBERAY, name=None, seconds=4, stays=False):
    """A Lease in a namespace of its own, renewed while the block lasts; then it goes or, when it stays, its holder is silent."""
    ns, world = live.another() if name is None else (name, None)
    now = lambda: time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())  # noqa: E731
    live.kube.create({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": LEASE, "namespace": ns},
                      "spec": {"holderIdentity": identity, "leaseDurationSeconds": seconds, "leaseTransitions": 0,
                               "acquireTime": now(), "renewTime": now()}}, ns)
    over = threading.Event()

    def renew():
        n = 0
        while not over.wait(0.5):
            n += 1
            live.kube.patch("leases", ns, LEASE, {"spec": {"renewTime": now(), "leaseTransitions": n}})

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        yield ns, world
    finally:
        over.set()
        thread.join()
        if not stays:
            live.kube.delete("leases", ns, LEASE)


@pytest.mark.asan
def test_nothing_is_written_until_the_other_has_gone(live):
    with another(live, stays=True) as (theirs, world):
        op = live.start(lead=False)
        live.create(ray.cluster("waits", ("small", 1)))
        world.wait_for(lambda o: o.events(LEASE, "RivalOperator", "Lease"), what="the event")
        said = op.wait_said("an operator in another namespace lives: nothing is written")
        assert (said["namespace"], said["lease"], said["holder"]) == (theirs, LEASE, KUBERAY)
        note = world.events(LEASE, "RivalOperator", "Lease")[0]["note"]
        assert KUBERAY in note and "force-adopt" in note
        said = f"ok: standby; held by an operator in namespace {theirs}\n"
        live.audit.wait_for(lambda: op.http("/readyz") == (200, said), 30, "a page that says so, once it is synced")
        assert not live.writes()
    live.world.wait_for(ray.ready("waits", 1))
    live.audit.wait_for(lambda: op.http("/readyz")[1] == "ok: leading\n", 30, "a page that says so")


def test_a_leader_stops_when_the_other_comes_and_goes_on_when_it_is_deleted(live):
    op = live.start()
    live.create(ray.cluster("goes", ("small", 1)))
    live.world.wait_for(ray.ready("goes", 1))
    live.audit.settle()
    with another(live, seconds=3600, stays=True) as (theirs, _):
        mark = op.mark()
        op.wait_said("leadership lost: writes stop, caches stay", since=mark)
        op.wait_said("an operator in another namespace lives: nothing is written")
        since = live.audit.mark()
        live.scale("goes", 3)
        live.audit.wait_for(lambda: "held" in op.http("/readyz")[1], 30, "a page that says so")
    assert not live.writes(since=since)
    assert live.kube.find("leases", live.plane.account[0], LEASE)["spec"]["holderIdentity"] in ("", None)
    live.kube.delete("leases", theirs, LEASE)
    live.world.wait_for(ray.ready("goes", 3))


def test_force_adopt_works_beside_the_other(live):
    with another(live):
        live.start(sets=["leader-election.force-adopt=true"])
        live.create(ray.cluster("forced", ("small", 1)))
        live.world.wait_for(ray.ready("forced", 1))


@contextlib.contextmanager
def behind(live, **how):
    """Another raykeeper, whose namespace sorts behind ours (raykeeper-...)."""
    ns = "zz-" + live.ns
    live.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
    try:
        with another(live, identity="other_x1x2x3x4x5x6x7x8", name=ns, **how):
            yield ns
    finally:
        live.kube.delete("namespaces", None, ns)


def test_a_leader_goes_on_beside_one_that_waits_for_it_but_not_for_ever(live):
    """Another raykeeper gives way as we would. One that does not within half a minute does not see us, and then we give way."""
    op = live.start()
    with behind(live) as theirs:
        op.wait_said("an operator in another namespace lives, and is to wait for us")
        live.create(ray.cluster("on", ("small", 1)))
        live.world.wait_for(ray.ready("on", 1))
        op.wait_said("leadership lost: writes stop, caches stay")
        assert op.said("an operator in another namespace lives: nothing is written")["namespace"] == theirs
        since = live.audit.mark()
        live.scale("on", 2)
        live.audit.wait_for(lambda: "held" in op.http("/readyz")[1], 30, "a page that says so")
        assert not live.writes(since=since)
    live.world.wait_for(ray.ready("on", 2))


def test_without_an_election_it_waits_for_everybody(live):
    op = live.start(sets=["leader-election.enabled=false"])
    with behind(live):
        op.wait_said("leadership lost: writes stop, caches stay")
    live.create(ray.cluster("later", ("small", 1)))
    live.world.wait_for(ray.ready("later", 1))


def test_an_identity_that_others_would_wait_for_is_refused(live):
    op = live.start(lead=False, sets=["leader-election.identity=" + KUBERAY])
    assert op.ended() == 78, op.tail()
    assert "[leader-election] identity" in op.said("cannot start")["err"]
