"""Two operators over one Lease, with work going on: whatever becomes of one of them, there are never two writers.

Each has a user of its own; `terms.assert_one_writer` finds every write of both in the audit log and the term it belongs to.
"""
import os
import signal
import subprocess
import time

import pytest

from lib import ray
from lib.controlplane import ROOT, documents
from lib.island import Island, why_not
from lib.leaders import LEASE, LeaseWorld, Terms
from lib.load import Load

TAKEOVER_S = 20  # of the event, with the default times; those of QUICK are a third, which leaves room for a busy machine
HANDOVER_S = 3
FROZEN_S = 30 + 3  # a worker that does not run for so long costs the leadership; 3 s for it to say that it writes no more
QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")
STANDBY = "lease is held by another"


class Two:
    """Operators a and b, the Lease they share, and the load of the test."""

    def __init__(self, live, accounts):
        self.live, self.accounts, self.where = live, accounts, live.plane.account[0]
        live.kube.delete("leases", self.where, LEASE)  # of the test before; nobody runs now
        self.lease = LeaseWorld(live.kube, self.where)
        self.terms = Terms(live.audit, self.lease, {user: who for who, (_, user) in accounts.items()}, live.since)
        self.load, self.starts = None, 0

    def start(self, who, lead=False, sets=QUICK, kubeconfig=None, **how):
        self.starts += 1
        sets = (*sets, f"leader-election.identity={who}{self.starts}")
        op = self.live.start(kubeconfig or self.accounts[who][0], lead=lead, sets=sets, **how)
        op.identity = f"{who}{self.starts}"
        return op

    def both(self, work=True, a=None, **how):
        """a leads, b stands by, work goes on."""
        first = self.start("a", lead=True, **how, **(a or {}))
        second = self.start("b", **how)
        second.wait_said(STANDBY)
        if work:
            self.load = Load(self.live)
            self.live.world.wait_for(lambda w: len(w.pods(live=False)) >= 15, what="15 pods")
        return first, second

    def edit(self, **spec):
        self.live.kube.patch("leases", self.where, LEASE, {"spec": spec})

    def wait_lease(self, predicate, what, bound=30):
        return self.lease.wait_for(lambda w: predicate(w.spec()), bound, what)

    def more_pods(self, n=10):
        """So many more than there are now: whoever leads works."""
        there = len(self.live.world.ever["pods"])
        self.live.world.wait_for(lambda w: len(w.ever["pods"]) >= there + n, what=f"{n} more pods")

    def finish(self, led=()):
        self.load.converged()
        self.terms.assert_one_writer(led)

    def close(self):
        self.lease.close()
        if self.load:
            self.load.over.set()
            self.load.join(60)


@pytest.fixture(scope="module")
def accounts(plane):
    def user(name):
        return f"system:serviceaccount:{plane.account[0]}:{name}"

    return {"a": (plane.kubeconfig, user(plane.account[1])), "b": (plane.another_account("second"), user("second"))}


@pytest.fixture
def two(live, accounts):
    it = Two(live, accounts)
    yield it
    it.close()


@pytest.fixture(scope="module")
def brittle(tmp_path_factory):
    """A plugin that says when it is asked, and aborts at the start of a worker while a file is there: (ini file, that file)."""
    there = tmp_path_factory.mktemp("brittle")
    source = os.path.join(ROOT, "tests", "live", "plugins", "brittle.c")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-fvisibility=hidden", "-I", os.path.join(ROOT, "include"),
                    "-o", there / "brittle.so", source], check=True, timeout=120)
    (there / "brittle.so").chmod(0o755)
    conf = there / "raykeeper.ini"
    conf.write_text(f"[plugin:brittle]\nfile = {there}/brittle.so\ntrigger = {there}/abort\n")
    conf.chmod(0o644)
    yield str(conf), there / "abort"


@pytest.fixture
def island(live, accounts, tmp_path):
    """The kubeconfig of a, and a network of its own between it and the API server."""
    why = why_not()
    if why:
        pytest.skip(f"no network namespaces here: {why}")
    it = Island(accounts["a"][0], str(tmp_path))
    yield it
    for op in live.operators:  # who lives there must be gone before it
        op.close()
    it.close()


# --- handing over


def test_a_standby_runs_no_hook_and_takes_over_within_three_seconds_of_a_clean_stop(two, brittle):
    conf, _ = brittle
    a, b = two.both(sets=(), config=conf)
    names = {"a": a, "b": b}
    assert b.http("/readyz") == (200, f"ok: standby, leader is {a.identity}\n")
    assert a.said("brittle was asked") and not b.said("brittle was asked")
    two.live.audit.settle()
    assert {who for who, _, _ in two.terms.writes(two.terms.rows())} == {"a"}, "a standby writes nothing"
    for leader, standby in (("a", "b"), ("b", "a")):
        op, next_one = names[leader], names[standby]
        mark, asked = next_one.mark(), time.time()
        op.signal_master(signal.SIGTERM)
        leading = next_one.wait_said("leading", mark, TAKEOVER_S)
        assert op.ended() == 0, op.tail()
        released = [o["spec"] for _, o in two.lease.history if not o["spec"].get("holderIdentity")]
        assert released and released[-1]["leaseDurationSeconds"] == 1, "the Lease was not released"
        took = next_one.time_of(leading) - asked
        print(f"from SIGTERM to leading: {took:.2f} s")
        claimed = two.terms.first_claim(standby, asked)
        assert took < HANDOVER_S, f"{took:.2f} s from SIGTERM to leading, {claimed - asked:.2f} to the claim\n{op.tail()}\n{next_one.tail()}"
        # Its caches are warm: nothing is listed anew but for the comparison, a page a kind.
        assert next_one.time_of(leading) - claimed < 2, next_one.tail()
        assert not next_one.said("cache lags behind, listing anew", mark)
        two.more_pods()
        if leader == "a":
            names["a"] = two.start("a", sets=(), config=conf)
            names["a"].wait_said(STANDBY)
    two.finish(["a", "b", "a"])


@pytest.mark.parametrize("killed, sets", [("master", QUICK), ("both", ())])
def test_after_a_kill_the_standby_takes_over(two, killed, sets):
    a, b = two.both(sets=sets)
    if killed == "both":
        a.kill_both()
    else:
        a.signal_master()
    b.wait_leading(bound=TAKEOVER_S)
    two.more_pods()
    two.finish(["a", "b"])


# --- stopped in time


@pytest.mark.parametrize("frozen", ["master", "both"])
def test_a_leader_that_was_frozen_for_longer_than_its_lease_finds_itself_a_standby(two, frozen):
    a, b = two.both()
    if frozen == "both":
        worker = a.signal_worker(signal.SIGSTOP)
    a.signal_master(signal.SIGSTOP)
    b.wait_leading(bound=TAKEOVER_S)
    two.more_pods()
    mark = a.mark()
    if frozen == "both":
        os.kill(worker, signal.SIGCONT)
    a.signal_master(signal.SIGCONT)
    a.wait_said("leadership lost: writes stop, caches stay", mark)
    a.wait_said(STANDBY, mark)
    two.more_pods()
    assert a.http("/readyz") == (200, f"ok: standby, leader is {b.identity}\n")
    two.finish(["a", "b"])


def test_a_worker_frozen_for_longer_than_the_lease_goes_on(two):
    a, b = two.both()
    a.signal_worker(signal.SIGSTOP)
    renewed = len(two.lease.history)
    two.lease.wait_for(lambda w: len(w.history) > renewed + 12, what="renewals for six seconds")
    a.signal_worker(signal.SIGCONT)
    two.more_pods()
    assert not b.said("leading")
    two.finish(["a"])


def test_a_worker_that_does_not_run_for_thirty_seconds_costs_the_leadership(two):
    a, b = two.both()
    frozen = a.signal_worker(signal.SIGSTOP)
    b.wait_leading(bound=FROZEN_S + TAKEOVER_S)
    assert a.said("no worker can work: leadership is given to others")
    a.wait_said("worker killed", pid=frozen)
    a.wait_said(STANDBY)
    two.more_pods()
    two.finish(["a", "b"])


# --- the network


def begin_behind(two, island, sets):
    """a leads from its island."""
    return two.both(sets=sets, a={"kubeconfig": island.kubeconfig, "within": island.within})


def taken_over_behind(two, island, a, b):
    """b takes over; nothing of what a had queued arrives when the way is open again."""
    b.wait_leading(bound=TAKEOVER_S)
    mark = a.mark()
    island.heal()
    a.wait_said(STANDBY, mark)
    two.live.audit.wait_for(lambda: island.unsent(a.pid) == 0, 60, "the queues of a to be empty")
    two.more_pods()
    two.finish(["a", "b"])


def test_a_partitioned_leader_stops_and_nothing_that_it_had_queued_arrives_later(two, island):
    """At first only what it sends is lost: it still hears of work, and writes into its sockets."""
    a, b = begin_behind(two, island, ())
    island.lose_requests()
    two.load.burst()
    two.live.audit.wait_for(lambda: island.unsent(a.pid) > 8000, 10, "writes that a cannot get rid of")
    island.cut()
    taken_over_behind(two, island, a, b)


def test_a_leader_that_gets_no_answers_stops(two, island):
    """In the middle of many large writes. What it asks arrives, as far as can be sent without an acknowledgement: of what it asks then, its Lease at
    least, some stays in its sockets."""
    a, b = begin_behind(two, island, QUICK)
    two.live.create(ray.cluster("heavy", ray.group("heavy", 240, annotations={f"text-{i}": "x" * 4000 for i in range(12)})))
    two.load.workers["heavy"] = 240
    two.live.world.wait_for(lambda w: len(w.pods("heavy", live=False)) >= 5, what="five heavy pods")
    island.lose_answers()
    two.live.audit.wait_for(lambda: island.unsent(a.pid) > 0, 10, "bytes that a cannot get rid of")
    taken_over_behind(two, island, a, b)


# --- the Lease


@pytest.mark.asan
def test_a_lease_edited_by_hand_stays_with_who_works(two):
    a, b = two.both()

    def again(what, bad):
        two.wait_lease(lambda s: s.get("holderIdentity") == a.identity and not bad(s), f"{what}: a again")
        two.more_pods(4)
        assert not b.said("leading"), f"{what}: b leads\n{b.tail()}"

    two.edit(leaseDurationSeconds=1)
    again("shortened", lambda s: s["leaseDurationSeconds"] == 1)
    for when in ("1970-01-01T00:00:00.000000Z", "2999-12-31T23:59:59.000000Z"):
        two.edit(renewTime=when, acquireTime=when)
        again(f"renewed in {when[:4]}", lambda s, when=when: s["renewTime"] == when)
    two.edit(renewTime=None, acquireTime=None, leaseTransitions=2147483647)
    again("junk", lambda s: not s.get("renewTime"))
    two.edit(leaseTransitions=None, leaseDurationSeconds=None, renewTime=None, holderIdentity=None, acquireTime=None)
    again("nothing in it", lambda s: not s.get("renewTime"))
    two.edit(holderIdentity="")
    again("emptied", lambda s: False)
    old = two.live.kube.get("leases", two.where, LEASE)["metadata"]["uid"]
    two.live.kube.delete("leases", two.where, LEASE)
    two.lease.wait_for(lambda w: w.holder() == a.identity and w.all("leases")[0]["metadata"]["uid"] != old, 30, "a new Lease of a")
    two.more_pods(4)
    assert not b.said("leading"), b.tail()
    two.finish(["a"])


def test_a_lease_given_away_by_hand_is_given_up_at_once(two):
    a, b = two.both()
    ops = {a.identity: a, b.identity: b}
    for whom in ("somebody", "the other"):
        leader = ops[two.lease.holder()]
        other = next(op for op in ops.values() if op is not leader)
        marks, given = {op: op.mark() for op in ops.values()}, time.time()
        two.edit(holderIdentity=other.identity if whom == "the other" else whom)
        lost = leader.wait_said("lease lost", marks[leader], 10)
        assert leader.time_of(lost) - given < 2, "it was told at once"
        two.live.audit.wait_for(lambda: any(op.said("leading", marks[op]) for op in marks), TAKEOVER_S, "one of them to lead")
        taken = min(op.time_of(e) for op in marks if (e := op.said("leading", marks[op])))
        assert taken - given > 4.5, "whoever it was given to had the whole time"
        two.more_pods(4)
    two.finish()


def test_without_rights_on_the_lease_the_other_leads_and_without_any_nobody(two):
    bindings = {"a": "raykeeper-leader", "b": "raykeeper-leader-second"}
    a, b = two.both()
    try:
        two.live.kube.delete("rolebindings", two.where, bindings["a"])
        b.wait_leading(bound=TAKEOVER_S)
        two.more_pods(4)
        mark_a, mark_b = a.mark(), b.mark()
        two.live.kube.delete("rolebindings", two.where, bindings["b"])
        b.wait_said("leadership lost: writes stop, caches stay", mark_b, TAKEOVER_S)
        assert not a.said("leading", mark_a)
    finally:
        give_back(two.live.plane)
    two.live.audit.wait_for(lambda: a.said("leading", mark_a) or b.said("leading", mark_b), TAKEOVER_S, "one of them to lead again")
    two.more_pods(4)
    two.finish()


def give_back(plane):
    plane.another_account("second")
    for obj in documents(os.path.join(ROOT, "config", "rbac")):
        if obj["kind"].endswith("Binding"):
            plane.kube.apply(obj)


# --- plugins


def test_a_plugin_that_aborts_at_the_start_of_one_leaves_the_leadership_to_the_other(two, brittle):
    conf, trigger = brittle
    trigger.write_text("")
    try:
        a = two.start("a", config=conf)
        a.wait_said("worker crashed in a plugin")
        b = two.start("b", lead=True)
        two.load = Load(two.live)
        two.more_pods()
        assert a.running() and not two.lease.holder().startswith("a")
        assert a.http("/readyz")[0] == 503
    finally:
        trigger.unlink()
    a.wait_said(STANDBY)
    two.live.audit.wait_for(lambda: a.http("/readyz") == (200, f"ok: standby, leader is {b.identity}\n"), 30, "a to stand by")
    two.finish(["b"])


def test_a_leader_whose_worker_ends_again_and_again_gives_the_leadership_to_the_other(two, brittle):
    conf, trigger = brittle
    a, b = two.both(a={"config": conf})
    trigger.write_text("")
    try:
        a.signal_worker(signal.SIGABRT)
        b.wait_leading(bound=TAKEOVER_S)
        assert a.said("worker ends again and again: leadership is given to others")
        two.more_pods()
    finally:
        trigger.unlink()
    a.wait_said("synced", a.mark())
    two.finish(["a", "b"])
