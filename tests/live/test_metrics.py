"""/metrics: what Prometheus is told, while objects come and go and workers die."""
import contextlib
import pathlib
import re
import signal
import socket
import threading

import pytest

from lib import ray

DOCUMENTED = re.compile(r"^\| `([a-z_]+)` \|", re.M)
DOCS = pathlib.Path(__file__).parents[2] / "docs" / "metrics.md"


def only(samples, which, /, **labels):
    found = [s for s in samples if s.name == which and all(s.labels.get(k) == v for k, v in labels.items())]
    assert len(found) == 1, (which, labels, samples)
    return found[0]


def of(op, family, name):
    return [s for s in op.metrics().get(family, []) if s.labels.get("name") == name]


@pytest.mark.asan
def test_boards_find_what_they_read(live):
    op = live.start()
    live.create(ray.cluster("board", ("small", 2)))
    live.world.wait_for(ray.ready("board", 2))
    live.audit.wait_for(lambda: of(op, "kuberay_cluster_provisioned_duration_seconds", "board"), 30, "the duration")
    m = op.metrics()
    assert only(m["controller_runtime_reconcile"], "controller_runtime_reconcile_total", controller="raycluster", result="success").value > 0
    times = m["controller_runtime_reconcile_time_seconds"]
    buckets = [s.value for s in times if s.name.endswith("_bucket") and s.labels["controller"] == "raycluster"]
    assert buckets == sorted(buckets), "buckets add up"
    assert buckets[-1] == only(times, "controller_runtime_reconcile_time_seconds_count", controller="raycluster").value > 0
    assert only(times, "controller_runtime_reconcile_time_seconds_sum", controller="raycluster").value > 0
    assert only(m["workqueue_depth"], "workqueue_depth", name="raycluster").value >= 0
    assert only(m["leader_election_master_status"], "leader_election_master_status", name="ray-operator-leader").value == 1


def test_each_cluster_is_told_while_it_is_there(live):
    op = live.start()
    uid = live.create(ray.cluster("told", ("small", 1)))["metadata"]["uid"]
    live.world.wait_for(ray.ready("told", 1))
    live.audit.wait_for(lambda: of(op, "kuberay_cluster_provisioned_duration_seconds", "told"), 30, "the duration")
    m = op.metrics()
    whose = {"name": "told", "namespace": live.ns, "uid": uid}
    assert only(m["kuberay_cluster_info"], "kuberay_cluster_info", **whose, owner_kind="None").value == 1
    assert only(m["kuberay_cluster_condition_provisioned"], "kuberay_cluster_condition_provisioned", **whose, condition="true").value == 1
    assert only(m["kuberay_cluster_provisioned_duration_seconds"], "kuberay_cluster_provisioned_duration_seconds", **whose).value >= 0
    live.kube.delete("rayclusters", live.ns, "told")
    live.audit.wait_for(lambda: not of(op, "kuberay_cluster_info", "told"), 60, "the end of its samples")
    m = op.metrics()
    assert not [s for family in m.values() for s in family if s.labels.get("uid") == uid]


def test_requests_are_counted_by_method_and_code(live):
    op = live.start()
    live.create(ray.cluster("counted", ("small", 3)))
    live.world.wait_for(ray.ready("counted", 3))
    live.created(4)
    requests = op.metrics()["rest_client_requests"]
    host = f"{live.kube.host}:{live.kube.port}"
    assert only(requests, "rest_client_requests_total", method="POST", code="201", host=host).value >= 4
    assert only(requests, "rest_client_requests_total", method="GET", code="200", host=host).value > 0


def test_a_standby_says_so_and_tells_of_no_object(live):
    live.start(sets=["leader-election.identity=first"])
    live.create(ray.cluster("theirs", ("small", 1)))
    live.world.wait_for(ray.ready("theirs", 1))
    second = live.start(lead=False)
    second.wait_said("lease is held by another")
    m = second.metrics()
    assert only(m["leader_election_master_status"], "leader_election_master_status").value == 0
    assert m["kuberay_cluster_info"] == []


def test_a_new_worker_answers_where_the_old_one_did(live):
    op = live.start()
    live.create(ray.cluster("again", ("small", 1)))
    live.world.wait_for(ray.ready("again", 1))
    mark = op.mark()
    op.signal_worker(signal.SIGKILL)
    op.wait_said("leading", since=mark)
    live.audit.wait_for(lambda: of(op, "kuberay_cluster_provisioned_duration_seconds", "again"), 60, "the duration, from the status")


def test_readers_that_take_nothing_keep_nobody_from_their_pods(live):
    """Also when they send a byte now and then: nobody keeps his place for more than half a minute."""
    op = live.start()
    held, over = [], threading.Event()

    def trickle():
        while not over.wait(2):
            for s in held:
                with contextlib.suppress(OSError):
                    s.sendall(b"x")

    try:
        for _ in range(16):
            s = socket.create_connection(("127.0.0.1", op.port("metrics")), timeout=10)
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ")
            held.append(s)
        thread = threading.Thread(target=trickle)
        thread.start()
        live.create(ray.cluster("meanwhile", ("small", 2)))
        live.world.wait_for(ray.ready("meanwhile", 2))
        assert op.http("/metrics", timeout=120, of="metrics")[0] == 200
    finally:
        over.set()
        thread.join()
        for s in held:
            s.close()


def test_many_readers_at_once_all_get_the_page(live):
    op = live.start()
    live.create(ray.cluster("read", ("small", 1)))
    live.world.wait_for(ray.ready("read", 1))
    sockets = [socket.create_connection(("127.0.0.1", op.port("metrics")), timeout=60) for _ in range(48)]
    try:
        for s in sockets:
            s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        for s in sockets:
            with s.makefile("rb") as f:
                answer = f.read()
            assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\n"), answer[:200]
            assert b"kuberay_cluster_info{" in answer
    finally:
        for s in sockets:
            s.close()


def test_hooks_are_counted_by_plugin_and_phase(live):
    op = live.start()
    live.create(ray.cluster("hooked", ("small", 2)))
    live.world.wait_for(ray.ready("hooked", 2))
    live.audit.wait_for(lambda: of(op, "kuberay_cluster_provisioned_duration_seconds", "hooked"), 30, "the last pass")
    m = op.metrics()
    calls = {(s.labels["plugin"], s.labels["phase"], s.labels["result"]): s.value for s in m["raykeeper_hook_calls"]}
    assert calls[("worker", "PLAN", "ok")] > 0 and calls[("raycluster", "VALIDATE", "ok")] > 0 and calls[("worker", "PLAN", "failed")] == 0
    assert len(calls) == 4 * len(m["raykeeper_hook_seconds"]) < 400
    spent = {(s.labels["plugin"], s.labels["phase"]): s.value for s in m["raykeeper_hook_seconds"]}
    assert sum(spent.values()) > 0 and all(v >= 0 for v in spent.values())
    live.create(ray.cluster("wrong", ray.group("small", 1, suspend=True), enableInTreeAutoscaling=True))
    live.world.wait_for(lambda w: w.events("wrong"), what="the event of an invalid spec")

    def failed():
        return [s for s in op.metrics()["raykeeper_hook_calls"] if s.value and s.labels == {"plugin": "worker", "phase": "VALIDATE", "result": "failed"}]

    live.audit.wait_for(failed, 30, "a failure")


def test_what_is_not_carried_out_yet_grows_old_until_it_is(live):
    op = live.start()

    def dirty():
        m = op.metrics()
        return int(m["raykeeper_objects_dirty"][0].value), m["raykeeper_oldest_dirty_seconds"][0].value

    live.create(ray.cluster("fine", ("small", 1)))
    live.world.wait_for(ray.ready("fine", 1))
    live.audit.wait_for(lambda: dirty() == (0, 0), 30, "nothing is dirty")
    live.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": live.ns}, "spec": {"hard": {"pods": "2"}}})
    live.audit.wait_for(lambda: (live.kube.get("resourcequotas", live.ns, "few").get("status") or {}).get("hard"), 60, "the quota in force")
    live.create(ray.cluster("refused", ("small", 1)))
    live.audit.wait_for(lambda: dirty()[0] == 1 and dirty()[1] > 2, 60, "one, and it grows old")
    live.kube.delete("resourcequotas", live.ns, "few")
    live.world.wait_for(ray.ready("refused", 1), 120)
    live.audit.wait_for(lambda: dirty() == (0, 0), 30, "nothing is dirty again")


def test_who_leads_no_more_tells_of_no_object(live):
    """Also not of those whose writes were under way."""
    op = live.start()
    live.create(ray.cluster("first", ("small", 1)))
    live.world.wait_for(ray.ready("first", 1))
    for i in range(6):
        live.create(ray.cluster(f"busy-{i}", ("small", 20)))
    live.kube.patch("leases", live.plane.account[0], "ray-operator-leader",
                    {"spec": {"holderIdentity": "somebody", "leaseDurationSeconds": 60, "renewTime": "2026-01-02T03:04:05.000000Z"}})
    op.wait_said("leadership lost: writes stop, caches stay")
    live.audit.wait_for(lambda: op.metrics()["raykeeper_objects"][0].value == 0, 30, "nothing in hand")
    assert op.metrics()["kuberay_cluster_info"] == []
    live.kube.delete("leases", live.plane.account[0], "ray-operator-leader")


def test_a_port_that_is_taken_is_told_at_the_start(live):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        op = live.start(lead=False, sets=[f"metrics.address=127.0.0.1:{s.getsockname()[1]}"])
        assert op.ended() == 1, op.tail()
    assert "[metrics]" in op.said("cannot start")["err"]


def test_without_an_address_nobody_listens(live):
    op = live.start(sets=["metrics.address="])
    assert op.port("metrics") == 0
    live.create(ray.cluster("quiet", ("small", 1)))
    live.world.wait_for(ray.ready("quiet", 1))


def test_every_name_is_documented_and_every_documented_name_is_there(live):
    op = live.start()
    status, text = op.http("/metrics", of="metrics")
    assert status == 200 and op.http("/other", of="metrics")[0] == 404
    families = re.findall(r"^# TYPE (\S+) ", text, re.M)
    assert len(families) == len(set(families)), "each family stands once"
    assert sorted(families) == sorted(DOCUMENTED.findall(DOCS.read_text()))
