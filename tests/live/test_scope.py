"""`watch = a, b` with Roles only (config/rbac/namespaced): these namespaces in full, no other, and none of them depends on another."""
import os
import threading
import time
import uuid

import pytest

from lib import ray
from lib.controlplane import ROOT, documents
from lib.kube import World

QUICK = ("leader-election.lease=5s", "leader-election.renew=3500ms", "leader-election.retry=500ms")
NAMESPACED = os.path.join(ROOT, "config", "rbac", "namespaced")
CLUSTER = os.path.join(ROOT, "config", "rbac", "raykeeper.yaml")


def one(folder, kind, name):
    found = [d for d in documents(folder) if (d["kind"], d["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{kind} {name} in {folder}"
    return found[0]


class Scoped:
    """An account of its own in a namespace of its own, with what config/rbac/namespaced gives, under names of the test."""

    def __init__(self, live):
        self.live = live
        self.home = live.plane.namespace("home")
        live.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "raykeeper", "namespace": self.home}})
        for doc in documents(NAMESPACED):
            if doc["metadata"].get("namespace") and doc["kind"] in ("Role", "RoleBinding"):
                self.apply(doc, self.home)
        self.kubeconfig = live.plane.account_kubeconfig(self.home, "raykeeper")

    def apply(self, doc, ns):
        doc = dict(doc, metadata={"name": doc["metadata"]["name"], "namespace": ns})
        if doc["kind"] == "RoleBinding":
            doc["subjects"] = [dict(s, namespace=self.home) for s in doc["subjects"]]
        self.live.kube.apply(doc)

    def allow(self, ns):
        for kind in ("Role", "RoleBinding"):
            self.apply(one(NAMESPACED, kind, "raykeeper"), ns)

    def forbid(self, ns):
        self.live.kube.delete("rolebindings", ns, "raykeeper")

    def start(self, *namespaces, **how):
        # As in a pod: the Lease is in the namespace of the account.
        sets = (*QUICK, "operator.watch=" + ",".join(namespaces), f"leader-election.namespace={self.home}")
        return self.live.start(self.kubeconfig, sets=sets, **how)

    def refusals(self, since=None):
        """But for the question, once a minute, whether it may look for operators elsewhere."""
        self.live.audit.settle()
        rows = self.live.audit.rows(self.live.since if since is None else since)
        return [e["requestURI"] for e in rows if e["responseStatus"].get("code") == 403
                and e["user"]["username"] == f"system:serviceaccount:{self.home}:raykeeper"
                and not e["requestURI"].startswith("/apis/coordination.k8s.io/v1/leases?")]

    def close(self):
        self.live.kube.delete("namespaces", None, self.home)


@pytest.fixture
def scoped(live):
    it = Scoped(live)
    yield it
    it.close()


def works(live, world, name):
    """Created, scaled, told, deleted."""
    live.create(ray.cluster(name, ("small", 1)), world.ns)
    world.wait_for(ray.ready(name, 1))
    live.patch(name, [{"op": "add", "path": "/spec/workerGroupSpecs/0/replicas", "value": 3}], "json", ns=world.ns)
    world.wait_for(ray.ready(name, 3))
    world.wait_for(lambda w: w.events(name, "CreatedHeadPod"), what="its events")
    assert len(world.services(name)) == 1
    live.kube.delete("rayclusters", world.ns, name)
    world.wait_for(lambda w: not w.cluster(name) and not w.pods(name, live=False))


def gone(live, ns):
    world = World(live.kube, None, ("namespaces",))
    try:
        world.wait_for(lambda w: not any(n["metadata"]["name"] == ns for n in w.all("namespaces")), what=f"{ns} to be gone")
    finally:
        world.close()


def page(op, *words, bound=60):
    """/readyz is 200 and says these words within the bound. A page tells nobody that it changed, so it is looked at."""
    end, pause = time.monotonic() + bound, threading.Event()
    while True:
        code, text = op.http("/readyz")
        if code == 200 and all(w in text for w in words):
            return text.strip()
        assert time.monotonic() < end, f"/readyz says {code} {text!r}, not {words}, within {bound} s\n{op.tail()}"
        pause.wait(0.05)


def test_the_rules_of_both_variants_are_the_same():
    """No control plane needed: whoever adds a right to one file is told of the other."""
    config = os.path.join(ROOT, "config", "rbac")
    assert one(config, "ClusterRole", "raykeeper")["rules"] == one(NAMESPACED, "Role", "raykeeper")["rules"]
    assert one(config, "Role", "raykeeper-leader") == one(NAMESPACED, "Role", "raykeeper-leader")
    for doc in documents(config) + documents(NAMESPACED):
        if doc["kind"].endswith("Binding"):
            assert doc["subjects"] == [{"kind": "ServiceAccount", "name": "raykeeper", "namespace": "raykeeper-system"}]
    assert not [d for d in documents(NAMESPACED) if d["kind"].startswith("Cluster")]


def test_two_namespaces_are_served_in_full_and_a_third_is_left_alone(live, scoped):
    _, second = live.another()
    _, third = live.another()
    for ns in (live.ns, second.ns):
        scoped.allow(ns)
    live.create(ray.cluster("left", ("small", 1)), third.ns)
    op = scoped.start(live.ns, second.ns)
    works(live, live.world, "one")
    works(live, second, "two")
    assert not third.pods("left") and not third.status("left") and not third.events("left")
    assert scoped.refusals() == []
    assert page(op) == "ok: leading"
    assert live.kube.get("leases", scoped.home, "ray-operator-leader")["spec"]["holderIdentity"]


def test_missing_rights_for_one_namespace_are_told_and_the_other_is_served(live, scoped):
    _, second = live.another()
    scoped.allow(live.ns)
    live.create(ray.cluster("waits", ("small", 1)), second.ns)
    op = scoped.start(live.ns, second.ns)
    works(live, live.world, "goes")
    page(op, "ok: leading", "may not read", second.ns, "rayclusters.ray.io is forbidden")
    assert op.said("namespaces that may not be read are not served")
    assert not second.status("waits")
    # Half the rights are none: what is not seen would be made again.
    role = one(NAMESPACED, "Role", "raykeeper")
    scoped.apply(one(NAMESPACED, "RoleBinding", "raykeeper"), second.ns)
    scoped.apply(dict(role, rules=[r for r in role["rules"] if "pods" not in r["resources"]]), second.ns)
    page(op, "may not read", second.ns, "pods is forbidden")
    assert not second.status("waits") and not second.services("waits")
    # With all of them it is served, without a restart.
    scoped.allow(second.ns)
    second.wait_for(ray.ready("waits", 1))
    works(live, second, "goes")
    assert page(op) == "ok: leading"


def test_rights_that_are_taken_away_stop_that_namespace_alone_for_the_next_leader_too(live, scoped):
    _, second = live.another()
    for ns in (live.ns, second.ns):
        scoped.allow(ns)
    op = scoped.start(live.ns, second.ns)
    live.create(ray.cluster("stays", ("small", 1)), second.ns)
    second.wait_for(ray.ready("stays", 1))
    scoped.forbid(second.ns)
    assert op.stop() == 0
    op = scoped.start(live.ns, second.ns)
    works(live, live.world, "goes")
    page(op, "may not read", second.ns)
    assert len(second.pods("stays")) == 2, "nothing is deleted where nothing is seen"


def test_a_namespace_that_is_not_there_yet_and_one_that_comes_again(live, scoped):
    """A Role lives in its namespace and goes with it: until both are there, that namespace is one that may not be read."""
    scoped.allow(live.ns)
    later = f"later-{uuid.uuid4().hex[:6]}"
    op = scoped.start(live.ns, later)
    works(live, live.world, "goes")
    page(op, "may not read", later)
    for life in ("first", "second"):
        live.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": later}})
        live.plane.make_account(later)
        scoped.allow(later)
        world = live.see(later)
        live.create(ray.cluster(life, ("small", 1)), later)
        world.wait_for(ray.ready(life, 1), 120)
        live.kube.delete("namespaces", None, later)
        gone(live, later)
    works(live, live.world, "on")
    assert not op.said("worker killed") and not op.said("lease lost")


def test_all_namespaces_need_no_list_and_one_that_is_not_there_is_no_trouble(live):
    """With rights everywhere a list only narrows what is looked at."""
    later = f"later-{uuid.uuid4().hex[:6]}"
    op = live.start(sets=(*QUICK, f"operator.watch={live.ns},{later}"))
    assert page(op) == "ok: leading"
    live.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": later}})
    live.plane.make_account(later)
    world = live.see(later)
    works(live, world, "goes")
