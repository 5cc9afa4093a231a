"""Ray's autoscaler and we share one object: it writes replicas and workersToDelete, we do what they say. Its calls are played here as it makes them,
as the cluster's own account with the rights of its Role (what real ones ask was read from an audit log)."""
import pytest

from lib import ray
from lib.kube import ApiError, Kube, World

RIGHTS = ("serviceaccounts", "roles", "rolebindings")
RBAC = "rbac.authorization.k8s.io"


class Autoscaler:
    """What the container in the head asks of the API server, call by call."""

    def __init__(self, live, name, account=None):
        self.name, self.ns, self.world = name, live.ns, live.world
        self.kube = Kube(live.plane.account_kubeconfig(live.ns, account or name))
        self.kube.headers["User-Agent"] = "python-requests/2.32.3"

    def look(self):
        """One turn of its loop; the names of the cluster's pods as it sees them."""
        cluster = [self.kube.get("rayclusters", self.ns, self.name) for _ in range(2)][1]
        head = self.world.pods(self.name, "head")[0]["metadata"]["name"]
        version = self.kube.get("pods", self.ns, head)["metadata"]["resourceVersion"]
        pods = self.kube.request("GET", f"/api/v1/namespaces/{self.ns}/pods", query={
            "labelSelector": f"ray.io/cluster={self.name}", "resourceVersion": version, "resourceVersionMatch": "NotOlderThan"})["items"]
        return cluster, {p["metadata"]["name"] for p in pods}

    def patch(self, *changes, group=0):
        """`replace` always, also of what is not there."""
        base = f"/spec/workerGroupSpecs/{group}"
        return self.kube.patch("rayclusters", self.ns, self.name, [{"op": "replace", "path": f"{base}/{path}", "value": value} for path, value in changes], "json")

    def up(self, n):
        return self.patch(("replicas", n))

    def down(self, n, victims):
        return self.patch(("replicas", n), ("scaleStrategy", {"workersToDelete": sorted(victims)}))


def scaled(name, *groups, version=None, head=None, **spec):
    obj = ray.cluster(name, *groups, enableInTreeAutoscaling=True, **spec)
    if version:
        obj["spec"]["autoscalerOptions"] = {"version": version}
    obj["spec"]["headGroupSpec"]["template"]["spec"].update(head or {})
    return obj


def rights_of(live):
    """The accounts, roles and bindings of the namespace, watched."""
    world = World(live.kube, live.ns, RIGHTS, explain=live.world.explain)
    live.worlds.append(world)
    world.wait_for(lambda w: True, what="the first look")
    return world


def have(name):
    return lambda w: all(name in w.tables[kind] for kind in RIGHTS)


def killed(live, since=None):
    """Names of pods that we deleted, each as often as we did."""
    return [e["objectRef"]["name"] for e in live.writes(since=since, verbs=("delete",), resource="pods")]


def assert_peace(live):
    """The spec is not ours to write, nor is anything of the cluster but its status."""
    ours = [(e["verb"], e["objectRef"].get("subresource")) for e in live.writes(resource="rayclusters")]
    assert set(ours) <= {("patch", "status")}, ours


def settled(name, generation):
    return lambda w: w.status(name).get("observedGeneration") == generation


# These two start operators of their own; they come first, because the one that the others share would lead.


def test_a_new_operator_is_told_by_the_list_which_names_are_used_up(live):
    """Its own memory of names is gone; a pod under a stale name would be killed at birth."""
    op = live.start()
    live.create(scaled("again", ("small", 3), version="v2"))
    w = live.world
    w.wait_for(ray.ready("again", 3))
    it = Autoscaler(live, "again")
    stale = set(sorted(w.names(cluster="again", role="worker"))[:2])
    it.down(1, stale)
    w.wait_for(ray.ready("again", 1))
    assert op.stop() == 0
    it.up(6)
    live.start()
    w.wait_for(ray.ready("again", 6))
    assert not stale & w.names(cluster="again")
    assert sorted(killed(live)) == sorted(stale)
    live.created(9)


def test_what_has_the_name_already_is_used_and_not_touched(live):
    """Of the user's, without a label or an owner; and of an operator before us, with the cluster as its owner."""
    w, rights = live.world, rights_of(live)
    peer = live.create(scaled("peer", ("small", 1)))["metadata"]
    owner = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "name": "peer", "uid": peer["uid"], "controller": True, "blockOwnerDeletion": True}
    rules = [{"apiGroups": ["ray.io"], "resources": ["rayclusters"], "verbs": ["get", "patch"]},
             {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch", "patch"]}]
    for name, meta in {"users": {}, "peer": {"ownerReferences": [owner], "labels": {"ray.io/cluster": "peer"}}}.items():
        meta = {"name": name, **meta}
        live.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
        live.create({"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": meta, "rules": rules})
        live.create({"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": meta, "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
                     "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": live.ns}]})
    rights.wait_for(lambda r: have("users")(r) and have("peer")(r))
    before = {(kind, name): rights.tables[kind][name]["metadata"]["resourceVersion"] for kind in RIGHTS for name in ("users", "peer")}
    live.start()
    live.create(scaled("users", ("small", 1)))
    w.wait_for(lambda o: ray.ready("users", 1)(o) and ray.ready("peer", 1)(o))
    for name in ("users", "peer"):
        it = Autoscaler(live, name)
        it.look()
        it.up(2)
    w.wait_for(lambda o: ray.ready("users", 2)(o) and ray.ready("peer", 2)(o))
    assert [e for e in live.writes() if e["objectRef"]["resource"] in RIGHTS] == []
    assert before == {(kind, name): rights.tables[kind][name]["metadata"]["resourceVersion"] for kind, name in before}
    assert not [e for name in ("users", "peer") for e in w.events(name) if e["type"] == "Warning"]
    # What the user takes away is missing then, and ours to make.
    live.kube.delete("roles", live.ns, "users")
    live.scale("users", 3)
    rights.wait_for(lambda r: r.tables["roles"].get("users", {}).get("metadata", {}).get("ownerReferences"), what="a role of ours")


@pytest.mark.asan
def test_the_first_autoscaler_is_served(served):
    served.create(scaled("v1", ("small", 0), version="v1"))
    w = served.world
    w.wait_for(ray.ready("v1", 0))
    made = [e["objectRef"]["resource"] for e in served.writes(verbs=("create",))]
    assert sorted(made) == ["pods", "rolebindings", "roles", "serviceaccounts", "services"] and made[-1] == "pods", made
    assert made.index("roles") < made.index("rolebindings")
    it = Autoscaler(served, "v1")
    _, seen = it.look()
    assert seen == w.names(cluster="v1")
    it.up(3)
    w.wait_for(ray.ready("v1", 3))
    _, seen = it.look()
    assert seen == w.names(cluster="v1") and len(seen) == 4
    workers = sorted(w.names(cluster="v1", role="worker"))
    victims = set(workers[:2])
    it.down(1, victims)  # scaleStrategy was never there
    w.wait_for(ray.ready("v1", 1))
    assert w.names(cluster="v1", role="worker") == {workers[2]}
    told = it.patch(("scaleStrategy", {"workersToDelete": []}))
    w.wait_for(settled("v1", told["metadata"]["generation"]))
    it.up(4)
    w.wait_for(ray.ready("v1", 4))
    assert workers[2] in w.names(cluster="v1") and not victims & w.names(cluster="v1")
    assert sorted(killed(served)) == sorted(victims)
    served.created(7)  # each under a name of its own
    assert_peace(served)
    served.audit.settle()
    refused = [e["requestURI"] for e in served.audit.rows(served.since, served.ns, agent="python-requests") if e["responseStatus"]["code"] >= 300]
    assert refused == []


@pytest.mark.asan
def test_the_second_autoscaler_leaves_its_names_behind_and_they_kill_nobody(served):
    served.create(scaled("v2", ("small", 4), ("big", 1), version="v2"))
    w = served.world
    w.wait_for(ray.ready("v2", 5))
    assert {p["spec"]["restartPolicy"] for p in w.pods("v2")} == {"Never"}
    it = Autoscaler(served, "v2")
    it.look()
    small = sorted(w.names(cluster="v2", group="small"))
    stale, kept = set(small[:2]), set(small[2:])
    it.down(2, stale)
    w.wait_for(ray.ready("v2", 3))
    assert w.names(cluster="v2", group="small") == kept
    # The names stay in the list. Whatever makes us look again, nobody is killed for them and none of them comes back.
    served.fail_pod(sorted(kept)[0])
    w.wait_for(lambda o: sorted(kept)[0] not in o.names(live=False) and ray.ready("v2", 3)(o), what="a failed worker to be replaced")
    it.up(5)
    w.wait_for(ray.ready("v2", 6))
    it.patch(("replicas", 2), group=1)
    w.wait_for(ray.ready("v2", 7))
    # The next scale-up carries the empty list.
    before = w.names(cluster="v2")
    it.patch(("replicas", 7), ("scaleStrategy", {"workersToDelete": []}))
    w.wait_for(ray.ready("v2", 9))
    assert before < w.names(cluster="v2")
    assert sorted(killed(served)) == sorted(stale | {sorted(kept)[0]})
    assert not stale & w.names(cluster="v2", live=False)
    served.created(13)
    assert_peace(served)


def test_a_victim_that_takes_its_time_is_killed_once(served):
    served.create(scaled("slow", ("small", 3), version="v2"))
    w = served.world
    w.wait_for(ray.ready("slow", 3))
    it = Autoscaler(served, "slow")
    victim, other, _ = sorted(w.names(cluster="slow", role="worker"))
    served.kube.patch("pods", served.ns, victim, {"metadata": {"finalizers": ["example.com/held"]}})
    it.down(2, {victim})
    w.wait_for(lambda o: "deletionTimestamp" in o.tables["pods"][victim]["metadata"], what="the victim to be terminating")
    # The same again, as an autoscaler does that still sees the pod; and then one more.
    told = it.down(2, {victim})
    w.wait_for(settled("slow", told["metadata"]["generation"]))
    told = it.down(1, {victim, other})
    w.wait_for(lambda o: other not in o.names(live=False) and settled("slow", told["metadata"]["generation"])(o))
    it.look()
    assert sorted(killed(served)) == sorted([victim, other])
    served.kube.patch("pods", served.ns, victim, {"metadata": {"finalizers": None}})
    w.wait_for(ray.ready("slow", 1))
    it.up(2)
    w.wait_for(ray.ready("slow", 2))
    assert sorted(killed(served)) == sorted([victim, other])
    served.created(5)


def test_what_the_role_does_not_give_is_refused(served):
    served.create(scaled("mine", ("small", 1)))
    served.create(scaled("other", ("small", 1)))
    w = served.world
    w.wait_for(lambda o: ray.ready("mine", 1)(o) and ray.ready("other", 1)(o))
    it, pod = Autoscaler(served, "mine"), sorted(w.names(cluster="mine", role="worker"))[0]
    change = {"spec": {"workerGroupSpecs": []}}
    for what, ask in {
        "another cluster's patch": lambda: it.kube.patch("rayclusters", it.ns, "other", change),
        "another cluster": lambda: it.kube.get("rayclusters", it.ns, "other"),
        "all clusters": lambda: it.kube.list("rayclusters", it.ns),
        "its status": lambda: it.kube.patch("rayclusters", it.ns, "mine", {"status": {"state": "ready"}}, subresource="status"),
        "its end": lambda: it.kube.delete("rayclusters", it.ns, "mine"),
        "a pod's end": lambda: it.kube.delete("pods", it.ns, pod),
        "a pod": lambda: it.kube.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": "x", "image": "i"}]}}, it.ns),
        "secrets": lambda: it.kube.list("secrets", it.ns),
        "more rights": lambda: it.kube.patch("roles", it.ns, "mine", {"rules": []}),
        "pods elsewhere": lambda: it.kube.list("pods", "default"),
    }.items():
        with pytest.raises(ApiError) as e:
            ask()
        assert e.value.code == 403, f"{what}: {e.value}"

    def may(verb, resource, subresource=None, name=None, group=""):
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {
            "namespace": it.ns, "verb": verb, "group": group, "resource": resource, "subresource": subresource, "name": name}}}
        return it.kube.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)["status"]["allowed"]

    assert all(may(verb, "pods") for verb in ("get", "list", "watch", "patch")) and may("patch", "pods", "resize")
    assert may("patch", "rayclusters", name="mine", group="ray.io") and not may("patch", "rayclusters", name="other", group="ray.io")


def test_switched_on_and_off_on_a_live_cluster(served):
    served.create(ray.cluster("switch", ("small", 2)))
    w, rights = served.world, rights_of(served)
    w.wait_for(ray.ready("switch", 2))
    pods = w.names(cluster="switch")
    assert not any("switch" in rights.tables[kind] for kind in RIGHTS)

    def containers():
        return [c["name"] for c in w.pods("switch", "head")[0]["spec"]["containers"]]

    def new_head():
        old = w.pods("switch", "head")[0]["metadata"]["name"]
        served.kube.delete("pods", served.ns, old)
        w.wait_for(lambda o: old not in o.names(live=False) and ray.ready("switch", 2)(o), what="another head")

    served.patch("switch", {"spec": {"enableInTreeAutoscaling": True}})
    rights.wait_for(have("switch"), what="the rights")
    w.wait_for(lambda o: all(o.events("switch", f"Created{kind}") for kind in ("ServiceAccount", "Role", "RoleBinding")), what="events of them")
    w.wait_for(ray.ready("switch", 2))
    assert w.names(cluster="switch") == pods and "autoscaler" not in containers(), "a running pod is not edited"
    new_head()
    assert containers() == ["ray-head", "autoscaler"] and w.pods("switch", "head")[0]["spec"]["serviceAccountName"] == "switch"
    it = Autoscaler(served, "switch")
    it.look()
    it.up(3)
    w.wait_for(ray.ready("switch", 3))
    told = served.scale("switch", 2)
    w.wait_for(settled("switch", told["metadata"]["generation"]))
    assert len(w.pods("switch", "worker")) == 3, "only the autoscaler chooses"
    told = served.patch("switch", {"spec": {"enableInTreeAutoscaling": False}})
    w.wait_for(settled("switch", told["metadata"]["generation"]))
    w.wait_for(ray.ready("switch", 2))  # now we do
    assert have("switch")(rights), "a head that runs needs its account"
    new_head()
    assert containers() == ["ray-head"]
    told = served.patch("switch", {"spec": {"enableInTreeAutoscaling": True}})
    w.wait_for(settled("switch", told["metadata"]["generation"]))
    made = [e["objectRef"]["resource"] for e in served.writes(verbs=("create",)) if e["objectRef"]["resource"] in RIGHTS]
    assert sorted(made) == sorted(RIGHTS)
    assert_peace(served)


def test_rights_that_are_lost_come_back_and_go_with_the_cluster(served):
    served.create(scaled("lost", ("small", 1)))
    w, rights = served.world, rights_of(served)
    w.wait_for(ray.ready("lost", 1))
    old = {kind: rights.tables[kind]["lost"]["metadata"]["uid"] for kind in RIGHTS}
    for kind in RIGHTS:
        served.kube.delete(kind, served.ns, "lost")
    rights.wait_for(lambda r: have("lost")(r) and all(r.tables[kind]["lost"]["metadata"]["uid"] != old[kind] for kind in RIGHTS), what="them again")
    for kind in RIGHTS:
        owner, = rights.tables[kind]["lost"]["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["controller"], owner["blockOwnerDeletion"]) == ("RayCluster", "lost", True, True)
        assert rights.tables[kind]["lost"]["metadata"]["labels"] == {
            "ray.io/cluster": "lost", "app.kubernetes.io/name": "kuberay", "app.kubernetes.io/created-by": "kuberay-operator"}
    served.kube.delete("rayclusters", served.ns, "lost")
    rights.wait_for(lambda r: not any("lost" in r.tables[kind] for kind in RIGHTS), what="them to be collected")


def test_an_account_of_the_users_is_waited_for(served):
    served.create(scaled("named", ("small", 1), head={"serviceAccountName": "mine"}))
    w, rights = served.world, rights_of(served)
    w.wait_for(lambda o: o.events("named", "AutoscalerServiceAccountNotFound"), what="the event")
    w.wait_for(lambda o: o.condition("named", "raykeeper.io/HookFailed").get("status") == "True", what="the condition")
    assert not w.pods("named") and not w.services("named") and served.writes(verbs=("create",)) == []
    event, = w.events("named", "AutoscalerServiceAccountNotFound")
    assert event["type"] == "Warning" and "ServiceAccount mine" in event["note"]
    served.kube.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "mine"}}, served.ns)
    w.wait_for(ray.ready("named", 1))
    assert not w.condition("named", "raykeeper.io/HookFailed")
    assert "named" not in rights.tables["serviceaccounts"] and "mine" in rights.tables["serviceaccounts"]
    Autoscaler(served, "named", "mine").up(2)
    w.wait_for(ray.ready("named", 2))
    # While the head lives, its workers are served, account or not.
    served.kube.delete("serviceaccounts", served.ns, "mine")
    served.scale("named", 4)
    w.wait_for(ray.ready("named", 4))
    assert [e for e in served.writes() if e["objectRef"]["resource"] == "serviceaccounts"] == []
