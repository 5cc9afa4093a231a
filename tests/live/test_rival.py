"""An operator of the same kinds that is installed in another namespace: while it lives, nothing is written."""
import contextlib
import threading
import time

import pytest

from lib import ray

LEASE = "ray-operator-leader"
KUBERAY = "kuberay-operator-6d5c_7a1c3b0e-53c6-4d62-9a55-0a3f5d9f8f11"


@contextlib.contextmanager
def another(live, identity=KUBERAY, name=None, seconds=4):
    """A Lease in a namespace of its own, renewed while the block lasts; then its holder is silent."""
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


@pytest.mark.asan
def test_nothing_is_written_until_the_other_has_gone(live):
    with another(live) as (theirs, world):
        op = live.start(lead=False)
        live.create(ray.cluster("waits", ("small", 1)))
        world.wait_for(lambda o: o.events(LEASE, "RivalOperator", "Lease"), what="the event")
        said = op.wait_said("an operator in another namespace lives: nothing is written")
        assert (said["namespace"], said["lease"], said["holder"]) == (theirs, LEASE, KUBERAY)
        note = world.events(LEASE, "RivalOperator", "Lease")[0]["note"]
        assert KUBERAY in note and "force-adopt" in note
        said = "ok: standby; held by an operator in another namespace\n"
        live.audit.wait_for(lambda: op.http("/readyz") == (200, said), 30, "a page that says so, once it is synced")
        assert not live.writes()
    live.world.wait_for(ray.ready("waits", 1))
    live.audit.wait_for(lambda: op.http("/readyz")[1] == "ok: leading\n", 30, "a page that says so")


def test_a_leader_stops_when_the_other_comes_and_goes_on_when_it_is_deleted(live):
    op = live.start()
    live.create(ray.cluster("goes", ("small", 1)))
    live.world.wait_for(ray.ready("goes", 1))
    live.audit.settle()
    with another(live, seconds=3600) as (theirs, _):
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


def test_a_leader_goes_on_beside_one_that_waits_for_it(live):
    """Another raykeeper gives way as we would: of two that lead, the one whose namespace sorts first goes on. Ours is raykeeper-..., theirs sorts behind."""
    op = live.start()
    live.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "zz-" + live.ns}})
    try:
        with another(live, identity="other_x1x2x3x4x5x6x7x8", name="zz-" + live.ns):
            op.wait_said("an operator in another namespace lives, and is to wait for us")
            live.create(ray.cluster("on", ("small", 1)))
            live.world.wait_for(ray.ready("on", 1))
    finally:
        live.kube.delete("namespaces", None, "zz-" + live.ns)
