"""What a plugin may ask of the API beside its watches, and kinds that the API may lack.

The plugins are tests/live/plugins: `asker` asks for the path that an annotation of the object names, and tells the answer in a condition;
`whim` has a kind of its own whose objects own RayClusters.
"""
import os
import subprocess
import urllib.parse

import pytest
import yaml

from lib import ray
from lib.kube import ApiError, Kube
from lib.operator import SANITIZER, binary, build_dir, wall

CONDITION = "test.raykeeper.io/Asked"
WHIMS = "/apis/example.com/v1"


def plugin(name):
    binary_dir = os.environ.get("RK_BINARY_DIR") or os.path.join(build_dir(), "release")
    return f"plugin:{name}.file={os.path.join(binary_dir, 'live', name + '.so')}"


def curious(name, **questions):
    c = ray.cluster(name, ("small", 1))
    c["metadata"]["annotations"] = {f"test.raykeeper.io/{what}": path for what, path in questions.items()}
    return c


def pods_of(word):
    return f"/api/v1/pods?labelSelector={urllib.parse.quote(f'asked={word}', safe='')}"


def stranger(name, word):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"asked": word}},
            "spec": {"containers": [{"name": "x", "image": "x"}]}}


def told(name, message, reason="Answered"):
    def look(world):
        c = world.condition(name, CONDITION)
        return c.get("reason") == reason and message in c["message"] and c
    return look


def questions(live, path, since=None):
    """The operator's own GETs of that path."""
    live.audit.settle()
    return [e for e in live.audit.rows(live.since if since is None else since) if e["requestURI"] == path]


def passes(op):
    return sum(s.value for s in op.metrics()["controller_runtime_reconcile"] if s.labels.get("controller") == "raycluster")


@pytest.mark.asan
def test_a_question_is_asked_on_and_a_change_wakes_the_object(live):
    op = live.start(sets=[plugin("asker"), f"operator.watch={live.ns}"])
    elsewhere, _ = live.another()
    path = pods_of(live.ns)
    live.create(curious("curious", ask=path))
    live.create(curious("too", ask=path))
    live.world.wait_for(told("curious", "0 items"))
    live.world.wait_for(told("too", "0 items"))
    live.world.wait_for(lambda w: ray.ready("curious", 1)(w) and ray.ready("too", 1)(w))
    live.create(stranger("one", live.ns), ns=elsewhere)  # no watch of ours ties it to them
    live.world.wait_for(told("curious", "1 items"), 20)
    live.world.wait_for(told("too", "1 items"), 20)
    # Equal answers wake nobody: it is asked once a second, for both, and no pass follows.
    # (The new pod runs soon after it was made, which is a change; so it is waited for.)
    live.audit.wait_for(lambda: live.kube.get("pods", elsewhere, "one").get("status", {}).get("phase") == "Running", 60, "the pod to run")
    asked = len(questions(live, path))
    live.audit.wait_for(lambda: len(questions(live, path)) >= asked + 2, 30, "two more questions")
    before, mark = passes(op), live.audit.mark()
    live.audit.wait_for(lambda: len(questions(live, path, mark)) >= 4, 30, "four more questions")
    assert passes(op) == before > 0
    asked = sorted(wall(e["requestReceivedTimestamp"]) for e in questions(live, path, mark))
    assert all(b - a > 0.9 for a, b in zip(asked, asked[1:])), asked
    live.kube.delete("pods", elsewhere, "one", gracePeriodSeconds=0)
    live.world.wait_for(told("curious", "0 items"), 20)


def test_a_refusal_is_told_as_an_answer_and_holds_nobody_up(live):
    op = live.start(sets=[plugin("asker")])
    name = f"nodes-{live.ns}"
    live.create(curious("refused", ask="/api/v1/nodes"))
    live.create(curious("absent", ask=f"/api/v1/namespaces/{live.ns}/pods/nobody"))
    c = live.world.wait_for(told("refused", "403: ", "Refused"))
    assert "nodes is forbidden" in c["message"], c
    live.world.wait_for(told("absent", "404: ", "Refused"))
    live.world.wait_for(ray.ready("refused", 1))
    assert not live.world.condition("refused", "raykeeper.io/HookFailed"), live.world.status("refused")
    assert not op.said("pass failed"), op.tail()
    subject = {"kind": "ServiceAccount", "namespace": live.plane.account[0], "name": live.plane.account[1]}
    live.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
                     "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}]})
    live.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
                     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}, "subjects": [subject]})
    try:
        live.world.wait_for(told("refused", " items"), 30)
    finally:
        for kind in ("clusterrolebindings", "clusterroles"):
            live.kube.delete(kind, None, name)


def test_a_plan_waits_for_what_it_needs_and_nothing_is_asked_for_who_is_gone(live):
    live.start(sets=[plugin("asker")])
    path = pods_of(live.ns)
    live.create(curious("needy", needs=path))
    live.world.wait_for(ray.ready("needy", 1))
    first = min(wall(e["requestReceivedTimestamp"]) for e in questions(live, path))
    made = [wall(e["requestReceivedTimestamp"]) for e in live.writes(verbs=("create",), resource="pods")]
    assert made and first < min(made)
    live.kube.delete("rayclusters", live.ns, "needy")
    live.world.wait_for(lambda w: not w.cluster("needy"))
    live.create(curious("other", ask="/api/v1/namespaces/" + live.ns))  # somebody else's questions tell the time
    live.world.wait_for(told("other", "403: ", "Refused"))
    since = live.audit.mark()
    live.audit.wait_for(lambda: len(questions(live, "/api/v1/namespaces/" + live.ns, since)) >= 3, 30, "three questions of the other")
    assert not questions(live, path, since)


@pytest.mark.asan
def test_offline_there_is_no_answer_and_the_plan_waits(tmp_path):
    def render(obj):
        file = tmp_path / "cr.yaml"
        file.write_text(yaml.safe_dump(obj))
        done = subprocess.run([binary(), "render", str(file), "--set", plugin("asker")], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert not any(word in done.stderr for word in SANITIZER)
        return [d["kind"] for d in yaml.safe_load_all(done.stdout) if d]

    assert render(curious("told", ask="/api/v1/nodes")) == render(ray.cluster("told", ("small", 1)))
    assert render(curious("needy", needs="/api/v1/nodes")) == []


def whim_crd():
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "whims.example.com"},
            "spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": "Whim", "plural": "whims", "singular": "whim", "listKind": "WhimList"},
                     "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
                                   "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}


def whim_rights(live):
    name = f"whims-{live.ns}"
    subject = {"kind": "ServiceAccount", "namespace": live.plane.account[0], "name": live.plane.account[1]}
    live.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
                     "rules": [{"apiGroups": ["example.com"], "resources": ["whims", "whims/status"], "verbs": ["get", "list", "watch", "patch"]}]})
    live.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
                     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}, "subjects": [subject]})
    return name


def refusal(live):
    with pytest.raises(ApiError) as e:
        Kube(live.plane.kubeconfig).request("GET", f"{WHIMS}/whims")
    return e.value.code


def test_an_optional_kind_holds_nobody_up_and_is_served_once_it_is_there(live):
    assert refusal(live) == 403  # whether the kind is there or not
    rights = whim_rights(live)
    try:
        live.audit.wait_for(lambda: refusal(live) == 404, 30, "the right to whims")
        op = live.start(sets=[plugin("whim")])
        live.create(ray.cluster("free", ("small", 1)))
        live.world.wait_for(ray.ready("free", 1))
        assert op.http("/readyz") == (200, "ok: leading\n")
        loud = [e for e in op.entries() if e.get("level") in ("warn", "error") and "whim" in str(e)]
        assert not loud, loud
        live.kube.create(whim_crd())
        live.plane.established("whims.example.com")
        path = f"{WHIMS}/namespaces/{live.ns}/whims"
        whim = live.kube.request("POST", path, {"apiVersion": "example.com/v1", "kind": "Whim", "metadata": {"name": "w"}})
        owned = ray.cluster("owned", ("small", 1))
        owned["metadata"]["ownerReferences"] = [{"apiVersion": "example.com/v1", "kind": "Whim", "name": "w", "uid": whim["metadata"]["uid"], "controller": True}]
        live.create(owned)
        live.world.wait_for(ray.ready("owned", 1))  # an owner itself, whoever owns it
        live.audit.wait_for(lambda: live.kube.request("GET", path + "/w").get("status") == {"mine": 1, "ready": 1}, 120, "the whim's status")
    finally:
        live.kube.delete("customresourcedefinitions", None, "whims.example.com")
        for kind in ("clusterrolebindings", "clusterroles"):
            live.kube.delete(kind, None, rights)
