"""Encryption (4.11): what cert-manager is asked for, pods that wait for it, certificates that follow the pods. Its kinds are stood in for by two small CRDs, and the test
plays cert-manager: it issues what is asked for, or does not. A control plane of its own, which has these kinds from the second test on."""
import subprocess

import pytest

from lib import ray
from lib.controlplane import ControlPlane
from lib.kube import ApiError, World
from lib.operator import Operator, binary

KINDS = ("rayclusters", "pods", "services", "events", "issuers", "certificates", "secrets")
SEALED = {"tlsOptions": {"enabled": True}}
KEYS = {"tls.crt": "Y3J0", "tls.key": "a2V5", "ca.crt": "Y2E="}


def kind(plural, name):
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.cert-manager.io"},
            "spec": {"group": "cert-manager.io", "scope": "Namespaced", "names": {"plural": plural, "singular": name.lower(), "kind": name, "listKind": f"{name}List"},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}}}]}}


@pytest.fixture(scope="module")
def plane():
    p = ControlPlane()
    yield p
    p.down()


@pytest.fixture(scope="module")
def manager(plane):
    """The kinds of cert-manager, as soon as they can be listed: what was asked for too early counts as absent for a minute."""
    for plural, name in (("issuers", "Issuer"), ("certificates", "Certificate")):
        plane.kube.create(kind(plural, name))
        plane.established(f"{plural}.cert-manager.io")
    world = World(plane.kube, None, ("issuers", "certificates"))
    try:
        world.wait_for(lambda w: True, what="lists of cert-manager's kinds")
    finally:
        world.close()


@pytest.fixture(scope="module")
def running(plane, manager):
    op = Operator(plane.kubeconfig).wait_leading()
    yield op
    op.close()


@pytest.fixture
def tls(served):
    """An operator that has found cert-manager's kinds at its start, and a world with certificates in it."""
    served.all = World(served.kube, served.ns, KINDS, explain=[served.tails])
    served.worlds.append(served.all)
    yield served


def condition(cert, kind):
    return next((c for c in cert.get("status", {}).get("conditions", []) if c["type"] == kind), {})


def pending(world):
    return [c for c in world.all("certificates") if condition(c, "Ready").get("observedGeneration") != c["metadata"]["generation"]]


def say(live, cert, status, message=""):
    """cert-manager's word about what is asked for now; an older one is answered by a later look."""
    ready = {"type": "Ready", "status": status, "reason": "Said", "message": message, "observedGeneration": cert["metadata"]["generation"],
             "lastTransitionTime": "2026-01-02T03:04:05Z"}
    try:
        live.kube.patch("certificates", live.ns, cert["metadata"]["name"], {"status": {"conditions": [ready]}}, subresource="status")
    except ApiError as e:
        assert e.code == 404, e


def issue(live, cert):
    name, labels = cert["spec"]["secretName"], cert["spec"]["secretTemplate"]["labels"]
    if live.kube.find("secrets", live.ns, name) is None:
        live.kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "labels": labels}, "data": KEYS, "type": "kubernetes.io/tls"}, live.ns)
    say(live, cert, "True")


def until(live, predicate, what):
    """The world as it becomes while cert-manager answers all that it is asked for."""
    while True:
        live.all.wait_for(lambda w: predicate(w) or pending(w), what=what)
        asked = pending(live.all)
        if not asked:
            return
        for cert in asked:
            issue(live, cert)


def cert(world, name):
    return world.tables["certificates"].get(name)


def addresses(world, name):
    return sorted((cert(world, name) or {"spec": {}})["spec"].get("ipAddresses", []))


def wanted(world, cluster, role):
    return sorted(["127.0.0.1", *(ip["ip"] for pod in world.pods(cluster, role) for ip in pod["status"].get("podIPs", []))])


def follows(cluster, workers):
    """All pods run, and both certificates name them, and no others."""
    def look(world):
        return (ray.ready(cluster, workers)(world) and not pending(world)
                and all(addresses(world, f"ray-{role}-cert-{cluster}") == wanted(world, cluster, role) for role in ("head", "worker"))
                and len(wanted(world, cluster, "worker")) == workers + 1)
    return look


def test_without_cert_manager_such_a_cluster_is_refused(live):
    """First in the file: afterwards there is one."""
    live.start()
    live.create(ray.cluster("clear", ("small", 1), **SEALED))
    told = live.world.wait_for(lambda w: w.events("clear", "InvalidRayClusterSpec"), what="the refusal")
    live.world.wait_for(lambda w: w.condition("clear", "InvalidSpec").get("status") == "True")
    assert "/spec/tlsOptions/enabled" in told[0]["note"] and "cert-manager.io/v1" in told[0]["note"]
    assert not live.writes(resource="pods") and not live.writes(resource="services")


@pytest.mark.asan
def test_no_pod_is_made_before_the_certificates_and_they_follow_the_pods(tls):
    tls.create(ray.cluster("sealed", ("small", 2), **SEALED))
    tls.all.wait_for(lambda w: len(w.all("certificates")) == 3 and len(w.all("issuers")) == 2
                     and w.condition("sealed", "CertificatesReady").get("status") == "False", what="what cert-manager is asked for")
    uid = tls.all.cluster("sealed")["metadata"]["uid"]
    assert set(tls.all.tables["issuers"]) == {"ray-selfsigned-issuer-sealed", "ray-ca-issuer-sealed"}
    assert {c["metadata"]["name"]: c["spec"]["secretName"] for c in tls.all.all("certificates")} == {
        "ray-ca-certificate-sealed": f"sealed-ca-secret-{uid[:8]}", "ray-head-cert-sealed": "ray-head-secret-sealed", "ray-worker-cert-sealed": "ray-worker-secret-sealed"}
    assert sorted(cert(tls.all, "ray-head-cert-sealed")["spec"]["dnsNames"]) == ["localhost", f"sealed-head-svc.{tls.ns}.svc.cluster.local"]
    for obj in tls.all.all("certificates") + tls.all.all("issuers"):
        assert [(r["kind"], r["uid"], r["controller"]) for r in obj["metadata"]["ownerReferences"]] == [("RayCluster", uid, True)]
    # One of the two is not enough.
    for name in ("ray-ca-certificate-sealed", "ray-head-cert-sealed"):
        issue(tls, cert(tls.all, name))
    say(tls, cert(tls.all, "ray-worker-cert-sealed"), "False", "the issuer is tired")
    tls.all.wait_for(lambda w: "the issuer is tired" in w.condition("sealed", "CertificatesReady").get("message", "") and "ray-head" not in
                     w.condition("sealed", "CertificatesReady")["message"], what="the certificate that is missing, told")
    assert not tls.all.pods("sealed", live=False) and not tls.writes(resource="pods")
    issue(tls, cert(tls.all, "ray-worker-cert-sealed"))
    until(tls, follows("sealed", 2), "pods, and certificates with their addresses")
    for pod in tls.all.pods("sealed"):
        role = pod["metadata"]["labels"]["ray.io/node-type"]
        assert {"name": "ray-tls", "secret": {"secretName": f"ray-{role}-secret-sealed", "defaultMode": 420}} in pod["spec"]["volumes"]
        assert pod["spec"]["initContainers"][0]["name"] == "wait-for-tls-ip-san"
    # Secrets that cert-manager left without an owner go with the cluster.
    tls.all.wait_for(lambda w: len(w.all("secrets")) == 3 and all(
        [r["uid"] for r in s["metadata"].get("ownerReferences", [])] == [uid] for s in w.all("secrets")), what="Secrets with an owner")
    tls.scale("sealed", 1)
    until(tls, follows("sealed", 1), "the address of the worker that went is gone")
    tls.all.wait_for(lambda w: w.condition("sealed", "CertificatesReady").get("status") == "True", what="certificates that are ready again, told")
    assert not [e for e in tls.all.events("sealed") if e["type"] == "Warning"]


def test_pods_that_run_stay_when_a_certificate_is_lost_and_new_ones_wait(tls):
    tls.create(ray.cluster("lost", ("small", 1), **SEALED))
    until(tls, follows("lost", 1), "a cluster that runs")
    before = tls.all.names(cluster="lost")
    say(tls, cert(tls.all, "ray-worker-cert-lost"), "False", "revoked")
    tls.all.wait_for(lambda w: w.condition("lost", "CertificatesReady").get("status") == "False", what="the loss, told")
    tls.scale("lost", 3)
    tls.all.wait_for(lambda w: w.status("lost").get("observedGeneration") == w.cluster("lost")["metadata"]["generation"]
                     and w.status("lost").get("desiredWorkerReplicas") == 3, what="the edit to be seen")
    assert tls.all.names(cluster="lost", live=False) == before
    # Less is carried out all the same.
    tls.scale("lost", 0)
    tls.all.wait_for(lambda w: len(w.pods("lost")) == 1, what="the head alone")
    tls.scale("lost", 2)
    issue(tls, cert(tls.all, "ray-worker-cert-lost"))
    until(tls, follows("lost", 2), "two workers once there is a certificate")
    assert before & tls.all.names(cluster="lost", role="head"), "the head has been there all the time"


def test_what_a_certificate_says_is_kept_and_nothing_else_of_it(tls):
    tls.create(ray.cluster("kept", ("small", 1), **SEALED))
    until(tls, follows("kept", 1), "a cluster that runs")
    since = tls.audit.mark()
    name = "ray-worker-cert-kept"
    # The same in another order is not written again; what others add stays.
    tls.kube.patch("certificates", tls.ns, name, {"spec": {"ipAddresses": addresses(tls.all, name)[::-1], "revisionHistoryLimit": 3}})
    until(tls, lambda w: cert(w, name)["spec"].get("revisionHistoryLimit") == 3 and follows("kept", 1)(w), "the edit")
    tls.kube.patch("certificates", tls.ns, name, {"spec": {"ipAddresses": ["127.0.0.1"], "dnsNames": ["example.com"], "revisionHistoryLimit": 4}})
    until(tls, lambda w: cert(w, name)["spec"].get("revisionHistoryLimit") == 4 and cert(w, name)["spec"]["dnsNames"] == ["localhost"] and follows("kept", 1)(w),
          "what the cluster says, and what others said beside it")
    assert len([e for e in tls.writes(resource="certificates", since=since) if e["verb"] == "patch" and e["objectRef"]["name"] == name]) == 1


def test_a_cluster_that_is_made_again_at_once_has_an_authority_of_its_own(tls):
    """The first one's issuer is there for longer than its certificates: nothing is asked of it."""
    tls.create(ray.cluster("again", ("small", 1), **SEALED))
    until(tls, follows("again", 1), "a cluster that runs")
    first = tls.all.cluster("again")["metadata"]["uid"]
    tls.kube.patch("issuers", tls.ns, "ray-ca-issuer-again", {"metadata": {"finalizers": ["example.com/slow"]}})
    tls.kube.delete("rayclusters", tls.ns, "again")
    tls.create(ray.cluster("again", ("small", 1), **SEALED))
    second = tls.kube.get("rayclusters", tls.ns, "again")["metadata"]["uid"]
    assert first != second

    def owned(world, uid):
        return [obj["metadata"]["name"] for obj in world.all("issuers") + world.all("certificates") if [r["uid"] for r in obj["metadata"]["ownerReferences"]] == [uid]]
    tls.all.wait_for(lambda w: owned(w, first) == ["ray-ca-issuer-again"], what="the rest of the first one's to go")
    tls.all.wait_for(lambda w: "ray-ca-issuer-again exists and belongs to someone else" in w.condition("again", "raykeeper.io/HookFailed").get("message", ""), what="why nothing is made")
    assert not owned(tls.all, second) and not [p for p in tls.all.pods("again") if p["metadata"]["ownerReferences"][0]["uid"] == second]
    tls.kube.patch("issuers", tls.ns, "ray-ca-issuer-again", {"metadata": {"finalizers": None}})
    until(tls, lambda w: len(owned(w, second)) == 5 and follows("again", 1)(w), "the second one, with what is its own")
    tls.all.wait_for(lambda w: w.condition("again", "CertificatesReady").get("status") == "True" and not w.condition("again", "raykeeper.io/HookFailed"), what="all well")


def test_what_is_the_operators_is_refused_in_the_template(tls):
    mine = ray.cluster("mine", ("small", 1), **SEALED)
    mine["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "RAY_USE_TLS", "value": "0"}]
    tls.create(mine)
    told = tls.all.wait_for(lambda w: w.events("mine", "InvalidRayClusterSpec"), what="the refusal")
    assert "/spec/headGroupSpec/template/spec/containers/0/env/0" in told[0]["note"] and "RAY_USE_TLS" in told[0]["note"]
    assert not tls.all.pods("mine") and not [c for c in tls.all.all("certificates") if c["metadata"]["name"].endswith("-mine")]


def test_a_cluster_with_certificates_is_explained_as_if_they_were_issued(tls):
    tls.create(ray.cluster("told", ("small", 1), **SEALED))
    done = subprocess.run([binary(), "explain", "raycluster/told", "/spec/volumes", "-n", tls.ns, "--group", "small", "--kubeconfig", tls.plane.admin],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "ray-worker-secret-told" in done.stdout, done.stderr
