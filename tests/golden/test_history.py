"""What a cluster may say about its collector."""
import json

import pytest

from renderer import NOW, run

pytestmark = pytest.mark.asan
OPTIONS = "/spec/historyServerOptions"
COLLECTOR = f"{OPTIONS}/collectorOptions"
WELL = {"image": "example.com/collector:1", "env": [{"name": "STORAGE_BACKEND", "value": "local"}]}


def said(tmp_path, options, *args, containers=({"name": "ray", "image": "i"},), worker="ray"):
    """(exit code, what is told) of a cluster with these historyServerOptions."""
    group = {"groupName": "w", "template": {"spec": {"containers": [{"name": "ray", "image": "i"}, {"name": worker + "-side", "image": "i"}]}}}
    if worker != "ray":
        group["template"]["spec"]["containers"][1]["name"] = worker
    spec = {"headGroupSpec": {"template": {"spec": {"containers": list(containers)}}}, "workerGroupSpecs": [group], "historyServerOptions": options}
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"}, "spec": spec}))
    done = run("render", *NOW, *args, file)
    return done.returncode, done.stderr


def backend(name, *env, **literals):
    """Options with this STORAGE_BACKEND, these names from somewhere and these literal values."""
    entries = [{"name": "STORAGE_BACKEND", "value": name}] + [{"name": e, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}} for e in env]
    return {"collectorOptions": {"image": "i", "env": entries + [{"name": k, "value": v} for k, v in literals.items()]}}


def test_an_image_and_a_backend_are_enough(tmp_path):
    assert said(tmp_path, {"collectorOptions": WELL}) == (0, "")


@pytest.mark.parametrize("options, path", [
    ({}, COLLECTOR), ({"collectorOptions": None}, COLLECTOR), ("x", OPTIONS), ({"collectorOptions": []}, COLLECTOR), ({"collectorOptions": {}}, f"{COLLECTOR}/image"),
    ({"collectorOptions": {"env": WELL["env"]}}, f"{COLLECTOR}/image"), ({"collectorOptions": {**WELL, "image": 1}}, f"{COLLECTOR}/image"),
    ({"collectorOptions": {**WELL, "imagePullPolicy": 1}}, f"{COLLECTOR}/imagePullPolicy"), ({"collectorOptions": {**WELL, "resources": 1}}, f"{COLLECTOR}/resources"),
    ({"collectorOptions": {**WELL, "env": {}}}, f"{COLLECTOR}/env"), ({"collectorOptions": {**WELL, "env": [{"value": "x"}]}}, f"{COLLECTOR}/env/0/name"),
    ({"collectorOptions": {**WELL, "env": [{"name": "A", "value": 1}]}}, f"{COLLECTOR}/env/0/value")], ids=str)
def test_options_that_are_none(tmp_path, options, path):
    code, text = said(tmp_path, options)
    assert code == 1 and f" {path}: " in text, text


def test_an_image_of_the_site_will_do(tmp_path):
    assert said(tmp_path, {"collectorOptions": {"env": WELL["env"]}}, "--set", "plugin:history.image=example.com/site:1")[0] == 0


@pytest.mark.parametrize("name", ["POD_IP", "FQ_RAY_IP", "RAY_CLUSTER_NAME", "RAY_CLUSTER_NAMESPACE", "RAY_ROLE", "OWNER_KIND", "OWNER_NAME", "EVENTS_PORT"])
def test_names_that_are_the_operators(tmp_path, name):
    code, text = said(tmp_path, {"collectorOptions": {**WELL, "env": [*WELL["env"], {"name": name, "value": "x"}]}})
    assert code == 1 and f" {COLLECTOR}/env/1/name: {name} is set by the operator" in text, text


ENOUGH = [backend("GCS", "GCS_BUCKET"), backend("gcs", GCS_BUCKET="b"), backend("S3", S3_REGION="r"), backend("AzureBlob", "AZURE_STORAGE_CONNECTION_STRING"),
          backend("AZUREBLOB", AZURE_STORAGE_ACCOUNT_URL="u"), backend("azureblob", "AZURE_STORAGE_CONNECTION_STRING", AZURE_STORAGE_AUTH_MODE="connection_string"),
          backend("azureblob", "AZURE_STORAGE_ACCOUNT_URL", AZURE_STORAGE_AUTH_MODE="workload_identity"), backend("AliyunOSS", "OSS_BUCKET", OSS_ENDPOINT="e", OSS_REGION="r"),
          backend("something-else")]
TOO_LITTLE = [(backend("GCS"), "GCS_BUCKET"), (backend("S3", "GCS_BUCKET"), "S3_REGION"), (backend("S3", S3_REGION=""), "S3_REGION"),
              (backend("AZUREBLOB"), "AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_URL"),
              (backend("AZUREBLOB", "AZURE_STORAGE_ACCOUNT_URL", AZURE_STORAGE_AUTH_MODE="connection_string"), "AZURE_STORAGE_CONNECTION_STRING"),
              (backend("AZUREBLOB", "AZURE_STORAGE_CONNECTION_STRING", AZURE_STORAGE_AUTH_MODE="default"), "AZURE_STORAGE_ACCOUNT_URL"),
              (backend("ALIYUNOSS", "OSS_BUCKET", "OSS_REGION"), "OSS_ENDPOINT"), (backend(""), "STORAGE_BACKEND"),
              ({"collectorOptions": {"image": "i", "env": [{"name": "STORAGE_BACKEND", "valueFrom": {}}]}}, "STORAGE_BACKEND"), ({"collectorOptions": {"image": "i"}}, "STORAGE_BACKEND")]


@pytest.mark.parametrize("options", ENOUGH, ids=lambda o: "-".join(e.get("value", e["name"]) for e in o["collectorOptions"]["env"]))
def test_what_a_backend_must_be_told(tmp_path, options):
    assert said(tmp_path, options) == (0, "")


@pytest.mark.parametrize("options, missing", TOO_LITTLE, ids=[f"{i}-{m.split()[0]}" for i, (_, m) in enumerate(TOO_LITTLE)])
def test_what_a_backend_was_not_told(tmp_path, options, missing):
    code, text = said(tmp_path, options)
    assert code == 1 and f" {COLLECTOR}/env: " in text and missing in text, text


def test_its_name_is_nobody_elses(tmp_path):
    name = "ray-history-collector"
    code, text = said(tmp_path, {"collectorOptions": WELL}, containers=({"name": "ray", "image": "i"}, {"name": name, "image": "i"}), worker=name)
    assert code == 1 and " /spec/headGroupSpec/template/spec/containers/1/name: " in text, text
    assert " /spec/workerGroupSpecs/0/template/spec/containers/1/name " in text, text
    assert said(tmp_path, None, containers=({"name": "ray", "image": "i"}, {"name": name, "image": "i"}))[0] == 0


@pytest.mark.parametrize("key, value", [("folder", "tmp"), ("port", "0"), ("cpu", "much"), ("image-pull-policy", "Sometimes")])
def test_options_of_the_plugin_that_are_none_stop_the_start_with_their_place(tmp_path, key, value):
    ini = tmp_path / "raykeeper.ini"
    ini.write_text(f"[plugin:history]\n\n{key} = {value}\n")
    done = run("conf", "--config", ini)
    assert done.returncode == 78 and f"{ini}:3: " in done.stderr and key in done.stderr, done.stderr
