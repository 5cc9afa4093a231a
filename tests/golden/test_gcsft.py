"""What a cluster may not say about fault tolerance: each rule with the path of what is wrong, and what is just about allowed."""
import pytest
import yaml

from renderer import NOW, allowed, refused, render

pytestmark = pytest.mark.asan

OPTIONS, HEAD = "/spec/gcsFaultToleranceOptions", "/spec/headGroupSpec"
C0 = f"{HEAD}/template/spec/containers/0"
REDIS, ROCKS = {"redisAddress": "redis:6379"}, {"backend": "rocksdb"}


def cluster(options=None, notes=None, params=None, env=(), **pod):
    ray = {"name": "ray", "image": "i", "env": [{"name": n, "value": "x"} for n in env], **{k: v for k, v in pod.items() if k == "volumeMounts"}}
    return {
        "apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c", "annotations": notes or {}},
        "spec": {
            **({"gcsFaultToleranceOptions": options} if options is not None else {}),
            "headGroupSpec": {"rayStartParams": params or {},
                              "template": {"spec": {"containers": [ray], **{k: v for k, v in pod.items() if k == "volumes"}}}}}}


REFUSED = {
    "annotation and options": (cluster(REDIS, {"ray.io/ft-enabled": "false"}), "/metadata/annotations/ray.io~1ft-enabled"),
    "an address without fault tolerance": (cluster(env=["RAY_REDIS_ADDRESS"]), f"{C0}/env/[RAY_REDIS_ADDRESS]"),
    "a password as a parameter": (cluster(REDIS, params={"redis-password": "x"}), f"{HEAD}/rayStartParams/redis-password"),
    "a password in env": (cluster(REDIS, env=["REDIS_PASSWORD"]), f"{C0}/env/[REDIS_PASSWORD]"),
    "an address in env": (cluster(REDIS, env=["RAY_REDIS_ADDRESS"]), f"{C0}/env/[RAY_REDIS_ADDRESS]"),
    "the storage's name as an annotation": (cluster(REDIS, {"ray.io/external-storage-namespace": "n"}), "/metadata/annotations/ray.io~1external-storage-namespace"),
    "a user as a parameter": (cluster(params={"redis-username": "x"}), f"{HEAD}/rayStartParams/redis-username"),
    "a user in env": (cluster(env=["REDIS_USERNAME"]), f"{C0}/env/[REDIS_USERNAME]"),
    "a backend that is none": (cluster({"backend": "etcd"}), f"{OPTIONS}/backend"),
    "storage with redis": (cluster({**REDIS, "storage": {"size": "1Gi"}}), f"{OPTIONS}/storage"),
    "an address with rocksdb": (cluster({**ROCKS, **REDIS}), f"{OPTIONS}/redisAddress"),
    "a user with rocksdb": (cluster({**ROCKS, "redisUsername": {"value": "u"}}), f"{OPTIONS}/redisUsername"),
    "a password with rocksdb": (cluster({**ROCKS, "redisPassword": {"value": "u"}}), f"{OPTIONS}/redisPassword"),
    "a storage name with rocksdb": (cluster({**ROCKS, "externalStorageNamespace": "n"}), f"{OPTIONS}/externalStorageNamespace"),
    "a claim and its size": (cluster({**ROCKS, "storage": {"claimName": "c", "size": "1Gi"}}), f"{OPTIONS}/storage/size"),
    "a claim and its class": (cluster({**ROCKS, "storage": {"claimName": "c", "storageClassName": "s"}}), f"{OPTIONS}/storage/storageClassName"),
    "a claim and its modes": (cluster({**ROCKS, "storage": {"claimName": "c", "accessModes": ["ReadWriteOnce"]}}), f"{OPTIONS}/storage/accessModes"),
    "the storage variable": (cluster(ROCKS, env=["RAY_gcs_storage"]), f"{C0}/env/[RAY_gcs_storage]"),
    "the storage path variable": (cluster(ROCKS, env=["RAY_gcs_storage_path"]), f"{C0}/env/[RAY_gcs_storage_path]"),
    "a mount at the operator's place": (cluster(ROCKS, volumeMounts=[{"name": "mine", "mountPath": "/data/gcs"}]), f"{C0}/volumeMounts"),
    "a mount of the operator's name": (cluster(ROCKS, volumeMounts=[{"name": "gcs-storage", "mountPath": "/x"}]), f"{C0}/volumeMounts"),
    "a volume of the operator's name": (cluster(ROCKS, volumes=[{"name": "gcs-storage", "emptyDir": {}}]), f"{HEAD}/template/spec/volumes/[gcs-storage]"),
    "options that are a text": (cluster("yes"), OPTIONS),
    "an address that is a list": (cluster({"redisAddress": ["redis:6379"]}), f"{OPTIONS}/redisAddress"),
    "a user that is a text": (cluster({**REDIS, "redisUsername": "u"}), f"{OPTIONS}/redisUsername"),
    "a password that is a text": (cluster({**REDIS, "redisPassword": "u"}), f"{OPTIONS}/redisPassword"),
    "a backend that is a number": (cluster({"backend": 7}), f"{OPTIONS}/backend"),
}
ALLOWED = {
    "no fault tolerance": cluster(),
    "the annotation alone": cluster(notes={"ray.io/ft-enabled": "true"}, env=["RAY_REDIS_ADDRESS"]),
    "options alone": cluster(REDIS),
    "empty options": cluster({}),
    "a password as a parameter, by annotation": cluster(notes={"ray.io/ft-enabled": "true"}, params={"redis-password": "x"}),
    "rocksdb alone": cluster(ROCKS),
    "a claim of the user's": cluster({**ROCKS, "storage": {"claimName": "c", "subPath": "s"}}),
}


def file_of(tmp_path, obj):
    file = tmp_path / "cr.yaml"
    file.write_text(yaml.safe_dump(obj))
    return file


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_it_is_refused_with_its_path(tmp_path, case):
    refused(tmp_path, *REFUSED[case])


@pytest.mark.parametrize("case", sorted(ALLOWED))
def test_it_is_allowed(tmp_path, case):
    allowed(tmp_path, ALLOWED[case])


@pytest.mark.parametrize("given", [{}, {"value": None}])
def test_a_password_that_says_nothing_is_none(tmp_path, given):
    path = file_of(tmp_path, cluster({**REDIS, "redisPassword": given}))
    ray = next(obj for obj in render(path) if obj["kind"] == "Pod")["spec"]["containers"][0]
    assert "REDIS_PASSWORD" not in {entry["name"] for entry in ray["env"]}
    assert "redis-password" not in str(ray)


def test_env_of_the_head_has_the_peers_order(tmp_path):
    """The user's, the autoscaler's, the storage's, then Ray's own."""
    body = cluster(REDIS, env=["MINE"])
    body["spec"].update(enableInTreeAutoscaling=True, autoscalerOptions={"version": "v2"})
    file = tmp_path / "cr.yaml"
    file.write_text(yaml.safe_dump(body))
    head = next(obj for obj in render(*NOW, file) if obj["kind"] == "Pod")
    names = [entry["name"] for entry in head["spec"]["containers"][0]["env"]]
    assert names[:4] == ["MINE", "RAY_enable_autoscaler_v2", "RAY_external_storage_namespace", "RAY_REDIS_ADDRESS"], names
    assert names.index("RAY_CLUSTER_NAME") == 4, names
