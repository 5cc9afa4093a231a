"""The API server goes away, forgets or loses things. A control plane of its own: nobody else's tests stand still."""
import pytest

from lib import ray
from lib.controlplane import ControlPlane
from lib.operator import Operator

LEASE = "ray-operator-leader"


@pytest.fixture(scope="module")
def plane():
    p = ControlPlane()
    yield p
    p.down()


@pytest.fixture(scope="module")
def running(plane):
    op = Operator(plane.kubeconfig, sets=["operator.log-level=debug"]).wait_leading()
    yield op
    op.close()


def seen_pods(n):
    return lambda o: len(o.pods(live=False)) >= n


def test_what_is_asked_for_after_a_short_outage_is_done(served):
    served.create(ray.cluster("short", ("small", 2)))
    served.world.wait_for(ray.ready("short", 2))
    before = served.world.names(cluster="short")
    served.plane.cp("restart", "apiserver")
    served.scale("short", 4)
    served.world.wait_for(ray.ready("short", 4), 120)
    assert before < served.world.names(cluster="short")
    served.created(5)


def test_an_outage_in_the_middle_of_a_creation_doubles_nothing(served):
    served.create(ray.cluster("middle", ("small", 100)))
    served.world.wait_for(seen_pods(10), what="ten pods")
    served.plane.cp("restart", "apiserver")
    served.world.wait_for(ray.ready("middle", 100), 180)
    served.created(101, bound=60)


def test_after_etcd_was_compacted_and_the_server_restarted_watches_go_on(served, running):
    """The versions of our watches are forgotten: 410, and a new list, which deletes nothing."""
    served.create(ray.cluster("compact", ("small", 2)))
    served.world.wait_for(ray.ready("compact", 2))
    mark = running.mark()
    served.plane.cp("compact")
    served.plane.cp("restart", "apiserver")
    served.scale("compact", 3)
    served.world.wait_for(ray.ready("compact", 3), 120)
    assert running.said("watch is too old, listing anew", mark, plural="pods"), "no watch was too old: this test shows nothing"
    victim = sorted(served.world.names(cluster="compact", role="worker"))[0]
    served.kube.delete("pods", served.ns, victim)
    served.world.wait_for(lambda o: victim not in o.names(live=False) and ray.ready("compact", 3)(o), 120)
    served.created(5)


def test_a_lease_deleted_by_hand_is_made_again(served, running):
    served.create(ray.cluster("lease", ("small", 1)))
    served.world.wait_for(ray.ready("lease", 1))
    where = served.plane.account[0]
    old = served.kube.get("leases", where, LEASE)["metadata"]["uid"]
    served.kube.delete("leases", where, LEASE)
    served.scale("lease", 3)
    served.world.wait_for(ray.ready("lease", 3), 120)

    def again():
        lease = served.kube.find("leases", where, LEASE)
        return lease and lease["metadata"]["uid"] != old and lease["spec"].get("holderIdentity")

    served.audit.wait_for(again, 60, "a new Lease with a holder")
    served.created(4)


# Last: the control plane's own programs come back from a long outage with long pauses.
def test_after_an_outage_longer_than_the_lease_it_leads_again(served, running):
    served.create(ray.cluster("long", ("small", 2)))
    served.world.wait_for(ray.ready("long", 2))
    mark = running.mark()
    served.plane.cp("stop", "apiserver")
    running.wait_said("lease lost", mark, 60)
    served.audit.wait_for(lambda: running.http("/readyz")[0] == 503, 60, "a readyz that says that the watches are away")
    assert running.http("/healthz")[0] == 200, "it is well: the API server is not"
    served.plane.cp("start", "apiserver")
    running.wait_leading(mark, 120)
    victim = sorted(served.world.names(cluster="long", role="worker"))[0]
    served.kube.delete("pods", served.ns, victim)
    served.world.wait_for(lambda o: victim not in o.names(live=False) and ray.ready("long", 2)(o), 120)
    served.created(4)
    served.audit.wait_for(lambda: running.http("/readyz")[0] == 200, 60, "ready again")
