"""config/helm/raykeeper by the real Helm: installed, upgraded, in the place of a release of KubeRay's chart, rolled back, taken away; and the operator of each works with
exactly the rights that it gave."""
from pathlib import Path

import pytest
import yaml

from lib import installed, ray
from lib.controlplane import ROOT
from lib.helm import CHARTS, helm, must
from lib.kube import ApiError

CHART = CHARTS / "raykeeper"
KUBERAY = Path(ROOT) / "tests" / "helm" / "raykeeper" / "kuberay" / "values.yaml"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
SECURE = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


@pytest.fixture(scope="module")
def plane():
    p = installed.Bare()
    yield p
    p.down()


class Release:
    """One release, in a namespace of its own that takes restricted pods alone."""

    def __init__(self, live, folder, name="raykeeper"):
        self.live, self.folder, self.name = live, folder, name
        self.home = live.plane.namespace("home")
        live.kube.patch("namespaces", None, self.home, {"metadata": {"labels": RESTRICTED}})

    def __call__(self, word, *args, values=None, chart=CHART):
        args = [*args, "--namespace", self.home]
        if values is not None:
            file = self.folder / "values.yaml"
            file.write_text(yaml.safe_dump(values))
            args += ["--values", file]
        chart = [chart] if word in ("install", "upgrade") else []
        return must(word, self.name, *chart, *args, kubeconfig=self.live.plane.admin, bound=300)

    def install(self, *args, **how):
        said = self("install", *args, **how)
        self.live.plane.settle()
        return said

    def deployment(self, name="raykeeper", replicas=2):
        return installed.rolled_out(self.live.kube, self.home, name, replicas)

    def operator(self, deployment):
        folder = self.folder / f"etc-{len(self.live.operators)}"
        return installed.start(self.live, deployment, folder)

    def close(self):
        helm("uninstall", self.name, "--namespace", self.home, kubeconfig=self.live.plane.admin)
        self.live.kube.delete("namespaces", None, self.home)


@pytest.fixture
def release(live, tmp_path):
    made = []

    def one(name="raykeeper"):
        made.append(Release(live, tmp_path, name))
        return made[-1]

    yield one
    for it in made:
        it.close()


def ready(live, name, world=None, **context):
    world = world or live.world
    obj = ray.cluster(name, ("small", 1))
    for group in (obj["spec"]["headGroupSpec"], *obj["spec"]["workerGroupSpecs"]):
        group["template"]["spec"]["containers"][0].update(context)
    live.create(obj, world.ns)
    world.wait_for(ray.ready(name, 1))


def test_installed_for_all_namespaces_upgraded_and_taken_away(live, release):
    it = release()
    said = it.install()
    assert "serves all namespaces" in said and "ray-operator-leader" in said
    first = it.deployment()
    assert {p["status"]["phase"] for p in installed.pods_of(live.kube, first)} == {"Running"}
    op = it.operator(first)
    ready(live, "demo")
    assert op.stop() == 0
    who = installed.user(first)
    assert installed.refused(live, who, live.since) == []

    # Fewer plugins and another configuration: other pods, fewer rights, and no more questions about what those plugins would ask.
    mark = live.audit.mark()
    said = it("upgrade", values={"plugins": {"disable": ["tls", "auth"]}, "site": {"labels": ["team=x"]}, "dropIns": {"10-more.ini": {"operator": {"log-level": "debug"}}}})
    assert "Switched off: tls, auth" in said
    second = it.deployment()
    assert first["spec"]["template"] != second["spec"]["template"]
    assert installed.may(live.kube, who, "create", "pods", live.ns) and not installed.may(live.kube, who, "list", "secrets", live.ns)
    op = it.operator(second)
    ready(live, "labelled")
    assert {p["metadata"]["labels"].get("team") for p in live.world.pods("labelled")} == {"x"}
    assert op.stop() == 0
    assert installed.refused(live, who, mark) == []

    # What users made stays.
    it("uninstall")
    assert not live.kube.find("deployments", it.home, "raykeeper") and not installed.may(live.kube, who, "create", "pods", live.ns)
    assert live.kube.find("customresourcedefinitions", None, "rayclusters.ray.io")
    assert len(live.world.pods("demo")) == len(live.world.pods("labelled")) == 2 and live.world.cluster("demo")


def test_installed_for_two_namespaces(live, release):
    it, (other, there) = release(), live.another()
    it.install("--set", f"watchNamespace={{{live.ns},{other}}}")
    deployment = it.deployment()
    _, third = live.another()
    live.create(ray.cluster("left", ("small", 1)), third.ns)
    op = it.operator(deployment)
    ready(live, "one")
    ready(live, "two", there)
    assert not third.pods("left") and not third.status("left")
    assert op.stop() == 0
    who = installed.user(deployment)
    assert installed.refused(live, who, live.since) == []
    assert installed.may(live.kube, who, "create", "pods", other)
    assert installed.may(live.kube, who, "list", "leases", None, "coordination.k8s.io", "ray-operator-leader")
    for verb, resource, ns in (("list", "pods", third.ns), ("list", "pods", None), ("create", "pods", it.home), ("list", "leases", None)):
        assert not installed.may(live.kube, who, verb, resource, ns, "coordination.k8s.io" if resource == "leases" else ""), (verb, resource, ns)


def test_installed_by_somebody_who_may_do_nothing_outside_of_one_namespace(live, release):
    """singleNamespaceInstall makes nothing cluster-wide: Helm itself runs with rights in that namespace alone."""
    it = release()
    live.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "installer", "namespace": it.home}})
    live.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "installer", "namespace": it.home},
                     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                     "subjects": [{"kind": "ServiceAccount", "name": "installer", "namespace": it.home}]})
    kubeconfig = live.plane.account_kubeconfig(it.home, "installer")
    must("install", "other", CHART, "-n", it.home, "--skip-crds", "--set", "singleNamespaceInstall=true", "--set", "site.security-context=restricted", kubeconfig=kubeconfig)
    deployment = it.deployment("other-raykeeper")
    live.plane.make_account(it.home)
    live.create(ray.cluster("left", ("small", 1)))
    op = it.operator(deployment)
    ready(live, "mine", live.see(it.home), securityContext=SECURE)  # in a namespace that takes restricted pods alone
    assert not live.world.pods("left") and not live.world.status("left")
    assert op.stop() == 0
    assert installed.refused(live, installed.user(deployment), live.since) == [installed.LEASES]
    must("uninstall", "other", "-n", it.home, kubeconfig=kubeconfig)


def old_chart(folder):
    """What KubeRay's chart puts into a cluster, as far as an upgrade in place meets it: names, selector and roleRefs that cannot be changed."""
    labels = {"app.kubernetes.io/name": "kuberay-operator", "app.kubernetes.io/instance": "kuberay-operator"}
    name = {"name": "kuberay-operator"}
    rbac, account = "rbac.authorization.k8s.io/v1", [{"kind": "ServiceAccount", "name": "kuberay-operator", "namespace": "{{ .Release.Namespace }}"}]

    def binding(kind, what, role):
        return {"apiVersion": rbac, "kind": kind, "metadata": {"name": what}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": what}, "subjects": account}

    docs = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": name},
            {"apiVersion": rbac, "kind": "ClusterRole", "metadata": name, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]},
            binding("ClusterRoleBinding", "kuberay-operator", "ClusterRole"),
            {"apiVersion": rbac, "kind": "Role", "metadata": {"name": "kuberay-operator-leader-election"}, "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]},
            binding("RoleBinding", "kuberay-operator-leader-election", "Role"),
            {"apiVersion": "v1", "kind": "Service", "metadata": {**name, "labels": labels}, "spec": {"selector": labels, "ports": [{"name": "http", "port": 8080, "targetPort": "http"}]}},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {**name, "labels": labels}, "spec": {
                "replicas": 1, "strategy": {"type": "Recreate"}, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": {**labels, "app.kubernetes.io/component": "kuberay-operator"}}, "spec": {
                    "serviceAccountName": "kuberay-operator", "containers": [{
                        "name": "kuberay-operator", "image": "quay.io/kuberay/operator:v1.4.2", "command": ["/manager"], "args": ["--enable-leader-election=true"],
                        "ports": [{"name": "http", "containerPort": 8080}], "securityContext": SECURE,
                        "livenessProbe": {"httpGet": {"path": "/metrics", "port": "http"}, "initialDelaySeconds": 10}}]}}}}]
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: kuberay-operator\nversion: 1.4.2\n")
    (folder / "templates" / "all.yaml").write_text(yaml.safe_dump_all(docs))
    return folder


def test_a_release_of_kuberays_operator_is_upgraded_in_place_and_rolled_back(live, release, tmp_path):
    it = release("kuberay-operator")
    it.install(chart=old_chart(tmp_path / "old"))
    old = it.deployment("kuberay-operator", 1)
    said = it("upgrade", "--values", KUBERAY)
    assert "image.repository, image.tag: name KubeRay's operator" in said
    new = it.deployment("kuberay-operator", 1)
    assert new["metadata"]["uid"] == old["metadata"]["uid"], "made anew"
    (container,) = new["spec"]["template"]["spec"]["containers"]
    assert container["image"].startswith("raykeeper/raykeeper:") and container["args"][0] == "run" and "command" not in container
    # What `kubectl ray version` looks for.
    assert live.kube.list("deployments", it.home, "app.kubernetes.io/name in (kuberay-operator,kuberay)")
    op = it.operator(new)
    ready(live, "demo")
    assert op.stop() == 0
    assert installed.refused(live, installed.user(new), live.since) == []
    it("rollback")
    back = it.deployment("kuberay-operator", 1)
    assert back["spec"]["template"]["spec"]["containers"][0]["image"] == "quay.io/kuberay/operator:v1.4.2"
    assert len(live.world.pods("demo")) == 2


def test_everything_that_can_be_asked_for_is_accepted(live, release):
    """A plugin of others with its init container among restricted pods; network policy, flow schemas, board, and admission that refuses what KubeRay's webhook does."""
    it = release()
    values = {"flowSchema": {"enabled": True}, "validatingAdmissionPolicy": {"enabled": True}, "grafanaDashboard": {"enabled": True}, "userRoles": {"create": True},
              "networkPolicy": {"metricsFrom": [{"namespaceSelector": {}}], "egress": [{"ports": [{"port": 443}]}]},
              "plugins": {"extra": [{"name": "acme", "image": "registry.example/acme:1", "files": ["/plugin/acme.so"]}]}}
    it.install(values=values)
    for pod in installed.pods_of(live.kube, it.deployment()):
        assert [c["name"] for c in pod["spec"]["initContainers"]] == ["plugin-acme"] and pod["status"]["phase"] == "Running"
    for schema in ("", "-lease"):
        found = live.kube.request("GET", f"/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/{it.home}-raykeeper{schema}")
        (dangling,) = (c for c in found["status"]["conditions"] if c["type"] == "Dangling")
        assert dangling["status"] == "False", dangling
    # Twin groups are refused by our definition before any policy is asked; by KubeRay's they are not.
    assert "Duplicate value" in denied(live, ray.cluster("twins", ("small", 1), ("small", 1)))
    refusals = {"metadata.name: at most 53": ray.cluster("a" * 54), "DNS-1035": ray.cluster("1st")}
    for word, obj in refusals.items():
        live.audit.wait_for(lambda word=word, obj=obj: word in denied(live, obj), what=f"a policy in force that says {word!r}")
    live.create(ray.cluster("a" * 53, ("small", 1), ("large", 1)))


def denied(live, obj):
    """A policy is in force some seconds after it was made."""
    try:
        live.kube.request("POST", f"/apis/ray.io/v1/namespaces/{live.ns}/rayclusters?dryRun=All", obj)
    except ApiError as e:
        return str(e)
    return ""
