"""`kubectl ray`, the plugin of KubeRay 1.7: each command's requests as it makes them, and what it reads in the answers. It decodes a RayCluster
into types and writes the whole of it back, which changes how things are said and must change nothing else."""
import base64
import copy
import json
import re

import pytest

from lib import ray
from lib.kube import ApiError, path_of

MANAGER = "ray-kubectl-plugin"
BY_PRECEDENCE = ("RayClusterProvisioned", "HeadPodReady", "ReplicaFailure", "RayClusterSuspended", "RayClusterSuspending")
THOUSANDS = {"m": 1, "": 1000, "k": 10 ** 6, "M": 10 ** 9, "G": 10 ** 12, "Ki": 1024 * 1000, "Mi": 1024 ** 2 * 1000, "Gi": 1024 ** 3 * 1000}


def quantity(text):
    """As the plugin prints and writes it, in the shortest way; `text` may be a number."""
    number, unit = re.fullmatch(r"([0-9.]+)([a-zA-Z]*)", str(text)).groups()
    milli = round(float(number) * THOUSANDS[unit])
    units = ("Gi", "Mi", "Ki", "") if unit.endswith("i") else ("G", "M", "k", "", "m")
    return next(f"{milli // THOUSANDS[u]}{u}" for u in units if milli % THOUSANDS[u] == 0) if milli else "0"


def typed(cluster):
    """The cluster after a way through the plugin's types: amounts in their shortest form, and empty values of fields that nobody set."""
    out = copy.deepcopy(cluster)
    for group in (out["spec"]["headGroupSpec"], *out["spec"].get("workerGroupSpecs", [])):
        group.setdefault("rayStartParams", None)
        if "groupName" in group:
            group.setdefault("scaleStrategy", {})
        template = group["template"]
        template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
        spec = template["spec"]
        for container in spec["containers"] + spec.get("initContainers", []):
            for amounts in container.setdefault("resources", {}).values():
                amounts.update({name: quantity(amount) for name, amount in amounts.items()})
        for volume in spec.get("volumes", []):
            if "sizeLimit" in volume.get("emptyDir", {}):
                volume["emptyDir"]["sizeLimit"] = quantity(volume["emptyDir"]["sizeLimit"])
    out.setdefault("status", {}).setdefault("head", {})
    return out


class Plugin:
    """The requests of the commands, in one namespace."""

    def __init__(self, live):
        self.kube, self.ns = live.kube, live.ns

    def list(self, plural, ns, **selectors):
        query = {key: text for key, text in selectors.items() if text}
        return self.kube.request("GET", path_of(plural, ns), query=query)["items"]

    def clusters(self, name=None, everywhere=False):
        return self.list("rayclusters", None if everywhere else self.ns, fieldSelector=name and f"metadata.name={name}")

    def get_cluster(self, name, everywhere=False):
        """The row of `get cluster`, but for its age."""
        found = self.clusters(name, everywhere)
        assert len(found) == 1
        status = found[0].get("status", {})
        true = {c["type"] for c in status.get("conditions", []) if c["status"] == "True"}
        amounts = [quantity(status.get(f"desired{what}", "0")) for what in ("CPU", "GPU", "TPU", "Memory")]
        return (found[0]["metadata"]["name"], found[0]["metadata"]["namespace"], status.get("desiredWorkerReplicas", 0),
                status.get("availableWorkerReplicas", 0), *amounts, next((kind for kind in BY_PRECEDENCE if kind in true), ""), status.get("state", ""))

    def get_workergroup(self, cluster):
        """The rows of `get workergroup -c cluster`: name, least, most, ready, wanted. A group without `replicas` crashes the plugin."""
        rows = []
        for group in self.clusters(cluster)[0]["spec"]["workerGroupSpecs"]:
            pods = self.list("pods", self.ns, labelSelector=f"ray.io/node-type=worker,ray.io/group={group['groupName']},ray.io/cluster={cluster}")
            ready = [pod for pod in pods if pod["status"]["phase"] == "Running"
                     and {"Ready": "True"}.items() <= {c["type"]: c["status"] for c in pod["status"]["conditions"]}.items()]
            rows.append((group["groupName"], group.get("minReplicas", 0), group.get("maxReplicas", 2 ** 31 - 1), len(ready), group["replicas"]))
        return rows

    def get_node(self, name=None, cluster=None, everywhere=False):
        """The rows of `get node`, but for the age."""
        selector = "ray.io/is-ray-node=yes" + (f",ray.io/cluster={cluster}" if cluster else "")
        pods = self.list("pods", None if everywhere else self.ns, labelSelector=selector, fieldSelector=name and f"metadata.name={name}")
        rows = []
        for pod in pods:
            labels, requests = pod["metadata"]["labels"], pod["spec"]["containers"][0]["resources"].get("requests", {})
            amounts = [quantity(requests.get(what, "0")) for what in ("cpu", "nvidia.com/gpu", "google.com/tpu", "memory")]
            rows.append((pod["metadata"]["name"], *amounts, labels["ray.io/cluster"], labels["ray.io/node-type"], labels["ray.io/group"]))
        return rows

    def get_token(self, name):
        cluster = self.kube.get("rayclusters", self.ns, name)
        assert cluster["spec"]["authOptions"]["mode"] == "token"
        return base64.b64decode(self.kube.get("secrets", self.ns, name)["data"]["auth_token"]).decode()

    def create_cluster(self, obj):
        """Refused when there is one; else a server-side apply without force."""
        name = obj["metadata"]["name"]
        assert self.kube.find("rayclusters", self.ns, name) is None, "already exists"
        return self.kube.request("PATCH", path_of("rayclusters", self.ns, name), obj, "application/apply-patch+yaml", query={"fieldManager": MANAGER})

    def wait(self, name, bound=90):
        """`create cluster --wait`: a watch without a beginning, until one of two things."""
        path = path_of("rayclusters", self.ns)
        conn, _, answer = self.kube.open("GET", f"{path}?watch=true&fieldSelector=metadata.name%3D{name}", timeout=bound)
        try:
            while True:
                event = json.loads(answer.readline())
                assert event["type"] in ("ADDED", "MODIFIED"), event
                status = event["object"].get("status", {})
                true = {c["type"] for c in status.get("conditions", []) if c["status"] == "True"}
                if "RayClusterProvisioned" in true or status.get("state") == "ready":
                    return event["object"]
        finally:
            conn.close()

    def put(self, name, change, manager=None):
        """GET, an edit, and all of it back through the plugin's types. With what others wrote meanwhile it fails, and is run again by hand."""
        for _ in range(10):
            cluster = self.kube.get("rayclusters", self.ns, name)
            change(cluster["spec"]["workerGroupSpecs"])
            try:
                return self.kube.request("PUT", path_of("rayclusters", self.ns, name), typed(cluster), query={"fieldManager": manager} if manager else None)
            except ApiError as e:
                if e.code != 409:
                    raise
        raise AssertionError("always a conflict")

    def scale(self, name, group, **counts):
        def change(groups):
            next(g for g in groups if g["groupName"] == group).update(counts)
        return self.put(name, change)

    def create_workergroup(self, cluster, group, replicas=1):
        amounts = {"cpu": "2", "memory": "4Gi"}
        container = {"name": "ray-worker", "image": ray.IMAGE, "resources": {"requests": amounts, "limits": amounts}}
        return self.put(cluster, lambda groups: groups.append({
            "groupName": group, "replicas": replicas, "numOfHosts": 1, "minReplicas": 1, "maxReplicas": 10, "rayStartParams": {},
            "template": {"metadata": {}, "spec": {"containers": [container]}}, "scaleStrategy": {}}), MANAGER)

    def delete(self, name):
        self.kube.request("DELETE", path_of("rayclusters", self.ns, name), {"kind": "DeleteOptions", "apiVersion": "ray.io/v1"})

    def session(self, name):
        """The Service to which `session` forwards ports."""
        return self.kube.get("services", self.ns, self.kube.get("rayclusters", self.ns, name)["status"]["head"]["serviceName"])

    def log(self, cluster, node_type="all"):
        """Pods and containers whose logs `log` fetches. The blank is the plugin's own."""
        selector = {"all": "", "head": "ray.io/node-type=head, ", "worker": "ray.io/node-type=worker, "}[node_type] + f"ray.io/cluster={cluster}"
        return [(pod["metadata"]["name"], pod["spec"]["containers"][0]["name"]) for pod in self.list("pods", self.ns, labelSelector=selector)]


def created(name, workers=1, autoscaler=None):
    """What `create cluster` applies, of its own defaults."""
    def container(kind, **more):
        return {"name": f"ray-{kind}", "image": ray.IMAGE, "resources": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"memory": "4Gi"}}, **more}
    ports = [{"containerPort": number, "name": port} for port, number in (("gcs-server", 6379), ("dashboard", 8265), ("client", 10001))]
    spec = {"rayVersion": "2.52.0", "headGroupSpec": {"template": {"spec": {"containers": [container("head", ports=ports)]}}},
            "workerGroupSpecs": [{"groupName": "default-group", "replicas": workers, "numOfHosts": 1,
                                  "template": {"spec": {"containers": [container("worker")]}}}]}
    if autoscaler:
        spec.update(enableInTreeAutoscaling=True, autoscalerOptions={"version": autoscaler})
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": name, "labels": {"team": "data"}, "annotations": {"ttl-hours": "24"}}, "spec": spec}


def uids(world, name):
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in world.pods(name)}


def said_oddly(name, **spec):
    """A cluster whose amounts are right and not in their shortest form, with containers that say nothing of resources."""
    obj = ray.cluster(name, ("small", 1), **spec)
    for group in (obj["spec"]["headGroupSpec"], *obj["spec"]["workerGroupSpecs"]):
        del group["rayStartParams"], group["template"]["metadata"]
        pod = group["template"]["spec"]
        pod["containers"][0]["resources"] = {"limits": {"cpu": 1, "memory": "2048Mi"}, "requests": {"cpu": "1000m", "memory": "2048Mi"}}
        pod["containers"].append({"name": "beside", "image": "busybox"})
        pod["volumes"] = [{"name": "scratch", "emptyDir": {"sizeLimit": "1024Mi"}}]
    return obj


@pytest.fixture
def plugin(served):
    return Plugin(served)


def test_create_cluster_waits_until_it_is_provisioned_and_does_not_create_it_twice(served, plugin):
    answer = plugin.create_cluster(created("made"))
    assert answer["metadata"]["name"] == "made"
    seen = plugin.wait("made")
    assert seen["status"]["state"] == "ready" and seen["metadata"]["labels"] == {"team": "data"}
    owners = {entry["manager"] for entry in plugin.kube.get("rayclusters", served.ns, "made")["metadata"]["managedFields"] if not entry.get("subresource")}
    assert owners == {MANAGER}, "nobody but the plugin wrote to what it applied"
    with pytest.raises(AssertionError, match="already exists"):
        plugin.create_cluster(created("made"))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_create_cluster_with_an_autoscaler(served, plugin, version):
    plugin.create_cluster(created("elastic", autoscaler=version))
    plugin.wait("elastic")
    head = served.world.pods("elastic", "head")[0]
    assert [c["name"] for c in head["spec"]["containers"]] == ["ray-head", "autoscaler"]
    assert (head["spec"]["restartPolicy"] == "Never") == (version == "v2")


def test_get_cluster_shows_counts_amounts_condition_and_state(served, plugin):
    obj = ray.cluster("shown", ("small", 2))
    obj["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = "1"
    served.create(obj)
    served.world.wait_for(ray.ready("shown", 2))
    row = ("shown", served.ns, 2, 2, "3", "2", "0", "4Gi", "RayClusterProvisioned", "ready")
    assert plugin.get_cluster("shown") == row and plugin.get_cluster("shown", everywhere=True) == row
    assert plugin.clusters("absent") == [] and [c["metadata"]["name"] for c in plugin.clusters()] == ["shown"]
    assert "shown" in served.plane.cp("kubectl", "get", "raycluster", "-n", served.ns, "-o", "name"), "what completion asks for"
    served.patch("shown", {"spec": {"suspend": True}})
    served.world.wait_for(lambda w: w.condition("shown", "RayClusterSuspended").get("status") == "True" and not w.pods("shown"))
    served.world.wait_for(lambda w: w.status("shown").get("state") == "suspended")
    assert plugin.get_cluster("shown")[-2:] == ("RayClusterSuspended", "suspended")


def test_get_cluster_shows_on_the_way_what_is_there(served, plugin):
    obj = ray.cluster("halfway", ray.group("small", 1, annotations={"controlplane/hold": "yes"}))
    served.create(obj)
    served.world.wait_for(lambda w: w.condition("halfway", "HeadPodReady").get("status") == "True" and w.pods("halfway", "worker"))
    assert plugin.get_cluster("halfway")[2:4] == (1, 0) and plugin.get_cluster("halfway")[-2:] == ("HeadPodReady", "")
    assert plugin.get_workergroup("halfway") == [("small", 0, 1000, 0, 1)]


def test_get_workergroup_has_a_count_for_every_group(served, plugin):
    silent = ray.group("silent", 0)
    for field in ("replicas", "minReplicas", "maxReplicas"):
        del silent[field]
    served.create(ray.cluster("groups", ("small", 2, 1, 5), silent))
    served.world.wait_for(ray.ready("groups", 2))
    assert plugin.get_workergroup("groups") == [("small", 1, 5, 2, 2), ("silent", 0, 2 ** 31 - 1, 0, 0)]


def test_get_node_finds_head_and_workers_with_what_they_ask_for(served, plugin):
    served.create(ray.cluster("nodes", ("small", 1)))
    served.create(ray.cluster("others", ("small", 0)))
    served.world.wait_for(lambda w: ray.ready("nodes", 1)(w) and ray.ready("others", 0)(w))
    head, worker = (served.world.pods("nodes", kind)[0]["metadata"]["name"] for kind in ("head", "worker"))
    rows = {(head, "1", "0", "0", "2Gi", "nodes", "head", "headgroup"), (worker, "1", "0", "0", "1Gi", "nodes", "worker", "small")}
    assert set(plugin.get_node(cluster="nodes")) == rows
    assert rows < set(plugin.get_node()) and len(plugin.get_node()) == 3
    assert {row[0] for row in plugin.get_node(worker, "nodes", everywhere=True)} == {worker}


@pytest.mark.parametrize("name", ["locked", "locked-with-a-name-that-is-longer-than-fifty-letters"])
def test_get_token_finds_the_secret_by_the_name_of_the_cluster(served, plugin, name):
    served.create(ray.cluster(name, ("small", 0), authOptions={"mode": "token"}))
    served.world.wait_for(ray.ready(name, 0))
    token = plugin.get_token(name)
    env = {e["name"]: e for e in served.world.pods(name, "head")[0]["spec"]["containers"][0]["env"]}
    assert len(token) == 44 and env["RAY_AUTH_TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": name, "key": "auth_token"}


def test_scale_changes_the_number_of_workers_and_no_pod_that_is_there(served, plugin):
    served.create(said_oddly("scaled"))
    served.world.wait_for(ray.ready("scaled", 1))
    before = uids(served.world, "scaled")
    plugin.scale("scaled", "small", replicas=3)
    served.world.wait_for(ray.ready("scaled", 3))
    assert before.items() <= uids(served.world, "scaled").items()
    assert served.world.condition("scaled", "OutdatedPods").get("status") != "True"
    plugin.scale("scaled", "small", replicas=1, minReplicas=1, maxReplicas=2)
    served.world.wait_for(ray.ready("scaled", 1))
    assert plugin.get_workergroup("scaled") == [("small", 1, 2, 1, 1)]


def test_scale_of_a_cluster_that_is_recreated_when_its_spec_changes_recreates_nothing(served, plugin):
    served.create(said_oddly("kept", upgradeStrategy={"type": "Recreate"}))
    served.world.wait_for(ray.ready("kept", 1))
    before = uids(served.world, "kept")
    plugin.scale("kept", "small", replicas=2)
    served.world.wait_for(ray.ready("kept", 2))
    assert before.items() <= uids(served.world, "kept").items()


def test_create_workergroup_adds_a_group_and_leaves_the_others(served, plugin):
    served.create(said_oddly("grown"))
    served.world.wait_for(ray.ready("grown", 1))
    before = uids(served.world, "grown")
    plugin.create_workergroup("grown", "big", 2)
    served.world.wait_for(ray.ready("grown", 3))
    assert before.items() <= uids(served.world, "grown").items()
    assert served.world.condition("grown", "OutdatedPods").get("status") != "True"
    assert plugin.get_workergroup("grown") == [("small", 0, 1000, 1, 1), ("big", 1, 10, 2, 2)]
    big = served.world.pods("grown", group="big")
    assert {(pod["metadata"]["labels"]["ray.io/node-type"], pod["spec"]["containers"][0]["resources"]["limits"]["memory"]) for pod in big} == {("worker", "4Gi")}


def test_delete_takes_everything_along(served, plugin):
    plugin.create_cluster(created("gone", 2))
    plugin.wait("gone")
    plugin.delete("gone")
    served.world.wait_for(lambda w: not w.cluster("gone") and not w.pods("gone", live=False) and not w.services("gone"))
    with pytest.raises(ApiError, match="404"):
        plugin.delete("gone")


def test_session_forwards_to_a_service_with_its_ports_that_selects_the_head_alone(served, plugin):
    plugin.create_cluster(created("session"))
    plugin.wait("session")
    service = plugin.session("session")
    ports = {port["port"]: port.get("targetPort", port["port"]) for port in service["spec"]["ports"]}
    container = served.world.pods("session", "head")[0]["spec"]["containers"][0]
    known = {port["name"]: port["containerPort"] for port in container["ports"]}
    for number in (8265, 10001):
        assert known.get(ports[number], ports[number]) == number
    selector = ",".join(f"{key}={value}" for key, value in service["spec"]["selector"].items())
    assert [pod["metadata"]["name"] for pod in plugin.list("pods", served.ns, labelSelector=selector)] == [served.world.status("session")["head"]["podName"]]


def test_log_finds_the_ray_container_first_whatever_stands_beside_it(served, plugin):
    served.create(ray.cluster(
        "logged", ("small", 2), enableInTreeAutoscaling=True,
        historyServerOptions={"collectorOptions": {"image": "quay.io/kuberay/collector:1", "env": [{"name": "STORAGE_BACKEND", "value": "local"}]}}))
    served.world.wait_for(ray.ready("logged", 2))
    head = [(name, "ray-head") for name in served.world.names(cluster="logged", role="head")]
    workers = sorted((name, "ray-worker") for name in served.world.names(cluster="logged", role="worker"))
    assert plugin.log("logged", "head") == head and sorted(plugin.log("logged", "worker")) == workers
    assert sorted(plugin.log("logged")) == sorted(head + workers)


def test_job_submit_sees_a_cluster_that_is_ready(served, plugin):
    """What it waits for, of the cluster of its RayJob: for two minutes, and then it deletes the RayJob."""
    plugin.create_cluster(created("of-a-job"))
    status = plugin.wait("of-a-job")["status"]
    assert status["state"] == "ready"
    served.world.wait_for(lambda w: w.condition("of-a-job", "Ready").get("status") == "True")
