"""Whatever is killed, whenever: the next start converges, and the pods created equal the pods wanted."""
import os
import random
import signal

import pytest

from lib import ray
from lib.operator import wait_end

LEASE = "ray-operator-leader"
# Who is killed leaves its Lease behind; the next one waits until that has run out.
QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")


def lease(live):
    return live.kube.find("leases", live.plane.account[0], LEASE)


def seen_pods(n):
    return lambda o: len(o.pods(live=False)) >= n


def converged(live, name, workers, bound=120):
    live.world.wait_for(ray.ready(name, workers), bound)
    places = sorted(int(p["metadata"]["labels"]["ray.io/worker-group-replica-index"]) for p in live.world.pods(name, "worker"))
    assert places == list(range(workers))
    live.created(workers + 1)


@pytest.mark.asan
def test_a_killed_worker_is_started_again_and_finishes(live):
    op = live.start(sets=QUICK)
    live.create(ray.cluster("w", ("small", 60)))
    live.world.wait_for(seen_pods(10), what="ten pods")
    mark = op.mark()
    old = op.signal_worker()
    op.wait_leading(mark)
    assert op.running() and op.worker() not in (None, old)
    converged(live, "w", 60)


def test_a_killed_master_takes_its_worker_with_it_and_the_next_start_finishes(live):
    op = live.start(sets=QUICK)
    live.create(ray.cluster("m", ("small", 60)))
    live.world.wait_for(seen_pods(10), what="ten pods")
    worker = op.worker()
    op.signal_master()
    op.ended()
    assert wait_end(worker, 10), "the worker outlives its master"
    live.start(sets=QUICK)
    converged(live, "m", 60)


def test_both_killed_the_next_start_finishes(live):
    op = live.start(sets=QUICK)
    live.create(ray.cluster("b", ("small", 60)))
    live.world.wait_for(seen_pods(10), what="ten pods")
    op.kill_both()
    live.start(sets=QUICK)
    converged(live, "b", 60)


def test_the_worker_killed_again_and_again_at_random_moments(live):
    op = live.start(sets=QUICK)
    seed = int(os.environ.get("RK_SEED", "0")) or random.randrange(1, 1 << 30)
    print(f"RK_SEED={seed}")
    dice = random.Random(seed)
    live.create(ray.cluster("r", ("small", 60)))
    # Twice only: three ends in a minute make the master give its leadership to others.
    for at in sorted(dice.sample(range(1, 60), 2)):
        live.world.wait_for(seen_pods(at), what=f"{at} pods")
        mark = op.mark()
        op.signal_worker()
        op.wait_leading(mark)
    converged(live, "r", 60)


@pytest.mark.parametrize("point", ["write-sent", "write-answered"])
@pytest.mark.parametrize("nth", [1, 3, 12])
def test_killed_exactly_in_the_middle_of_a_create(live, point, nth):
    """The fault point is reached the nth time and the worker is dead; a new process has no such order."""
    live.create(ray.cluster("x", ("small", 20)))
    op = live.start(checked=True, lead=False, sets=QUICK, env={"RK_FAULT": f"{point}:{nth}:kill"})
    op.wait_said("worker killed")
    op.kill_both()
    live.start(sets=QUICK)
    converged(live, "x", 20)


def test_a_worker_that_dies_each_time_at_its_second_write_still_gets_on(live):
    """The same order for every worker: each of them makes one write more than it dies of."""
    live.create(ray.cluster("s", ("small", 2)))
    op = live.start(checked=True, lead=False, sets=QUICK, env={"RK_FAULT": "write-answered:2:kill"})
    op.wait_said("worker killed")
    live.world.wait_for(lambda o: len(o.services("s")) == 1 and len(o.pods("s")) == 3, 120, what="all pods, in spite of it")
    op.kill_both()
    live.start(sets=QUICK)
    converged(live, "s", 2)


def test_a_frozen_worker_goes_on_where_it_was(live):
    op = live.start(sets=QUICK)
    live.create(ray.cluster("f", ("small", 40)))
    live.world.wait_for(seen_pods(5), what="five pods")
    frozen = op.signal_worker(signal.SIGSTOP)
    live.scale("f", 30)
    op.signal_worker(signal.SIGCONT)
    live.world.wait_for(ray.ready("f", 30), 120)
    assert op.worker() == frozen and not op.said("worker killed") and not op.said("worker ended"), op.tail()
    live.audit.settle()
    made = live.audit.pods_created(live.ns, live.since)
    assert len(made) == len(set(made)), "no name twice"
    assert 31 <= len(made) <= 41, "the head and 30 workers, or more of the 40 where they were made before the edit was seen"


@pytest.mark.asan
def test_a_stopped_operator_ends_with_zero_and_gives_the_lease_back(live):
    op = live.start(sets=QUICK)
    live.create(ray.cluster("t", ("small", 2)))
    live.world.wait_for(ray.ready("t", 2))
    held = lease(live)["spec"]
    assert held["holderIdentity"]
    assert op.stop() == 0, op.tail()
    assert not lease(live)["spec"].get("holderIdentity"), "the Lease is still held"
    assert len(live.world.pods("t")) == 3, "stopping deletes nothing"
    # The next one does not wait for the Lease to run out: it leads at its first try.
    next_one = live.start(lead=False, sets=QUICK)
    next_one.wait_leading(bound=10)
    assert not next_one.said("lease is held by another"), next_one.tail()
    assert lease(live)["spec"]["leaseTransitions"] > held.get("leaseTransitions", 0)
    live.scale("t", 3)
    live.world.wait_for(ray.ready("t", 3))
    live.created(4)


def test_a_second_signal_ends_it_at_once(live):
    """A frozen worker cannot finish its work: the first signal waits for it, the second does not."""
    op = live.start(sets=QUICK)
    worker = op.signal_worker(signal.SIGSTOP)
    op.signal_master(signal.SIGTERM)
    op.wait_said("stopping")
    op.signal_master(signal.SIGTERM)
    assert op.ended(10) == 1
    assert wait_end(worker, 10)


def test_stopped_in_the_middle_the_next_start_finishes(live):
    op = live.start(sets=QUICK)
    live.create(ray.cluster("p", ("small", 60)))
    live.world.wait_for(seen_pods(5), what="five pods")
    assert op.stop() == 0, op.tail()
    live.start(sets=QUICK)
    converged(live, "p", 60)


def test_what_happened_while_nobody_ran_is_made_good(live):
    op = live.start(sets=QUICK)
    live.create(ray.cluster("d", ("small", 4)))
    live.create(ray.cluster("e", ("small", 1)))
    w = live.world
    w.wait_for(ray.ready("d", 4))
    w.wait_for(ray.ready("e", 1))
    assert op.stop() == 0
    victim = w.pods("d", "worker")[0]["metadata"]["name"]
    live.kube.delete("pods", live.ns, victim)
    head = w.pods("d", "head")[0]["metadata"]["name"]
    live.fail_pod(head)
    live.scale("d", 6)
    live.kube.delete("rayclusters", live.ns, "e")
    live.create(ray.cluster("n", ("small", 1)))
    live.start(sets=QUICK)
    for name, workers in (("d", 6), ("n", 1)):
        w.wait_for(ray.ready(name, workers))
    w.wait_for(lambda o: not o.pods("e", live=False))
    # `ready` counts pods and trusts a state that is sticky: a head that failed is a pod too, until it is replaced.
    w.wait_for(lambda o: o.pods("d", "head") and head not in o.names(cluster="d", live=False), what="another head")
    live.created(5 + 2 + 3 + 1 + 2)  # two clusters; two workers more and one again; the head again; the new cluster


def test_many_workers_taken_away_while_nobody_ran_go_at_once(live):
    """An edit is an edit, whoever saw it: more of them than the breaker lets go without one."""
    op = live.start(sets=QUICK)
    live.create(ray.cluster("down", ("small", 45)))
    live.world.wait_for(ray.ready("down", 45))
    assert op.stop() == 0
    live.scale("down", 1)
    live.start(sets=QUICK)
    live.world.wait_for(ray.ready("down", 1))
    assert not live.world.events("down", "DeletionsHeld")


def test_a_second_operator_waits_and_takes_over(live):
    first = live.start(sets=QUICK)
    second = live.start(lead=False, sets=QUICK)
    second.wait_said("lease is held by another")
    assert not second.said("leading")
    live.create(ray.cluster("two", ("small", 3)))
    live.world.wait_for(ray.ready("two", 3))
    assert first.stop() == 0
    second.wait_leading(bound=30)
    live.scale("two", 5)
    live.world.wait_for(ray.ready("two", 5))
    live.created(6)
