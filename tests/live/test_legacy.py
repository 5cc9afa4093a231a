"""Objects of the operator that was part of Ray (cluster.ray.io/v1): served by a RayCluster of ours, never beside that operator, and cut over by `migrate`.
That operator is played by what it leaves in a cluster: a Deployment, pods, a Service, marks on its objects."""
import json
import os
import subprocess

import pytest

from lib import ray
from lib.kube import World
from lib.operator import Operator, binary

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CRD = os.path.join(ROOT, "config", "crd", "legacy", "cluster.ray.io_rayclusters.yaml")
KIND, NAME = "rayclusters.cluster.ray.io", "rayclusters.cluster.ray.io"
FINALIZER, ANNOTATION = "kopf.zalando.org/KopfFinalizerMarker", "kopf.zalando.org/last-handled-configuration"
OPERATOR = {"cluster.ray.io/component": "operator"}
NOWHERE = {"example.com/nowhere": "yes"}


@pytest.fixture(scope="module")
def kind(plane):
    plane.cp("kubectl", "apply", "-f", CRD)
    plane.established(NAME)
    plane.cp("restart", "controller-manager")  # the garbage collector would learn of the new kind within 30 s
    plane.cp("wait")
    yield
    plane.kube.delete("customresourcedefinitions", None, NAME)


@pytest.fixture(scope="module")
def running(plane, kind):
    op = Operator(plane.kubeconfig).wait_leading()
    yield op
    op.close()


class Old:
    """A namespace with objects of the old kind, seen as one world."""

    def __init__(self, live):
        self.live, self.kube, self.ns = live, live.kube, live.ns
        self.world = World(live.kube, live.ns, (*World.KINDS, KIND, "deployments"), explain=[live.tails, self.picture])
        live.worlds.append(self.world)

    def picture(self):
        return "\n".join(json.dumps({k: o.get(k) for k in ("metadata", "status")})[:2000] for o in self.world.all(KIND))

    def create(self, name, meta=None, **spec):
        return self.kube.create(legacy(name, meta, **spec), self.ns)

    def edit(self, name, change, kind="merge"):
        return self.kube.patch(KIND, self.ns, name, change, kind)

    def edit_pod(self, name, which, spec):
        return self.edit(name, [{"op": "add", "path": f"/spec/podTypes/{which}/podConfig/spec/{key}", "value": value} for key, value in spec.items()], "json")

    def status(self, name):
        return self.world.tables.get(KIND, {}).get(name, {}).get("status", {})

    def held(self, name):
        return next((c for c in self.status(name).get("conditions", []) if c["type"] == "raykeeper.io/Held"), {})

    def phase(self, name, wanted, bound=90):
        self.world.wait_for(lambda w: self.status(name).get("phase") == wanted, bound=bound, what=f"{name} to be {wanted}")

    def waits(self, name, reason):
        self.world.wait_for(lambda w: self.held(name).get("reason") == reason and w.events(name, reason), what=f"{name} to be held: {reason}")
        assert self.kube.find("rayclusters", self.ns, name) is None and not self.world.pods(name)

    def head(self, name):
        return self.world.pods(name, "head")[0]["metadata"]["name"]

    def lose_head(self, name):
        old = self.head(name)
        self.kube.delete("pods", self.ns, old)
        self.world.wait_for(lambda w: w.pods(name, "head") and self.head(name) != old, what="another head")

    def operator(self, replicas=1):
        template = {"metadata": {"labels": {"app": "ray-operator", **OPERATOR}}, "spec": {"containers": [{"name": "operator", "image": "rayproject/ray:2.0.0"}]}}
        self.kube.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "ray-operator"}, "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "ray-operator"}}, "template": template}}, self.ns)

    def operator_pods(self):
        return [p for p in self.world.all("pods") if p["metadata"].get("labels", {}).get("cluster.ray.io/component") == "operator"]

    def remove_operator(self):
        self.kube.delete("deployments", self.ns, "ray-operator", propagationPolicy="Background")
        self.world.wait_for(lambda w: not self.operator_pods(), what="the old operator's pods to be gone")


@pytest.fixture
def old(served):
    return Old(served)


def pod_config(word):
    container = {"name": "ray-node", "image": ray.IMAGE, "command": ["/bin/bash", "-c", "--"], "args": ["trap : TERM INT; sleep infinity & wait;"],
                 "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": word + "-"}, "spec": {"restartPolicy": "Never", "containers": [container]}}


def legacy(name, meta=None, low=1, high=5, head=None, resources=None, **spec):
    types = [{"name": "head", "podConfig": pod_config("head")}, {"name": "small", "minWorkers": low, "maxWorkers": high, "podConfig": pod_config("small")}]
    types[0]["podConfig"]["spec"].update(head or {})
    if resources:
        types[1]["rayResources"] = resources
    return {"apiVersion": "cluster.ray.io/v1", "kind": "RayCluster", "metadata": {"name": name, **(meta or {})}, "spec": {
        "headPodType": "head", "maxWorkers": 10, "podTypes": types,
        "headStartRayCommands": ["ray stop", "ulimit -n 65536; ray start --head --port=6379 --no-monitor --dashboard-host 0.0.0.0"],
        "workerStartRayCommands": ["ray stop", "ulimit -n 65536; ray start --address=$RAY_HEAD_IP:6379"], **spec}}


def marked(owner=None):
    return {"finalizers": [FINALIZER], "annotations": {ANNOTATION: "{}"}}


def autoscale(old, name, replicas, *victims):
    """As Ray's autoscaler writes it."""
    base = "/spec/workerGroupSpecs/0"
    old.kube.patch("rayclusters", old.ns, name, [{"op": "replace", "path": f"{base}/replicas", "value": replicas},
                                                 {"op": "replace", "path": f"{base}/scaleStrategy", "value": {"workersToDelete": list(victims)}}], "json")


def test_the_service_of_the_old_name_goes_where_it_is_not_wanted(live, kind):
    """First in the file: the operator that the others share has not been started."""
    old, name = Old(live), "goes-ray-head"
    op = live.start()
    old.create("goes")
    old.phase("goes", "Running")
    assert live.kube.find("services", live.ns, name)
    assert op.stop() == 0
    live.start(sets=["plugin:legacy.compat-service=false"])
    old.world.wait_for(lambda w: name not in w.tables["services"], what="no Service of the old name")
    live.audit.wait_for(lambda: [e["verb"] for e in live.writes(resource="services")
                                 if e["objectRef"].get("name") == name and e["responseStatus"]["code"] < 300][-1] == "delete", what="its deletion by the operator")


@pytest.mark.asan
def test_it_becomes_a_cluster_and_edits_flow_down(old):
    old.create("plain")
    w = old.world
    w.wait_for(ray.ready("plain", 1))
    old.phase("plain", "Running")
    child, owner = w.cluster("plain"), w.tables[KIND]["plain"]
    assert child["metadata"]["ownerReferences"] == [{"apiVersion": "cluster.ray.io/v1", "kind": "RayCluster", "name": "plain", "uid": owner["metadata"]["uid"],
                                                     "controller": True, "blockOwnerDeletion": True}]
    assert old.status("plain")["autoscalerRetries"] == 0 and w.events("plain", "CreatedRayCluster")
    service = old.kube.get("services", old.ns, "plain-ray-head")
    assert service["spec"]["selector"]["ray.io/cluster"] == "plain"
    old.edit("plain", [{"op": "replace", "path": "/spec/podTypes/1/minWorkers", "value": 3}], "json")
    w.wait_for(ray.ready("plain", 3))
    old.edit("plain", {"spec": {"idleTimeoutMinutes": 7}})
    w.wait_for(lambda w: w.cluster("plain")["spec"]["autoscalerOptions"]["idleTimeoutSeconds"] == 420, what="the edit to arrive")


def test_what_is_taken_out_goes_from_the_cluster_too(old):
    old.create("less", resources={"Custom": 2})
    w = old.world
    w.wait_for(ray.ready("less", 1))
    params = w.cluster("less")["spec"]["workerGroupSpecs"][0]["rayStartParams"]
    assert "Custom" in params["resources"]
    old.edit("less", [{"op": "remove", "path": "/spec/podTypes/1/rayResources"}], "json")
    w.wait_for(lambda w: "resources" not in w.cluster("less")["spec"]["workerGroupSpecs"][0]["rayStartParams"], what="the resources to go")


@pytest.mark.asan
def test_what_the_autoscaler_writes_stays(old):
    old.create("scaled")
    w = old.world
    w.wait_for(ray.ready("scaled", 1))
    autoscale(old, "scaled", 4)
    w.wait_for(ray.ready("scaled", 4))
    victim = sorted(w.names(cluster="scaled", role="worker"))[0]
    autoscale(old, "scaled", 3, victim)
    w.wait_for(ray.ready("scaled", 3))
    pods = w.names(cluster="scaled")
    old.edit("scaled", {"spec": {"idleTimeoutMinutes": 9, "podTypes": legacy("scaled", high=6)["spec"]["podTypes"]}})
    w.wait_for(lambda w: w.cluster("scaled")["spec"]["workerGroupSpecs"][0]["maxReplicas"] == 6, what="the edit to arrive")
    group, = w.cluster("scaled")["spec"]["workerGroupSpecs"]
    assert (group["replicas"], group["scaleStrategy"]) == (3, {"workersToDelete": [victim]})
    w.wait_for(ray.ready("scaled", 3))
    assert w.names(cluster="scaled") == pods
    # Beyond what the group may have now.
    old.edit("scaled", [{"op": "replace", "path": "/spec/podTypes/1/maxWorkers", "value": 2}], "json")
    w.wait_for(lambda w: w.cluster("scaled")["spec"]["workerGroupSpecs"][0]["replicas"] == 2, what="no more than two")


@pytest.mark.asan
def test_phases_and_lost_heads(old):
    old.create("phases", head={"nodeSelector": NOWHERE})
    w = old.world
    old.phase("phases", "Updating")
    old.edit_pod("phases", 0, {"nodeSelector": {}})
    w.wait_for(lambda w: not w.cluster("phases")["spec"]["headGroupSpec"]["template"]["spec"].get("nodeSelector"), what="the edit to arrive")
    old.lose_head("phases")
    old.phase("phases", "Running")
    assert old.status("phases")["autoscalerRetries"] == 0, "no head was lost that had been ready"
    old.edit_pod("phases", 0, {"nodeSelector": NOWHERE})
    w.wait_for(lambda w: w.cluster("phases")["spec"]["headGroupSpec"]["template"]["spec"].get("nodeSelector"), what="the edit to arrive")
    old.lose_head("phases")
    old.phase("phases", "AutoscalingExceptionRecovery")
    old.edit_pod("phases", 0, {"nodeSelector": {}})
    w.wait_for(lambda w: not w.cluster("phases")["spec"]["headGroupSpec"]["template"]["spec"].get("nodeSelector"), what="the edit to arrive")
    old.lose_head("phases")
    w.wait_for(lambda w: old.status("phases").get("phase") == "Running" and old.status("phases")["autoscalerRetries"] == 1, what="one lost head")
    assert old.status("phases")["head"]["podName"] == old.head("phases")


def test_what_cannot_be_converted_says_why(old):
    bad = legacy("bad")
    bad["spec"]["headPodType"] = "nobody"
    old.kube.create(bad, old.ns)
    w = old.world
    old.phase("bad", "Error")
    assert "headPodType" in old.status("bad")["message"] and w.cluster("bad") is None
    w.wait_for(lambda w: [e for e in w.events("bad", "InvalidLegacyCluster") if e["type"] == "Warning"], what="it to be told")
    old.edit("bad", {"spec": {"headPodType": "head"}})
    w.wait_for(ray.ready("bad", 1))
    old.phase("bad", "Running")
    assert "message" not in old.status("bad")
    # A cluster that runs is left as it is while its object makes no sense.
    old.edit("bad", {"spec": {"headPodType": "nobody"}})
    old.phase("bad", "Error")
    assert ray.ready("bad", 1)(w)


def test_a_cluster_that_the_api_server_refuses_says_why(old):
    old.create("refused", head={"terminationGracePeriodSeconds": "soon"})
    old.phase("refused", "Error")
    assert "terminationGracePeriodSeconds" in old.status("refused")["message"]
    old.edit_pod("refused", 0, {"terminationGracePeriodSeconds": 5})
    old.phase("refused", "Running")
    assert "message" not in old.status("refused")
    old.edit_pod("refused", 0, {"terminationGracePeriodSeconds": "soon"})
    old.world.wait_for(lambda w: "terminationGracePeriodSeconds" in old.status("refused").get("message", ""), what="the refusal to be told")
    assert old.status("refused")["phase"] == "Running"


def test_a_cluster_of_that_name_that_somebody_made(old):
    theirs = old.live.create(ray.cluster("taken", ("small", 1)))
    old.world.wait_for(ray.ready("taken", 1))
    old.create("taken")
    old.world.wait_for(lambda w: old.held("taken").get("reason") == "RayClusterExists", what="it to be told")
    now = old.kube.get("rayclusters", old.ns, "taken")
    assert now["metadata"]["uid"] == theirs["metadata"]["uid"] and "ownerReferences" not in now["metadata"] and now["spec"] == theirs["spec"]
    old.kube.delete("rayclusters", old.ns, "taken")
    old.phase("taken", "Running", bound=120)


@pytest.mark.asan
def test_nothing_is_made_beside_the_old_operator(old):
    old.operator()
    old.world.wait_for(lambda w: old.operator_pods(), what="the old operator's pod")
    old.create("beside")
    old.waits("beside", "LegacyOperatorAlive")
    assert "phase" not in old.status("beside"), "that is the old operator's word"
    writes = old.live.writes(resource="rayclusters")
    assert {(e["verb"], e["objectRef"].get("subresource")) for e in writes} == {("patch", "status")}, writes
    old.remove_operator()
    old.phase("beside", "Running", bound=120)
    assert not old.held("beside")


def test_a_deployment_without_pods_and_a_pod_without_deployment_count(old):
    old.operator(replicas=0)
    old.create("counted")
    old.world.wait_for(ray.ready("counted", 1))  # one that is scaled to zero makes nothing
    old.remove_operator()
    old.kube.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lone", "labels": OPERATOR}, "spec": {"containers": [{"name": "a", "image": "b"}]}}, old.ns)
    old.world.wait_for(lambda w: old.operator_pods(), what="the pod")
    old.create("beside-a-pod")
    old.waits("beside-a-pod", "LegacyOperatorAlive")
    old.kube.delete("pods", old.ns, "lone")
    old.phase("beside-a-pod", "Running", bound=120)


def migrate(old, *args):
    return subprocess.run([binary(), "migrate", *args, "-n", old.ns, "--kubeconfig", old.live.plane.admin], capture_output=True, text=True, timeout=300, check=False,
                          stdin=subprocess.DEVNULL)


def left_behind(old, name):
    """What the old operator has made of an object: two pods, and its Service."""
    meta = old.create(name, marked())["metadata"]
    owner = {"apiVersion": "cluster.ray.io/v1", "kind": "RayCluster", "name": name, "uid": meta["uid"], "controller": True, "blockOwnerDeletion": True}
    component = {"cluster.ray.io/component": f"{name}-ray-head"}
    for pod, labels in {f"{name}-head-abcde": {"ray-node-type": "head", **component}, f"{name}-small-fghij": {"ray-node-type": "worker"}}.items():
        old.kube.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod, "labels": {"ray-cluster-name": name, **labels}, "ownerReferences": [owner]},
                         "spec": {"containers": [{"name": "ray-node", "image": ray.IMAGE}]}}, old.ns)
    return old.kube.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"{name}-ray-head", "ownerReferences": [owner]}, "spec": {
        "selector": component, "ports": [{"name": "client", "port": 10001, "targetPort": 10001}]}}, old.ns)


@pytest.mark.asan
def test_the_cut_over(old):
    old.operator()
    service = left_behind(old, "moved")
    old.waits("moved", "LegacyOperatorAlive")
    plan = migrate(old, "--plan")
    assert plan.returncode in (0, 2), plan.stderr
    lines = [line.strip() for line in plan.stdout.splitlines()]
    wanted = ["patch deployments/ray-operator", "wait until gone: pods/ray-operator-", "delete pods/moved-head-abcde", "delete pods/moved-small-fghij",
              "wait until gone: pods/moved-head-abcde", "wait until gone: pods/moved-small-fghij", "patch rayclusters/moved"]
    places = [next(i for i, line in enumerate(lines) if line.startswith(word)) for word in wanted]
    assert places == sorted(places), plan.stdout
    assert old.kube.get("deployments", old.ns, "ray-operator")["spec"]["replicas"] == 1, "a plan writes nothing"
    done = migrate(old, "--apply", "--yes")
    assert done.returncode in (0, 2), done.stderr
    w = old.world
    w.wait_for(ray.ready("moved", 1), bound=120)
    old.phase("moved", "Running")
    assert old.status("moved")["autoscalerRetries"] == 0
    moved = old.kube.get(KIND, old.ns, "moved")["metadata"]
    assert "finalizers" not in moved and ANNOTATION not in moved.get("annotations", {})
    assert not [p for p in w.all("pods") if "ray-cluster-name" in p["metadata"]["labels"]]
    now = old.kube.get("services", old.ns, "moved-ray-head")
    assert now["metadata"]["uid"] == service["metadata"]["uid"] and now["spec"]["clusterIP"] == service["spec"]["clusterIP"]
    assert "cluster.ray.io/component" not in now["spec"]["selector"] and now["spec"]["selector"]["ray.io/cluster"] == "moved"
    again = migrate(old, "--plan")
    assert again.returncode in (0, 2) and not [line for line in again.stdout.splitlines() if line.startswith("      ")], again.stdout
    old.remove_operator()


def test_a_cut_over_deletes_what_the_old_operator_made_and_nothing_else(old):
    left_behind(old, "mine")
    label = {"ray-cluster-name": "mine"}
    spec = {"containers": [{"name": "a", "image": ray.IMAGE}]}
    old.kube.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "launched-by-ray-up", "labels": label}, "spec": spec}, old.ns)
    old.kube.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "watcher"}, "spec": {
        "selector": {"matchLabels": label}, "template": {"metadata": {"labels": label}, "spec": spec}}}, old.ns)
    w = old.world
    w.wait_for(lambda w: len(w.all("pods")) == 4, what="the pod of the Deployment")
    others = {p["metadata"]["name"]: p["metadata"]["uid"] for p in w.all("pods") if not p["metadata"]["name"].startswith("mine-")}
    done = migrate(old, "--apply", "--yes")
    assert done.returncode in (0, 2) and all(f"{old.ns}/{name}: has the label" in done.stderr for name in others), done.stderr
    w.wait_for(ray.ready("mine", 1), bound=120)
    assert {name: old.kube.get("pods", old.ns, name)["metadata"]["uid"] for name in others} == others
    assert old.kube.find("pods", old.ns, "mine-head-abcde") is None


def test_an_operator_of_another_namespace_alone_is_left_alone(old):
    """Chosen by a variable, it serves its own namespace: it holds nobody up elsewhere, and no cut-over elsewhere stops it."""
    there = f"{old.ns}-there"
    old.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": there}})
    env = [{"name": "RAY_OPERATOR_POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}]
    template = {"metadata": {"labels": {"app": "ray-operator", **OPERATOR}}, "spec": {"containers": [{"name": "operator", "image": "rayproject/ray:2.0.0", "env": env}]}}
    old.kube.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "ray-operator"}, "spec": {
        "selector": {"matchLabels": {"app": "ray-operator"}}, "template": template}}, there)
    try:
        left_behind(old, "here")
        old.waits("here", "CutOverNeeded")
        assert migrate(old, "--apply", "--yes").returncode in (0, 2)
        old.world.wait_for(ray.ready("here", 1), bound=120)
        assert old.kube.get("deployments", there, "ray-operator")["spec"]["replicas"] == 1
    finally:
        old.kube.delete("namespaces", None, there)


def test_a_service_of_the_old_name_that_somebody_made(old):
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "own-ray-head"}, "spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}}
    theirs = old.kube.create(service, old.ns)
    old.create("own")
    old.world.wait_for(ray.ready("own", 1))
    old.world.wait_for(lambda w: w.events("own", "ServiceExists"), what="it to be told")
    now = old.kube.get("services", old.ns, "own-ray-head")
    assert now["spec"] == theirs["spec"] and "ownerReferences" not in now["metadata"]


def test_nothing_is_written_while_nothing_changes(old):
    old.create("still", resources={"Custom": 2}, headServicePorts=[{"name": "web", "port": 80, "targetPort": 8265}])
    w = old.world
    w.wait_for(ray.ready("still", 1))
    old.phase("still", "Running")
    autoscale(old, "still", 2)
    w.wait_for(ray.ready("still", 2))
    before = old.live.writes()
    old.create("another")
    w.wait_for(ray.ready("another", 1))
    old.edit("still", {"metadata": {"annotations": {"touched": "no part of the spec"}}})
    w.wait_for(lambda w: w.cluster("still")["metadata"]["annotations"].get("touched"), what="the annotation to arrive")
    new = [e for e in old.live.writes()[len(before):] if e["objectRef"].get("name", "").startswith("still") and e["objectRef"]["resource"] in ("rayclusters", "services")]
    assert [(e["verb"], e["objectRef"]["resource"], e["objectRef"].get("subresource")) for e in new] == [("patch", "rayclusters", None)], new


def test_a_cut_over_that_cannot_be_whole_is_not_begun(old):
    left_behind(old, "good")
    bad = legacy("broken", marked())
    bad["spec"]["headPodType"] = "nobody"
    old.kube.create(bad, old.ns)
    done = migrate(old, "--apply", "--yes")
    assert done.returncode == 1 and "broken" in done.stderr, done.stderr
    assert old.kube.get("pods", old.ns, "good-head-abcde") and old.kube.get(KIND, old.ns, "good")["metadata"]["finalizers"] == [FINALIZER]
    for name in ("good", "broken"):
        old.kube.delete(KIND, old.ns, name)


def test_an_object_that_the_old_operator_left_waits_for_a_word(old):
    left_behind(old, "found")
    old.waits("found", "CutOverNeeded")
    assert "migrate --plan" in old.held("found")["message"]
    assert migrate(old, "--apply", "--yes").returncode in (0, 2)
    old.world.wait_for(ray.ready("found", 1), bound=120)


@pytest.mark.asan
def test_deletion_is_not_kept_by_a_finalizer_that_nobody_serves(old):
    w = old.world
    left_behind(old, "gone")
    old.waits("gone", "CutOverNeeded")
    old.kube.delete(KIND, old.ns, "gone")
    w.wait_for(lambda w: "gone" not in w.tables[KIND] and not w.all("pods"), what="all of it to be gone")
    old.create("ours")
    w.wait_for(ray.ready("ours", 1))
    old.kube.delete(KIND, old.ns, "ours")
    w.wait_for(lambda w: not w.all(KIND) and not w.all("rayclusters") and not w.all("pods"), what="cluster and pods to be gone")


def test_the_new_cluster_can_be_kept_without_the_old_object(old):
    old.create("kept")
    w = old.world
    w.wait_for(ray.ready("kept", 1))
    pods = w.names(cluster="kept")
    old.kube.delete(KIND, old.ns, "kept", propagationPolicy="Orphan")
    w.wait_for(lambda w: "kept" not in w.tables[KIND] and "ownerReferences" not in w.cluster("kept")["metadata"], what="the object to be gone")
    old.live.scale("kept", 2)
    w.wait_for(ray.ready("kept", 2))
    assert pods < w.names(cluster="kept")


def test_deletion_waits_for_the_old_operator_while_it_lives(old):
    old.operator()
    old.world.wait_for(lambda w: old.operator_pods(), what="the old operator's pod")
    left_behind(old, "its")
    old.waits("its", "LegacyOperatorAlive")
    old.kube.delete(KIND, old.ns, "its")
    old.world.wait_for(lambda w: "deletionTimestamp" in w.tables[KIND]["its"]["metadata"], what="it to be going")
    old.world.wait_for(lambda w: [e for e in w.events("its", "LegacyOperatorAlive")], what="it to be told")
    assert old.kube.get(KIND, old.ns, "its")["metadata"]["finalizers"] == [FINALIZER]
    old.remove_operator()
    old.world.wait_for(lambda w: "its" not in w.tables[KIND], what="it to be gone")
