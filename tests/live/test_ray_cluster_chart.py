"""Chart ray-cluster, installed, upgraded and taken away by the real Helm while the operator runs; and what the server says to every golden case."""
from pathlib import Path

import pytest
import yaml

from lib import ray
from lib.helm import CHARTS, helm, must

CHART = CHARTS / "ray-cluster"
CASES = sorted(path.parent for path in (Path(__file__).resolve().parents[1] / "helm" / "ray-cluster").glob("*/want.yaml"))
AUTOSCALER = "an-autoscaler"


class Release:
    def __init__(self, live, name, tmp_path):
        self.live, self.name, self.values = live, name, tmp_path / "values.yaml"
        self.where = ("--namespace", live.ns)

    def run(self, verb, values, *args, call=must):
        self.values.write_text(yaml.safe_dump(values))
        return call(verb, self.name, CHART, *self.where, "--values", self.values, *args, kubeconfig=self.live.plane.admin)

    def uninstall(self, *args):
        return must("uninstall", self.name, *self.where, *args, kubeconfig=self.live.plane.admin)


@pytest.fixture
def release(served, tmp_path):
    return Release(served, "shop", tmp_path)


def edit(live, name, who, **fields):
    """A JSON patch of the first group, as Ray's autoscaler writes it, under a name of its own."""
    path = f"/apis/ray.io/v1/namespaces/{live.ns}/rayclusters/{name}?fieldManager={who}"
    return live.kube.request("PATCH", path, [{"op": "add", "path": f"/spec/workerGroupSpecs/0/{key}", "value": value} for key, value in fields.items()],
                             "application/json-patch+json")


def uids(world, name):
    return {pod["metadata"]["uid"] for pod in world.pods(name)}


def test_installed_it_becomes_ready_and_uninstalled_it_is_gone(served, release):
    release.run("install", {"worker": {"replicas": 2}})
    served.world.wait_for(ray.ready("shop-kuberay", 2))
    labels = served.world.cluster("shop-kuberay")["metadata"]["labels"]
    assert labels["app.kubernetes.io/instance"] == "shop" and labels["helm.sh/chart"].startswith("ray-cluster-")
    release.uninstall("--wait")
    served.world.wait_for(lambda w: not w.cluster("shop-kuberay") and not w.pods("shop-kuberay", live=False) and not w.services("shop-kuberay"))


def test_an_upgrade_of_replicas_replaces_no_pod(served, release):
    release.run("install", {})
    served.world.wait_for(ray.ready("shop-kuberay", 1))
    before = uids(served.world, "shop-kuberay")
    release.run("upgrade", {"worker": {"replicas": 3}})
    served.world.wait_for(ray.ready("shop-kuberay", 3))
    assert before < uids(served.world, "shop-kuberay")


def test_a_new_version_of_the_chart_replaces_no_pod_even_with_recreate(served, release, tmp_path):
    values = {"extraSpec": {"upgradeStrategy": {"type": "Recreate"}}}
    release.run("install", values)
    served.world.wait_for(ray.ready("shop-kuberay", 1))
    before, generation = uids(served.world, "shop-kuberay"), served.world.cluster("shop-kuberay")["metadata"]["generation"]
    must("package", CHART, "--version", "99.0.0", "--destination", tmp_path)
    release.values.write_text(yaml.safe_dump(values))
    must("upgrade", "shop", tmp_path / "ray-cluster-99.0.0.tgz", *release.where, "--values", release.values, kubeconfig=served.plane.admin)
    served.world.wait_for(lambda w: w.cluster("shop-kuberay")["metadata"]["labels"]["helm.sh/chart"] == "ray-cluster-99.0.0")
    assert served.world.cluster("shop-kuberay")["metadata"]["generation"] == generation
    assert uids(served.world, "shop-kuberay") == before


def test_an_upgrade_beside_the_autoscaler_leaves_it_its_numbers(served, release):
    values = {"head": {"enableInTreeAutoscaling": True}, "worker": {"replicas": 1, "maxReplicas": 9}}
    release.run("install", values)
    served.world.wait_for(ray.ready("shop-kuberay", 1))
    edit(served, "shop-kuberay", AUTOSCALER, replicas=4)
    served.world.wait_for(ray.ready("shop-kuberay", 4))
    before = uids(served.world, "shop-kuberay")
    release.run("upgrade", {**values, "worker": {"replicas": 1, "maxReplicas": 12}, "annotations": {"note": "x"}})
    served.world.wait_for(lambda w: w.cluster("shop-kuberay")["metadata"]["annotations"].get("note") == "x" and ray.ready("shop-kuberay", 4)(w))
    group, = served.world.cluster("shop-kuberay")["spec"]["workerGroupSpecs"]
    assert (group["replicas"], group["maxReplicas"]) == (4, 12) and uids(served.world, "shop-kuberay") == before
    victim = served.world.pods("shop-kuberay", "worker")[0]["metadata"]["name"]
    edit(served, "shop-kuberay", AUTOSCALER, replicas=3, scaleStrategy={"workersToDelete": [victim]})
    release.run("upgrade", values)
    served.world.wait_for(ray.ready("shop-kuberay", 3))
    group, = served.world.cluster("shop-kuberay")["spec"]["workerGroupSpecs"]
    assert victim not in served.world.names(cluster="shop-kuberay") and group["scaleStrategy"] == {"workersToDelete": [victim]}
    edit(served, "shop-kuberay", AUTOSCALER, replicas=5)
    served.world.wait_for(ray.ready("shop-kuberay", 5))


def test_without_an_autoscaler_a_number_that_others_wrote_is_not_taken_back_unasked(served, release):
    release.run("install", {})
    served.world.wait_for(ray.ready("shop-kuberay", 1))
    edit(served, "shop-kuberay", "somebody", replicas=3)
    done = release.run("upgrade", {"worker": {"replicas": 2}}, call=helm)
    assert done.returncode != 0 and '"somebody"' in done.stderr and '.spec.workerGroupSpecs[groupName="workergroup"].replicas' in done.stderr, done.stderr
    release.run("upgrade", {"worker": {"replicas": 2}}, "--force-conflicts")
    served.world.wait_for(ray.ready("shop-kuberay", 2))


def test_groups_come_and_go_with_the_values(served, release):
    release.run("install", {"additionalWorkerGroups": {"gpu": {"replicas": 1}}})
    served.world.wait_for(ray.ready("shop-kuberay", 2))
    kept = {pod["metadata"]["uid"] for pod in served.world.pods("shop-kuberay", group="workergroup")}
    release.run("upgrade", {"additionalWorkerGroups": {"smallGroup": {"disabled": False, "replicas": 2}}})
    served.world.wait_for(ray.ready("shop-kuberay", 3))
    assert not served.world.pods("shop-kuberay", group="gpu") and len(served.world.pods("shop-kuberay", group="smallGroup")) == 2
    assert {pod["metadata"]["uid"] for pod in served.world.pods("shop-kuberay", group="workergroup")} == kept


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_server_takes_what_is_rendered_and_drops_nothing(served, case):
    for doc in yaml.safe_load_all(case.joinpath("want.yaml").read_text().replace("<version>", "0.0.0")):
        doc["metadata"]["namespace"] = served.ns
        query = {"dryRun": "All", "fieldValidation": "Strict"}
        answer = served.kube.request("POST", f"/apis/ray.io/v1/namespaces/{served.ns}/rayclusters", doc, query=query)
        assert answer["metadata"]["name"] == doc["metadata"]["name"]
