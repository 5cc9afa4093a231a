"""/healthz and /readyz: what they say, and when."""
import os
import socket

import pytest

from lib import ray


def refused_port():
    """Nobody listens there: it was ours a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.mark.asan
def test_a_leader_is_healthy_and_ready(live):
    op = live.start()
    assert op.http("/healthz") == (200, "ok\n")
    status, text = op.http("/readyz")
    assert (status, text) == (200, "ok: leading\n")
    assert op.http("/nothing")[0] == 404


def test_a_standby_is_ready_and_names_the_leader(live):
    live.start(sets=["leader-election.identity=first"])
    second = live.start(lead=False)
    second.wait_said("lease is held by another")
    status, text = second.http("/readyz")
    assert status == 200 and text.startswith("ok: standby") and "first" in text, text


def test_without_an_api_server_it_lives_and_is_not_ready(live, tmp_path):
    with open(live.plane.kubeconfig, encoding="utf-8") as f:
        conf = f.read()
    dead = tmp_path / "kubeconfig"
    dead.write_text(conf.replace(f":{live.kube.port}", f":{refused_port()}"))
    dead.chmod(0o600)
    op = live.start(str(dead), lead=False)
    op.wait_said("worker started")
    assert op.http("/healthz") == (200, "ok\n")
    status, text = op.http("/readyz")
    assert status == 503 and text.startswith("not synced: "), (status, text)
    assert op.stop() == 0, op.tail()


def test_without_rights_it_is_not_ready_and_says_what_it_may_not_do(live):
    live.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": live.ns}})
    op = live.start(live.plane.account_kubeconfig(live.ns, "nobody"), lead=False)

    def told():
        status, text = op.http("/readyz")
        return status == 503 and "forbidden" in text.lower()

    live.audit.wait_for(told, 60, "a readyz text that says forbidden")
    assert op.http("/healthz")[0] == 200
    assert op.stop() == 0


def test_while_it_stops_it_is_not_ready(live):
    """A frozen worker cannot finish: the master waits for it, and says so."""
    op = live.start()
    live.create(ray.cluster("h", ("small", 1)))
    live.world.wait_for(ray.ready("h", 1))
    worker = op.signal_worker(19)
    op.signal_master(15)
    op.wait_said("stopping")
    status, text = op.http("/readyz")
    assert (status, text) == (503, "not synced: stopping\n")
    os.kill(worker, 18)
    assert op.ended() == 0, op.tail()


def test_clients_that_say_nothing_do_not_keep_others_out(live):
    op = live.start()
    silent = []
    try:
        for _ in range(40):
            silent.append(socket.create_connection(("127.0.0.1", op.port()), timeout=10))
        status, _ = op.http("/healthz", timeout=30)
        assert status == 200
    finally:
        for s in silent:
            s.close()


def test_in_full_each_check_has_its_line(live):
    op = live.start()
    status, text = op.http("/readyz?verbose")
    assert (status, text.splitlines()) == (200, ["[+]running ok", "[+]worker ok", "[+]watches ok", "[+]namespaces ok",
                                                 "[+]leadership ok: leading", "readyz check passed"])
    assert op.http("/healthz?verbose") == (200, "[+]lease-renewal ok\nhealthz check passed\n")
    assert op.http("/nothing?verbose")[0] == 404


def test_what_fails_is_marked_and_the_others_are_not(live):
    live.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": live.ns}})
    op = live.start(live.plane.account_kubeconfig(live.ns, "nobody"), lead=False)

    def told():
        status, text = op.http("/readyz?verbose")
        lines = text.splitlines()
        return status == 503 and lines[0] == "[+]running ok" and any(
            line.startswith("[-]watches failed: watch of ") and "forbidden" in line.lower() for line in lines) and lines[-1] == "readyz check failed"

    live.audit.wait_for(told, 60, "the check that failed")
    assert op.http("/healthz?verbose")[0] == 200


def test_a_namespace_that_may_not_be_read_is_named_and_keeps_nobody_from_being_ready(live):
    """Beside one that may be: rights there by a Role."""
    other, _ = live.another()
    live.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "half", "namespace": live.ns}})
    live.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "half", "namespace": live.ns},
                     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                     "subjects": [{"kind": "ServiceAccount", "name": "half", "namespace": live.ns}]})
    op = live.start(live.plane.account_kubeconfig(live.ns, "half"), lead=False,
                    sets=[f"operator.watch={live.ns},{other}", f"leader-election.namespace={live.ns}"])

    def told():
        status, text = op.http("/readyz?verbose")
        return status == 200 and f"[+]namespaces ok: may not read {other} (" in text and "[+]watches ok" in text

    live.audit.wait_for(told, 60, "the namespace")
    assert f"; may not read {other} (" in op.http("/readyz")[1]
