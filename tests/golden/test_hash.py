"""What a pod was made from (the hashes for Recreate and for OutdatedPods): the meaning counts, however it is written. Who writes an object back through
types of its own (`kubectl ray scale`) changes the spelling; that is no edit."""
import copy
import json

import pytest

from renderer import render

pytestmark = pytest.mark.asan
HASHES = ("ray.io/upgrade-strategy-recreate-hash", "raykeeper.io/template-hash")


def container(**more):
    return {"name": "ray-worker", "image": "example.com/ray:1", **more}


def pod(**more):
    return {"containers": [container()], **more}


def hashes(tmp_path, group):
    obj = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"}, "spec": {
        "upgradeStrategy": {"type": "Recreate"},
        "headGroupSpec": {"template": {"spec": pod()}},
        "workerGroupSpecs": [{"groupName": "g", "replicas": 1, **copy.deepcopy(group)}]}}
    file = tmp_path / "c.json"
    file.write_text(json.dumps(obj))
    pods = {o["metadata"]["labels"]["ray.io/node-type"]: o["metadata"]["annotations"] for o in render(file) if o["kind"] == "Pod"}
    return pods["head"][HASHES[0]], pods["worker"][HASHES[1]]


def of_container(**more):
    return {"template": {"spec": {"containers": [container(**more)]}}}


def amounts(cpu, memory):
    return of_container(resources={"limits": {"cpu": cpu, "memory": memory}, "requests": {"cpu": cpu}})


SAME = {
    "amounts": (amounts(1, "2048Mi"), amounts("1000m", "2Gi")),
    "fractions": (amounts(0.5, "1000M"), amounts("500m", "1G")),
    "empty-resources": (of_container(), of_container(resources={})),
    "empty-limits": (of_container(), of_container(resources={"limits": {}, "requests": None})),
    "empty-metadata": ({"template": {"spec": pod()}}, {"template": {"metadata": {"labels": {}, "annotations": {}}, "spec": pod()}}),
    "scale-strategy": ({"template": {"spec": pod()}}, {"scaleStrategy": {}, "template": {"spec": pod()}}),
    "start-parameters": ({"template": {"spec": pod()}}, {"rayStartParams": {}, "template": {"spec": pod()}}),
    "empty-lists": (of_container(args=[], env=[]), of_container()),
    "empty-texts": (of_container(env=[{"name": "A", "value": ""}]), of_container(env=[{"name": "A"}])),
    "false-by-default": ({"template": {"spec": pod(hostNetwork=False)}}, {"template": {"spec": pod()}}),
    "read-only": (of_container(volumeMounts=[{"name": "a", "mountPath": "/a", "readOnly": False}]), of_container(volumeMounts=[{"name": "a", "mountPath": "/a"}])),
    "size-limit": ({"template": {"spec": pod(volumes=[{"name": "a", "emptyDir": {"sizeLimit": "1024Mi"}}])}},
                   {"template": {"spec": pod(volumes=[{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}])}}),
    "delay": (of_container(livenessProbe={"tcpSocket": {"port": 1}, "initialDelaySeconds": 0}), of_container(livenessProbe={"tcpSocket": {"port": 1}})),
    "given-by-the-definition": ({"numOfHosts": 1, "priority": 0, "template": {"spec": pod(volumes=[{"name": "a", "azureDisk": {
        "diskName": "d", "diskURI": "u", "kind": "Shared", "cachingMode": "ReadWrite"}}])}},
                                {"template": {"spec": pod(volumes=[{"name": "a", "azureDisk": {"diskName": "d", "diskURI": "u"}}])}}),
}
OTHER = {
    "more": (amounts(1, "2Gi"), amounts(1, "2G")),
    "image": (of_container(image="a"), of_container(image="b")),
    "service-links": ({"template": {"spec": pod(enableServiceLinks=False)}}, {"template": {"spec": pod()}}),
    "grace": ({"template": {"spec": pod(terminationGracePeriodSeconds=0)}}, {"template": {"spec": pod()}}),
    "volume": ({"template": {"spec": pod(volumes=[{"name": "a", "emptyDir": {}}])}}, {"template": {"spec": pod(volumes=[{"name": "a"}])}}),
    "label": ({"template": {"metadata": {"labels": {"a": ""}}, "spec": pod()}}, {"template": {"spec": pod()}}),
    "flag": ({"rayStartParams": {"block": ""}, "template": {"spec": pod()}}, {"template": {"spec": pod()}}),
    "node": ({"template": {"spec": pod(nodeSelector={"gpu": ""})}}, {"template": {"spec": pod()}}),
    "hosts": ({"numOfHosts": 2, "template": {"spec": pod()}}, {"numOfHosts": 1, "template": {"spec": pod()}}),
    "azure-disk": ({"template": {"spec": pod(volumes=[{"name": "a", "azureDisk": {"kind": "Managed"}}])}},
                   {"template": {"spec": pod(volumes=[{"name": "a", "azureDisk": {}}])}}),
    "order": (of_container(args=["a", "b"]), of_container(args=["b", "a"])),
    "env": (of_container(env=[{"name": "A", "value": "1"}]), of_container(env=[{"name": "A", "value": "1.0"}])),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_another_spelling_is_no_edit(tmp_path, pair):
    assert hashes(tmp_path, pair[0]) == hashes(tmp_path, pair[1])


@pytest.mark.parametrize("pair", OTHER.values(), ids=OTHER)
def test_an_edit_is_an_edit(tmp_path, pair):
    (head, worker), (other_head, other_worker) = (hashes(tmp_path, group) for group in pair)
    assert head != other_head and worker != other_worker
