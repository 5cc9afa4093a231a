"""One object over which plugins crash, hang or return junk is its own trouble: everybody else is served, and it is told.

The plugins are tests/live/plugins: `poison` and `junk` do what an annotation of the object says.
"""
import os
import resource
import signal

from lib import ray
from lib.operator import build_dir

QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")
CONDITION = "raykeeper.io/Quarantined"
ROOM = 400 << 20


def plugin(name):
    binary_dir = os.environ.get("RK_BINARY_DIR") or os.path.join(build_dir(), "release")
    return f"plugin:{name}.file={os.path.join(binary_dir, 'live', name + '.so')}"


def only(live, name):
    """For an operator beside another: its own namespace and Lease."""
    return (f"operator.watch={live.ns}", f"leader-election.lease-name={name}")


def dose(name, how, kind="poison"):
    c = ray.cluster(name, ("small", 1))
    c["metadata"]["annotations"] = {f"test.raykeeper.io/{kind}": how}
    return c


def cure(live, name, edit=True):
    change = {"metadata": {"annotations": {"test.raykeeper.io/poison": None}}}
    if edit:
        change["spec"] = {"rayVersion": "2.52.1"}
    live.patch(name, change)


def quarantined(name, generation=1):
    def look(world):
        c = world.condition(name, CONDITION)
        return c.get("status") == "True" and c.get("observedGeneration") == generation and c
    return look


def free(name):
    return lambda world: world.cluster(name) and not world.condition(name, CONDITION)


def crashes(live, op, since=0, **fields):
    """In this test's namespace: what others left behind may still be going."""
    return [e for e in op.entries(since) if e.get("msg") == "worker crashed in a plugin" and f" {live.ns}/" in e["object"]
            and all(e.get(k) == v for k, v in fields.items())]


def key(live, name):
    return f"ray.io/v1/RayCluster {live.ns}/{name}"


def start(live, *sets, name="poison", **how):
    return live.start(sets=(*QUICK, plugin(name), *sets), **how)


def test_others_go_on_while_some_crash_and_each_is_quarantined_after_two(live):
    ways = ["segv", "abrt", "ill", "bus", "stack", "exit"] + (["fpe"] if os.uname().machine == "x86_64" else [])
    op = start(live)
    live.create(ray.cluster("before", ("small", 2)))
    live.world.wait_for(ray.ready("before", 2))
    lease = live.kube.get("leases", live.plane.account[0], "ray-operator-leader")["spec"]
    for way in ways:
        live.create(dose(way, way))
    live.create(ray.cluster("beside", ("small", 2)))
    live.scale("before", 3)
    for way in ways:
        c = live.world.wait_for(quarantined(way), 120, what=f"{way} in quarantine")
        assert c["reason"] == "PluginCrashed"
        for word in ("poison", "does harm", "2 times", "generation 1", "until its spec is edited"):
            assert word in c["message"], c["message"]
    live.world.wait_for(ray.ready("beside", 2))
    live.world.wait_for(ray.ready("before", 3))
    for way in ways:
        events = live.world.wait_for(lambda w, way=way: w.events(way, "Quarantined"), what=f"event of {way}")
        assert [(e["type"], e["reportingController"]) for e in events] == [("Warning", "raycluster-controller")]
        assert "poison" in events[0]["note"]
        assert len(crashes(live, op, object=key(live, way), plugin="poison", hook="does harm")) == 2
        assert not live.world.pods(way) and not live.world.services(way)
    # Nobody but they cost anything: leadership stayed.
    assert len(crashes(live, op)) == 2 * len(ways)
    assert not op.said("worker ends again and again: leadership is given to others")
    after = live.kube.get("leases", live.plane.account[0], "ray-operator-leader")["spec"]
    assert (after["holderIdentity"], after.get("leaseTransitions")) == (lease["holderIdentity"], lease.get("leaseTransitions"))
    live.created(4 + 3)


def test_who_killed_once_is_tried_again_after_all_others(live):
    good = [f"good-{i}" for i in range(6)]
    for name in good[:3] + ["bad"] + good[3:]:
        live.create(dose(name, "segv") if name == "bad" else ray.cluster(name, ("small", 2)))
    op = start(live)
    second = op.wait_said("object quarantined")["ts"]
    for name in good:
        live.world.wait_for(ray.ready(name, 2))
    made = [e["requestReceivedTimestamp"] for e in live.writes(verbs=("create",), resource="pods", code=201)]
    assert len(made) == 3 * len(good) and max(made) < second, (max(made), second)


def test_a_quarantine_survives_the_death_of_everything(live):
    op = start(live)
    live.create(dose("bad", "segv"))
    live.world.wait_for(quarantined("bad"))
    op.kill_both()
    op = start(live)
    op.wait_said("object is quarantined: no passes", object=key(live, "bad"))
    worker = op.worker()
    live.create(ray.cluster("good", ("small", 1)))
    live.world.wait_for(ray.ready("good", 1))
    assert op.worker() == worker and not crashes(live, op), op.tail()
    assert len(live.world.events("bad", "Quarantined")) == 1


def test_an_edit_of_the_spec_gives_one_more_try(live):
    op = start(live)
    live.create(dose("bad", "abrt"))
    first = live.world.wait_for(quarantined("bad"))
    # An edit that does not help: it crashes once more, and that is enough.
    mark = op.mark()
    live.patch("bad", {"spec": {"rayVersion": "2.52.1"}})
    again = live.world.wait_for(quarantined("bad", 2))
    assert len(crashes(live, op, mark)) == 1
    assert again["lastTransitionTime"] == first["lastTransitionTime"]
    # One that does.
    live.patch("bad", {"metadata": {"annotations": {"test.raykeeper.io/poison": None}}, "spec": {"rayVersion": "2.52.2"}})
    live.world.wait_for(ray.ready("bad", 1))
    live.world.wait_for(free("bad"))
    lifted = live.world.wait_for(lambda w: w.events("bad", "QuarantineLifted"))
    assert [e["type"] for e in lifted] == ["Normal"]


def test_other_plugins_or_other_options_give_new_tries(live):
    op = start(live)
    live.create(dose("bad", "stack"))
    first = live.world.wait_for(quarantined("bad"))
    assert op.stop() == 0
    # Another set, as bad as the first: it finds out by itself.
    op = start(live, "plugin:poison.note=other")
    second = live.world.wait_for(lambda w: (c := w.condition("bad", CONDITION)) and c["message"] != first["message"] and c)
    assert second["status"] == "True" and len(crashes(live, op)) == 2
    assert op.stop() == 0
    # One that has got over it.
    op = start(live, "plugin:poison.immune=yes")
    live.world.wait_for(ray.ready("bad", 1))
    live.world.wait_for(free("bad"))
    assert not crashes(live, op)


def test_removing_the_condition_gives_one_more_try(live):
    op = start(live)
    live.create(dose("bad", "ill"))
    live.world.wait_for(quarantined("bad"))
    cure(live, "bad", edit=False)  # no edit of the spec: nobody looks
    live.kube.patch("rayclusters", live.ns, "bad", {"status": {"conditions": []}}, subresource="status")
    live.world.wait_for(ray.ready("bad", 1))
    assert op.said("quarantine lifted from outside")
    assert live.world.cluster("bad")["metadata"]["generation"] == 1


def test_a_condition_set_false_gives_one_more_try_after_a_restart_too(live):
    op = start(live)
    live.create(dose("bad", "segv"))
    c = live.world.wait_for(quarantined("bad"))
    assert op.stop() == 0
    cure(live, "bad", edit=False)
    live.kube.patch("rayclusters", live.ns, "bad", {"status": {"conditions": [dict(c, status="False")]}}, subresource="status")
    start(live)
    live.world.wait_for(ray.ready("bad", 1))
    live.world.wait_for(free("bad"))


def test_the_deletion_of_a_quarantined_object_is_tried_anew(live):
    start(live)
    bad = dose("bad", "segv")
    bad["metadata"]["finalizers"] = ["example.io/somebody"]
    live.create(bad)
    live.world.wait_for(quarantined("bad"))
    live.kube.delete("rayclusters", live.ns, "bad")
    live.world.wait_for(free("bad"), what="a pass over what is being deleted")  # `poison` has no part in FINALIZE
    live.patch("bad", {"metadata": {"finalizers": None}})
    live.world.wait_for(lambda w: not w.cluster("bad"))
    # A new life under the old name is a new object.
    live.create(ray.cluster("bad", ("small", 1)))
    live.world.wait_for(ray.ready("bad", 1))


def test_a_hook_that_burns_its_cpu_time_is_killed_and_told(live):
    """After 5 s of CPU time: on a busy machine that takes a while."""
    op = start(live)
    live.create(dose("busy", "burn"))
    worker = op.worker()
    op.wait_said("worker hangs in a plugin", bound=50, plugin="poison", hook="does harm", object=key(live, "busy"), how="busy")
    live.create(ray.cluster("good", ("small", 2)))
    live.world.wait_for(ray.ready("good", 2))
    c = live.world.wait_for(quarantined("busy"))
    assert c["reason"] == "PluginHung" and "CPU" in c["message"]
    assert op.worker() != worker and not op.said("lease lost")


def test_a_hook_that_sleeps_is_blamed_and_a_stopped_worker_blames_nobody(live):
    """Two operators at once, as each takes half a minute, and gives leadership back."""
    other_ns, _ = live.another()
    asleep = start(live, *only(live, "rk-asleep"))
    stopped = start(live, f"operator.watch={other_ns}", "leader-election.lease-name=rk-stopped")
    live.create(dose("rest", "rest"))
    live.create(dose("rest", "rest"), other_ns)
    # It is in a hook, and then it is stopped: that is not the hook's doing.
    stopped.wait_said("poison", name="rest")
    mark = stopped.mark()
    worker = stopped.signal_worker(signal.SIGSTOP)
    asleep.wait_said("worker hangs in a plugin", bound=80, plugin="poison", object=key(live, "rest"), how="asleep")
    asleep.wait_said("object suspected", object=key(live, "rest"))
    stopped.wait_said("worker killed", mark, bound=80, pid=worker)
    stopped.wait_said("worker started", mark)
    assert not stopped.said("object suspected") and not stopped.said("object quarantined")
    for op in (asleep, stopped):
        op.kill_both()


def test_want_of_memory_blames_who_takes_it_through_us_and_nobody_else(live):
    room = {resource.RLIMIT_DATA: ROOM}
    op = start(live, limits=room)
    live.create(dose("greedy", "alloc"))
    live.world.wait_for(quarantined("greedy"))
    live.create(ray.cluster("good", ("small", 1)))
    live.world.wait_for(ray.ready("good", 1))
    mark = op.mark()
    live.create(dose("leak", "malloc"))
    op.wait_said("worker ended", mark, code=77)
    op.kill_both()
    assert not [e for e in op.entries(mark) if e.get("msg") in ("object suspected", "object quarantined")], op.tail()


def test_junk_is_the_failure_of_its_object_alone(live):
    junk = ("group-none group-small group-nameless group-no-members group-countless group-stride group-twins group-no-template "
            "group-keyless group-labels group-label-count group-no-prefix code code-min want-nothing want-policy want-unwatched "
            "fail-code status-early announce-none put-none push-none hold-foreign release-none unwant-none path-none path-wild "
            "value-none outside identity owner fill-how done-late condition status-whole stamp-none wait-late").split()
    op = start(live, name="junk")
    worker = op.worker()
    for way in junk:
        live.create(dose(way, way, "junk"))
    live.create(ray.cluster("good", ("small", 2)))
    for way in junk:
        c = live.world.wait_for(lambda w, way=way: w.condition(way, "raykeeper.io/HookFailed"), what=f"{way} to be told")
        assert c["status"] == "True" and "junk" in c["message"], (way, c)
    live.world.wait_for(ray.ready("good", 2))
    assert op.worker() == worker and not op.said("worker killed"), op.tail()


def test_a_plugin_that_dies_while_it_is_loaded_is_named_and_blames_no_object(live):
    live.create(ray.cluster("good", ("small", 1)))
    op = start(live, "plugin:poison.check=yes", lead=False)
    for _ in range(3):
        op.wait_said("worker crashed in a plugin", plugin="poison", hook="check", object="")
    op.wait_said("worker ends again and again: leadership is given to others")
    assert not op.said("object suspected")
    assert not op.said("leading")
