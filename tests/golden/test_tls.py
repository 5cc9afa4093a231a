"""What a cluster may not say itself where the operator encrypts, and the script that waits for a pod's own address: it is run, beside a real openssl."""
import json
import os
import subprocess

import pytest

from renderer import allowed, refused, render, run

pytestmark = pytest.mark.asan

CONTAINER, NAMES = "/template/spec/containers/0", ("RAY_USE_TLS", "RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_CA_CERT")
GROUPS = {"head": "/spec/headGroupSpec", "worker": "/spec/workerGroupSpecs/0"}


def cluster(role=None, container=None, enabled=True, pod=None, **spec):
    """One of the two groups with these fields in its Ray container, and in its pod."""
    def group(name):
        own = name == role
        return {"template": {"spec": {"containers": [{"name": "ray", "image": "i", **(container or {} if own else {})}], **(pod or {} if own else {})}}}
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"},
            "spec": {"tlsOptions": {"enabled": enabled}, "headGroupSpec": group("head"), "workerGroupSpecs": [{"groupName": "g", "replicas": 1, **group("worker")}], **spec}}


def env(name):
    return {"env": [{"name": "A"}, {"name": name, "value": "0"}]}


def mount(name, path):
    return {"volumeMounts": [{"name": name, "mountPath": path}]}


REFUSED = {
    **{f"{name} of the {role}": (cluster(role, env(name)), f"{path}{CONTAINER}/env/1") for role, path in GROUPS.items() for name in NAMES},
    **{f"{what} of the {role}": (cluster(role, mount(*at)), f"{path}{CONTAINER}/volumeMounts/0") for role, path in GROUPS.items()
       for what, at in {"the volume": ("ray-tls", "/x"), "the place": ("x", "/etc/ray/tls"), "the place with a slash": ("x", "/etc/ray/tls/")}.items()},
    "a variable of the autoscaler": (cluster(autoscalerOptions=env("RAY_USE_TLS")), "/spec/autoscalerOptions/env/1"),
    "a mount of the autoscaler": (cluster(autoscalerOptions=mount("x", "/etc/ray/tls")), "/spec/autoscalerOptions/volumeMounts/0"),
    "a volume of that name": (cluster("worker", pod={"volumes": [{"name": "ray-tls", "emptyDir": {}}]}), "/spec/workerGroupSpecs/0/template/spec/volumes/0"),
    "an init container of that name": (cluster("head", pod={"initContainers": [{"name": "wait-for-tls-ip-san", "image": "i"}]}), "/spec/headGroupSpec/template/spec/initContainers/0"),
    "options that are no map": (cluster() | {"spec": cluster()["spec"] | {"tlsOptions": []}}, "/spec/tlsOptions"),
    "a switch that is a word": (cluster(enabled="true"), "/spec/tlsOptions/enabled"),
}
ALLOWED = {
    "nothing of it": cluster("head", {**env("B"), **mount("x", "/etc/ray")}),
    "all of it where the operator does not encrypt": cluster("head", {**env("RAY_USE_TLS"), **mount("ray-tls", "/etc/ray/tls")}, enabled=False),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_its_path(tmp_path, what):
    refused(tmp_path, *REFUSED[what])


@pytest.mark.parametrize("what", ALLOWED)
def test_allowed(tmp_path, what):
    allowed(tmp_path, ALLOWED[what])


@pytest.mark.parametrize("which", ["duration", "ca-duration"])
def test_a_life_that_cert_manager_refuses_stops_the_start(which):
    before = which.replace("duration", "renew-before")
    done = run("conf", "--set", f"plugin:tls.{which}=59m", "--set", f"plugin:tls.{before}=5m")
    assert done.returncode == 78 and f"{which}: at least 1h" in done.stderr, done.stderr
    done = run("conf", "--set", f"plugin:tls.{which}=60m", "--set", f"plugin:tls.{before}=5m")
    assert done.returncode == 0, done.stderr


# ---- the script ----

@pytest.fixture
def certificates(tmp_path):
    """(folder that is mounted, a function that puts a certificate of these addresses there)."""
    folder = tmp_path / "tls"
    folder.mkdir()

    def put(*addresses):
        made = tmp_path / "made.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key", "-out", made, "-days", "1", "-subj", "/CN=x",
                        "-addext", "subjectAltName=" + ",".join(f"IP:{a}" for a in addresses)], check=True, capture_output=True, timeout=60)
        made.rename(folder / "tls.crt")
    return folder, put


def waiting(tmp_path, folder, address, path=None):
    file = tmp_path / "cr.json"
    file.write_text(json.dumps(cluster()))
    pod = next(obj for obj in render("--set", f"plugin:tls.mount={folder}", "--set", "plugin:tls.wait-interval=1s", file) if obj["kind"] == "Pod")
    first = pod["spec"]["initContainers"][0]
    assert first["name"] == "wait-for-tls-ip-san" and first["command"] == ["sh", "-c"]
    assert [e for e in first["env"] if e["name"] == "POD_IP"] == [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    return subprocess.Popen(["/bin/sh", "-c", *first["args"]], env={"PATH": path or os.environ["PATH"], "POD_IP": address},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize("address", ["10.0.0.1", "fd00::5", "fd00:0:0:0:0:0:0:5"])
def test_the_wait_ends_where_the_certificate_names_the_pod_however_it_is_written(tmp_path, certificates, address):
    folder, put = certificates
    put("127.0.0.1", "10.0.0.1", "fd00:0::5")
    out, _ = waiting(tmp_path, folder, address).communicate(timeout=60)
    assert out == f"the certificate names {address}\n"


def test_the_wait_goes_on_until_the_certificate_names_the_pod(tmp_path, certificates):
    folder, put = certificates
    child = waiting(tmp_path, folder, "10.0.0.1")
    try:
        assert child.stdout.readline() == "waiting for 10.0.0.1 in the certificate\n", "there is none yet"
        put("127.0.0.1", "10.0.0.11")
        assert child.stdout.readline().startswith("waiting"), "that is another's address"
        put("127.0.0.1", "10.0.0.11", "10.0.0.1")
        rest, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    assert rest.endswith("the certificate names 10.0.0.1\n") and child.returncode == 0


def test_without_openssl_the_wait_fails_and_says_so(tmp_path, certificates):
    child = waiting(tmp_path, certificates[0], "10.0.0.1", path=str(tmp_path))
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 1 and "openssl" in out
