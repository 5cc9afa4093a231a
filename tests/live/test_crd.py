"""config/crd and config/rbac on a real API server: what is accepted, what is refused and why, what is defaulted, and that the committed
CRD is what its sources make. Objects of this project's samples are applied, and where RK_PARITY names them, those recorded beside the peer."""
import copy
import itertools
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CP = ROOT / "tests" / "controlplane" / "cp"
KINDS = {"rayclusters": "RayCluster", "rayjobs": "RayJob", "rayservices": "RayService", "raycronjobs": "RayCronJob"}
CRDS = {kind: ROOT / "config" / "crd" / f"ray.io_{plural}.yaml" for plural, kind in KINDS.items()}
CRD = CRDS["RayCluster"]
MADE = {kind: yaml.load(path.read_text(), yaml.CSafeLoader) for kind, path in CRDS.items()}
PERMISSIVE = ROOT / "tests" / "live" / "permissive-crd.yaml"
RBAC = ROOT / "config" / "rbac" / "raykeeper.yaml"
SAMPLES = sorted((ROOT / "config" / "samples").glob("ray*.yaml"))
SHARED = Path(os.environ.get("RK_PARITY", "/no-records")) / "samples"
ACCOUNT = "system:serviceaccount:raykeeper-system:raykeeper"


class Cluster:
    def __init__(self, folder):
        self.folder = folder

    def kubectl(self, *args, stdin=None, ok=True):
        done = subprocess.run([CP, "kubectl", self.folder, *map(str, args)], input=stdin, text=True, capture_output=True, check=False)
        if ok and done.returncode:
            raise AssertionError(f"kubectl {' '.join(map(str, args))}: {done.stderr}")
        return done

    def create(self, body, *args, ok=True):
        """The object as it is stored, or with ok=False the answer."""
        done = self.kubectl("create", "-f", "-", "-o", "json", "--validate=ignore", *args, stdin=json.dumps(body), ok=ok)
        return json.loads(done.stdout) if ok else done

    def install(self, manifest, kind="RayCluster"):
        self.kubectl("apply", "-f", manifest)
        # A wait for a condition trips over a CRD which has none yet; the names come with the first.
        for what in (f"jsonpath={{.status.acceptedNames.kind}}={kind}", "condition=Established"):
            self.kubectl("wait", f"--for={what}", f"crd/{kind.lower()}s.ray.io", "--timeout=30s")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crd") / "cp"
    subprocess.run([CP, "up", folder], check=True)
    yield Cluster(folder)
    subprocess.run([CP, "down", folder, "--wipe"], check=True)


@pytest.fixture(scope="module")
def cluster(bare):
    for kind, path in CRDS.items():
        bare.install(path, kind)
    return bare


def pod(**container):
    return {"spec": {"containers": [{"name": "ray", "image": "ray:1", **container}]}}


def ray(name="x", **spec):
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": name, "namespace": "default"},
            "spec": {"headGroupSpec": {"template": pod()}, **spec}}


def with_group(**group):
    return ray(workerGroupSpecs=[{"groupName": "g", "template": pod(), **group}])


def job(**spec):
    return {"apiVersion": "ray.io/v1", "kind": "RayJob", "metadata": {"name": "x", "namespace": "default"},
            "spec": {"entrypoint": "true", "rayClusterSpec": ray()["spec"], **spec}}


def service(**spec):
    return {"apiVersion": "ray.io/v1", "kind": "RayService", "metadata": {"name": "x", "namespace": "default"},
            "spec": {"rayClusterConfig": ray()["spec"], **spec}}


def cron(**spec):
    return {"apiVersion": "ray.io/v1", "kind": "RayCronJob", "metadata": {"name": "x", "namespace": "default"},
            "spec": {"schedule": "@daily", "jobTemplate": job()["spec"], **spec}}


def ours(path):
    return [doc for doc in yaml.safe_load_all(path.read_text()) if doc and doc.get("kind") in CRDS]


def test_the_committed_crd_is_what_its_sources_make(bare):
    done = subprocess.run([ROOT / "config" / "crd" / "generate", bare.folder, "--check"], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", CRDS)
def test_the_crd_fits_into_one_annotation(kind):
    size = len(json.dumps(MADE[kind], separators=(",", ":")))
    assert size < 260_096, size


@pytest.mark.parametrize("kind", CRDS)
def test_plain_apply_works_twice(cluster, kind):
    again = cluster.kubectl("apply", "-f", CRDS[kind])
    assert "unchanged" in again.stdout
    stored = json.loads(cluster.kubectl("get", "crd", f"{kind.lower()}s.ray.io", "-o", "json").stdout)
    assert {c["type"]: c["status"] for c in stored["status"]["conditions"]} == {"NamesAccepted": "True", "Established": "True"}


@pytest.mark.parametrize("kind", CRDS)
def test_every_field_that_is_listed_is_in_the_crd(kind):
    schema = MADE[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    listed = [line for line in (ROOT / "config" / "crd" / "fields" / f"{kind.lower()}s.ray.io.txt").read_text().splitlines() if line[0] != "#"]
    assert len(listed) == len(set(listed)) > 5
    for path in listed:
        at = schema
        for word in path.split("."):
            name = word.rstrip("[]")
            at = at["additionalProperties"] if name == "*" else at["properties"][name]
            at = at["items"] if word.endswith("[]") else at


def test_a_whole_folder_can_be_applied(cluster):
    cluster.kubectl("apply", "-f", ROOT / "config" / "crd")
    cluster.kubectl("apply", "-f", ROOT / "config" / "rbac")


COLUMNS = {"RayCluster": ["DESIRED WORKERS", "AVAILABLE WORKERS", "CPUS", "MEMORY", "GPUS", "TPUS", "STATUS", "AGE", "HEAD POD IP", "HEAD SERVICE IP"],
           "RayJob": ["JOB STATUS", "DEPLOYMENT STATUS", "RAY CLUSTER NAME", "START TIME", "END TIME", "AGE"],
           "RayService": ["SERVICE STATUS", "NUM SERVE ENDPOINTS"],
           "RayCronJob": ["SCHEDULE", "TIMEZONE", "LAST SCHEDULE", "AGE", "SUSPEND"]}


@pytest.mark.parametrize("kind", CRDS)
def test_names_and_columns(cluster, kind):
    spec = MADE[kind]["spec"]
    plural = f"{kind.lower()}s"
    assert spec["names"] == {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": plural[:-1], "categories": ["all"]}
    assert [(v["name"], v["served"], v["storage"], v["subresources"]) for v in spec["versions"]] == [("v1", True, True, {"status": {}})]
    body = {"RayCluster": ray, "RayJob": job, "RayService": service, "RayCronJob": cron}[kind]()
    cluster.create({**body, "metadata": {"name": "columns", "namespace": "default"}})
    assert f"{plural[:-1]}.ray.io/columns" in cluster.kubectl("get", "all").stdout
    head = cluster.kubectl("get", plural, "-o", "wide").stdout.splitlines()[0]
    assert re.split("  +", head.strip()) == ["NAME", *COLUMNS[kind]]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: getattr(path, "stem", "none"))
def test_our_samples_are_accepted(cluster, path):
    assert ours(path)
    assert "serverside-applied" in cluster.kubectl("apply", "--server-side", "-f", path).stdout


@pytest.mark.skipif(not SHARED.is_dir(), reason="RK_PARITY names no records")
@pytest.mark.parametrize("path", sorted(SHARED.glob("*.yaml")) if SHARED.is_dir() else [], ids=lambda path: getattr(path, "stem", "none"))
def test_recorded_samples_are_accepted(cluster, path):
    objects = ours(path)
    assert objects
    for body in objects:  # one without a name of its own cannot be applied
        how = ("apply", "--server-side") if body["metadata"].get("name") else ("create", "--validate=strict")
        cluster.kubectl(*how, "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(body))


def test_spec_may_be_missing(cluster):
    body = ray("empty")
    del body["spec"]
    assert "spec" not in cluster.create(body)


def test_defaults(cluster):
    stored = cluster.create(ray("defaults", networkPolicy={}, workerGroupSpecs=[{"groupName": "g", "template": pod(ports=[{"containerPort": 80}])}]))["spec"]
    group = stored["workerGroupSpecs"][0]
    counts = {key: group[key] for key in ("replicas", "minReplicas", "maxReplicas", "numOfHosts", "priority")}
    assert counts == {"replicas": 0, "minReplicas": 0, "maxReplicas": 2**31 - 1, "numOfHosts": 1, "priority": 0}
    assert group["template"]["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert stored["networkPolicy"] == {"mode": "DenyAll"}
    assert stored["headGroupSpec"] == {"template": pod()}, "nothing else may appear in what the user wrote"


def test_defaults_of_jobs_and_services(cluster):
    rule = {"policy": "DeleteSelf", "condition": {"jobStatus": "FAILED"}}
    stored = cluster.create(job(deletionStrategy={"deletionRules": [rule]}), "--dry-run=server")["spec"]
    assert {key: stored[key] for key in ("backoffLimit", "submissionMode", "ttlSecondsAfterFinished")} == {
        "backoffLimit": 0, "submissionMode": "K8sJobMode", "ttlSecondsAfterFinished": 0}
    assert stored["deletionStrategy"]["deletionRules"][0]["condition"] == {"jobStatus": "FAILED", "ttlSeconds": 0}
    template = cluster.create(cron(), "--dry-run=server")["spec"]["jobTemplate"]
    assert (template["backoffLimit"], template["submissionMode"]) == (0, "K8sJobMode")
    options = {"stepSizePercent": 10, "intervalSeconds": 5, "gatewayClassName": "g"}
    stored = cluster.create(service(upgradeStrategy={"clusterUpgradeOptions": options}), "--dry-run=server")["spec"]
    assert stored["upgradeStrategy"]["clusterUpgradeOptions"] == {**options, "maxSurgePercent": 100}
    assert "type" not in stored["upgradeStrategy"]


def test_numbers_of_a_job_keep_their_fraction(cluster):
    stored = cluster.create(job(entrypointNumCpus=0.5, entrypointNumGpus=2), "--dry-run=server")["spec"]
    assert (stored["entrypointNumCpus"], stored["entrypointNumGpus"]) == (0.5, 2)


def test_templates_keep_five_fields_of_metadata(cluster):
    full = {"annotations": {"a": "b"}, "finalizers": ["example.com/f"], "labels": {"c": "d"}, "name": "n", "namespace": "s",
            "generateName": "x-", "uid": "u", "creationTimestamp": None, "ownerReferences": []}
    kept = {key: full[key] for key in ("annotations", "finalizers", "labels", "name", "namespace")}
    body = ray("metadata")
    body["spec"]["headGroupSpec"]["template"]["metadata"] = full
    body["spec"]["headGroupSpec"]["headService"] = {"metadata": full}
    head = cluster.create(body)["spec"]["headGroupSpec"]
    assert head["template"]["metadata"] == kept
    assert head["headService"]["metadata"] == kept


def test_what_pods_may_have_is_kept(cluster):
    """Shapes that structural schemas get wrong easily: int-or-string, maps, atomic objects, bytes, and an empty string for `unset`."""
    template = pod(ports=[{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}], imagePullPolicy="",
                   resources={"limits": {"cpu": 2, "memory": "1.5Gi", "nvidia.com/gpu": "1"}, "requests": {"cpu": "1e2"}},
                   env=[{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1"}}}],
                   livenessProbe={"httpGet": {"port": "dash", "path": "/"}}, readinessProbe={"tcpSocket": {"port": 6379}})
    template["spec"].update(
        volumes=[{"name": "v", "ephemeral": {"volumeClaimTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}},
                 {"name": "w", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 600}}]}}],
        affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}]}}},
        tolerations=[{"key": "a", "operator": "Exists"}, {"key": "a", "operator": "Exists"}],
        topologySpreadConstraints=[{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"a": "b"}}}],
        dnsConfig={"options": [{"name": "ndots", "value": "1"}]}, securityContext={"runAsUser": 1000, "sysctls": [{"name": "a", "value": "b"}]},
        overhead={"cpu": "10m"}, nodeSelector={"disk": "fast"}, imagePullSecrets=[{"name": "pull"}], terminationGracePeriodSeconds=5)
    body = ray("kept")
    body["spec"]["headGroupSpec"]["template"] = template
    assert cluster.create(body)["spec"]["headGroupSpec"]["template"] == template


def head(**fields):
    return ray(headGroupSpec={"template": pod(), **fields})


REFUSED = {
    "no head": ({**ray(), "spec": {}}, "spec.headGroupSpec: Required"),
    "head without template": (ray(headGroupSpec={}), "spec.headGroupSpec.template: Required"),
    "group without name": (ray(workerGroupSpecs=[{"template": pod()}]), "spec.workerGroupSpecs[0].groupName: Required"),
    "a group's name twice": (ray(workerGroupSpecs=[{"groupName": "g", "template": pod()}] * 2), 'spec.workerGroupSpecs[1]: Duplicate value'),
    "group without template": (ray(workerGroupSpecs=[{"groupName": "g"}]), "spec.workerGroupSpecs[0].template: Required"),
    "text for a count": (with_group(replicas="2"), "spec.workerGroupSpecs[0].replicas: Invalid value"),
    "fraction for a count": (with_group(replicas=1.5), "spec.workerGroupSpecs[0].replicas: Invalid value"),
    "count beyond 32 bits": (with_group(maxReplicas=2**31), "format int32 in spec.workerGroupSpecs[0].maxReplicas"),
    "list for a map": (head(rayStartParams=["a"]), "spec.headGroupSpec.rayStartParams: Invalid value"),
    "number for a start parameter": (head(rayStartParams={"port": 6379}), "spec.headGroupSpec.rayStartParams.port: Invalid value"),
    "unknown upgrade": (ray(upgradeStrategy={"type": "Rolling"}), 'spec.upgradeStrategy.type: Unsupported value: "Rolling"'),
    "unknown autoscaler": (ray(autoscalerOptions={"version": "v3"}), "spec.autoscalerOptions.version: Unsupported value"),
    "unknown upscaling": (ray(autoscalerOptions={"upscalingMode": "Slow"}), "spec.autoscalerOptions.upscalingMode: Unsupported value"),
    "unknown auth": (ray(authOptions={"mode": "basic"}), "spec.authOptions.mode: Unsupported value"),
    "unknown backend": (ray(gcsFaultToleranceOptions={"backend": "etcd"}), "spec.gcsFaultToleranceOptions.backend: Unsupported value"),
    "unknown deletion policy": (ray(gcsFaultToleranceOptions={"storage": {"deletionPolicy": "Keep"}}), "storage.deletionPolicy: Unsupported value"),
    "storage size": (ray(gcsFaultToleranceOptions={"storage": {"size": "1 GB"}}), "storage.size: Invalid value"),
    "unknown network mode": (ray(networkPolicy={"mode": "Allow"}), "spec.networkPolicy.mode: Unsupported value"),
    "policy of a group twice": (ray(networkPolicy={"workerGroups": [{"groupName": "a"}, {"groupName": "a"}]}), "workerGroups[1]: Duplicate value"),
    "unknown path type": (head(ingressOptions={"pathType": "Regex"}), "ingressOptions.pathType: Unsupported value"),
    "unknown service type": (head(serviceType="Headless"), "spec.headGroupSpec.serviceType: Unsupported value"),
    "other manager": (ray(managedBy="example.com/me"), "managedBy is ray.io/kuberay-operator or"),
    "container without name": (head(template={"spec": {"containers": [{"image": "a"}]}}), "containers[0].name: Required"),
    "no containers": (head(template={"spec": {}}), "template.spec.containers: Required"),
    "container twice": (head(template={"spec": {"containers": [{"name": "a"}, {"name": "a"}]}}), "containers[1]: Duplicate value"),
    "variable twice": (head(template=pod(env=[{"name": "A"}, {"name": "A"}])), "env[1]: Duplicate value"),
    "port twice": (head(template=pod(ports=[{"containerPort": 1}, {"containerPort": 1}])), "ports[1]: Duplicate value"),
    "unknown pull policy": (head(template=pod(imagePullPolicy="Sometimes")), "imagePullPolicy: Unsupported value"),
    "memory in words": (head(template=pod(resources={"limits": {"memory": "lots"}})), "resources.limits.memory: Invalid value"),
    "memory with two units": (head(template=pod(resources={"limits": {"memory": "1GiB"}})), "resources.limits.memory: Invalid value"),
    "object for a quantity": (head(template=pod(resources={"limits": {"cpu": {}}})), "resources.limits.cpu: Invalid value"),
    "job: cluster without a head": (job(rayClusterSpec={}), "spec.rayClusterSpec.headGroupSpec: Required"),
    "job: other manager": (job(managedBy="example.com/me"), "managedBy is ray.io/kuberay-operator or"),
    "job: no time to begin": (job(preRunningDeadlineSeconds=0), "spec.preRunningDeadlineSeconds: Invalid value"),
    "job: text for CPUs": (job(entrypointNumCpus="1"), "spec.entrypointNumCpus: Invalid value"),
    "job: submitter without containers": (job(submitterPodTemplate={"spec": {}}), "spec.submitterPodTemplate.spec.containers: Required"),
    "job: no rules": (job(deletionStrategy={"deletionRules": []}), "spec.deletionStrategy.deletionRules: Invalid value"),
    "job: no strategy": (job(deletionStrategy={}), "either onSuccess and onFailure or deletionRules are needed"),
    "job: half of the older strategy": (job(deletionStrategy={"onSuccess": {"policy": "DeleteSelf"}}), "either onSuccess and onFailure or"),
    "job: both strategies": (job(deletionStrategy={"onSuccess": {}, "onFailure": {}, "deletionRules": [{"policy": "DeleteSelf", "condition": {
        "jobStatus": "FAILED"}}]}), "deletionRules cannot stand beside"),
    "job: rule without policy": (job(deletionStrategy={"deletionRules": [{"condition": {"jobStatus": "FAILED"}}]}), "deletionRules[0].policy: Required"),
    "job: rule without condition": (job(deletionStrategy={"deletionRules": [{"policy": "DeleteSelf"}]}), "deletionRules[0].condition: Required"),
    "job: condition without status": (job(deletionStrategy={"deletionRules": [{"policy": "DeleteSelf", "condition": {}}]}), "jobStatus or jobDeploymentStatus is"),
    "job: condition with both": (job(deletionStrategy={"deletionRules": [{"policy": "DeleteSelf", "condition": {
        "jobStatus": "FAILED", "jobDeploymentStatus": "Failed"}}]}), "cannot stand beside each other"),
    "job: unknown policy": (job(deletionStrategy={"deletionRules": [{"policy": "Keep", "condition": {"jobStatus": "FAILED"}}]}), "policy: Unsupported value"),
    "job: condition of a running job": (job(deletionStrategy={"deletionRules": [{"policy": "DeleteSelf", "condition": {
        "jobStatus": "RUNNING"}}]}), "condition.jobStatus: Unsupported value"),
    "job: time before the end": (job(deletionStrategy={"deletionRules": [{"policy": "DeleteSelf", "condition": {
        "jobStatus": "FAILED", "ttlSeconds": -1}}]}), "condition.ttlSeconds: Invalid value"),
    "service: no cluster": ({**service(), "spec": {}}, "spec.rayClusterConfig: Required"),
    "service: negative delay": (service(rayClusterDeletionDelaySeconds=-1), "spec.rayClusterDeletionDelaySeconds: Invalid value"),
    "service: other manager": (service(managedBy="example.com/me"), "managedBy is ray.io/kuberay-operator or"),
    "service: port twice": (service(serveService={"spec": {"ports": [{"port": 1}, {"port": 1}]}}), "serveService.spec.ports[1]: Duplicate value"),
    "service: half of the upgrade's options": (service(upgradeStrategy={"clusterUpgradeOptions": {"gatewayClassName": "g"}}),
                                               "clusterUpgradeOptions.intervalSeconds: Required"),
    "cron job: no schedule": ({**cron(), "spec": {"jobTemplate": {}}}, "spec.schedule: Required"),
    "cron job: no job": ({**cron(), "spec": {"schedule": "@daily"}}, "spec.jobTemplate: Required"),
    "cron job: no zone": (cron(timeZone=""), "spec.timeZone: Invalid value"),
    "cron job: a job that is wrong": (cron(jobTemplate={"deletionStrategy": {}}), "either onSuccess and onFailure or deletionRules are needed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_with_its_place(cluster, name):
    body, expected = REFUSED[name]
    answer = cluster.create(body, "--dry-run=server", ok=False)
    assert answer.returncode != 0
    assert expected in answer.stderr


def patch(cluster, name, change, *args):
    return cluster.kubectl("patch", "raycluster", name, "--type=merge", "-p", json.dumps(change), *args, ok=False)


def test_what_cannot_be_changed(cluster):
    cluster.create(ray("frozen", managedBy="ray.io/kuberay-operator", gcsFaultToleranceOptions={"backend": "redis"}))
    assert "managedBy cannot be changed" in patch(cluster, "frozen", {"spec": {"managedBy": "kueue.x-k8s.io/multikueue"}}).stderr
    assert "backend cannot be changed" in patch(cluster, "frozen", {"spec": {"gcsFaultToleranceOptions": {"backend": "rocksdb"}}}).stderr


def test_status_is_written_beside_spec_and_checked(cluster):
    cluster.create(ray("status"))
    good = {"type": "HeadPodReady", "status": "False", "reason": "ContainersNotReady", "message": "", "lastTransitionTime": "2026-01-02T03:04:05Z"}
    status = {"state": "ready", "desiredCPU": "0", "desiredGPU": 0, "lastUpdateTime": None, "head": {}, "endpoints": {"dashboard": "8265"},
              "stateTransitionTimes": {"ready": "2026-01-02T03:04:05Z"}, "conditions": [good]}
    assert patch(cluster, "status", {"status": status}).returncode == 0
    assert "status" not in json.loads(cluster.kubectl("get", "raycluster", "status", "-o", "json").stdout)
    assert patch(cluster, "status", {"status": status}, "--subresource=status").returncode == 0
    assert json.loads(cluster.kubectl("get", "raycluster", "status", "-o", "json").stdout)["status"]["conditions"] == [good]
    for field, value in (("reason", ""), ("reason", "not a word"), ("status", "Maybe"), ("lastTransitionTime", "now"), ("observedGeneration", -1)):
        bad = {**copy.deepcopy(good), field: value}
        answer = patch(cluster, "status", {"status": {"conditions": [bad]}}, "--subresource=status")
        assert answer.returncode and f"status.conditions[0].{field}" in answer.stderr, (field, answer)


def test_statuses_of_the_other_kinds_are_kept_whole(cluster):
    now = "2026-01-02T03:04:05Z"
    of_cluster = {"state": "ready", "head": {"podName": "h"}}
    served = {"rayClusterName": "c", "rayClusterStatus": of_cluster, "targetCapacity": 50, "trafficRoutedPercent": 10, "lastTrafficMigratedTime": now,
              "applicationStatuses": {"app": {"status": "RUNNING", "message": "", "serveDeploymentStatuses": {"D": {"status": "HEALTHY", "message": "m"}}}}}
    condition = {"type": "Ready", "status": "True", "reason": "NonZeroServeEndpoints", "message": "", "lastTransitionTime": now, "observedGeneration": 1}
    statuses = {
        "rayjobs": (job, {"jobId": "x-1", "jobStatus": "RUNNING", "jobDeploymentStatus": "Running", "reason": "", "message": "", "rayClusterName": "x-2",
                          "dashboardURL": "h:8265", "startTime": now, "endTime": now, "succeeded": 0, "failed": 1, "rayClusterStatus": of_cluster,
                          "rayJobInfo": {"startTime": now, "endTime": now}, "jobStatusCheckFailureStartTime": now, "observedGeneration": 2}),
        "rayservices": (service, {"serviceStatus": "Running", "numServeEndpoints": 2, "activeServiceStatus": served, "pendingServiceStatus": served,
                                  "lastUpdateTime": now, "observedGeneration": 3, "conditions": [condition]}),
        "raycronjobs": (cron, {"lastScheduleTime": now})}
    for plural, (make, status) in statuses.items():
        cluster.create({**make(), "metadata": {"name": "status", "namespace": "default"}})
        cluster.kubectl("patch", plural, "status", "--type=merge", "--subresource=status", "-p", json.dumps({"status": status}))
        assert json.loads(cluster.kubectl("get", plural, "status", "-o", "json").stdout)["status"] == status, plural


def test_what_manages_a_job_or_a_service_cannot_be_changed(cluster):
    for plural, make in (("rayjobs", job), ("rayservices", service)):
        cluster.create({**make(managedBy="ray.io/kuberay-operator"), "metadata": {"name": "frozen", "namespace": "default"}})
        change = json.dumps({"spec": {"managedBy": "kueue.x-k8s.io/multikueue"}})
        answer = cluster.kubectl("patch", plural, "frozen", "--type=merge", "-p", change, ok=False)
        assert "managedBy cannot be changed" in answer.stderr


def test_explain_tells_what_a_field_is_for(cluster):
    assert "an existing cluster instead" in cluster.kubectl("explain", "raycronjob.spec.jobTemplate.clusterSelector").stdout.lower()
    assert "Pods of one worker." in cluster.kubectl("explain", "raycluster.spec.workerGroupSpecs.numOfHosts").stdout


MAY = ["get rayclusters.ray.io", "list rayclusters.ray.io", "watch rayclusters.ray.io", "patch rayclusters.ray.io/status",
       "update rayclusters.ray.io/finalizers", "get pods", "list pods", "watch pods", "create pods", "delete pods", "get services",
       "list services", "watch services", "create services",
       *(f"{verb} {kind}" for verb in ("get", "list", "watch", "create")
         for kind in ("serviceaccounts", "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io")),
       "patch pods", "patch rayclusters.ray.io", "patch pods/resize",  # the last is held to be granted, never used
       *(f"{verb} {kind}" for verb in ("get", "list", "watch", "create") for kind in ("jobs.batch", "secrets", "persistentvolumeclaims")),
       "patch persistentvolumeclaims", *(f"{verb} routes.route.openshift.io" for verb in ("get", "list", "watch", "create", "delete")),
       *(f"{verb} {kind}.networking.k8s.io" for verb in ("get", "list", "watch", "create", "patch", "delete") for kind in ("ingresses", "networkpolicies")),
       *(f"{verb} rayclusters.cluster.ray.io" for verb in ("list", "watch", "patch")), "patch rayclusters.cluster.ray.io/status",
       "update rayclusters.cluster.ray.io/finalizers", "create rayclusters.ray.io", "patch services", "delete services", "list deployments.apps",
       *(f"{verb} {kind}.cert-manager.io" for verb in ("get", "list", "watch", "create") for kind in ("issuers", "certificates")),
       "patch certificates.cert-manager.io", "patch secrets",
       "create events.events.k8s.io", "patch events.events.k8s.io",
       "list leases.coordination.k8s.io ray-operator-leader"]
MAY_IN_OWN = [f"{verb} leases.coordination.k8s.io" for verb in ("get", "watch", "create", "update")]


def rights(cluster, user, namespace):
    """verb and resource of every right of a user in a namespace, as the API server sums them up."""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
    done = cluster.kubectl("create", "-f", "-", "-o", "json", "--validate=false", "--as", user, "--as-group", "system:authenticated", stdin=json.dumps(review))
    status = json.loads(done.stdout)["status"]
    assert not status["incomplete"], status
    found = set()
    for rule in status["resourceRules"]:
        for group, resource, verb in itertools.product(rule["apiGroups"], rule["resources"], rule["verbs"]):
            name, slash, part = resource.partition("/")
            names = ",".join(rule.get("resourceNames") or [])
            found.add(f"{verb} {name}{'.' + group if group else ''}{slash}{part}{' ' + names if names else ''}")
    return found


def test_the_account_has_these_rights_and_no_others(cluster):
    cluster.kubectl("apply", "-f", RBAC)
    cluster.kubectl("create", "namespace", "elsewhere")
    everybody = rights(cluster, "nobody", "elsewhere")
    assert rights(cluster, ACCOUNT, "elsewhere") - everybody == set(MAY)
    assert rights(cluster, ACCOUNT, "raykeeper-system") - everybody == set(MAY + MAY_IN_OWN)


def test_the_permissive_crd_takes_anything(cluster):
    """Last in the file: it replaces the CRD."""
    cluster.kubectl("delete", "crd", "rayclusters.ray.io")
    cluster.install(PERMISSIVE)
    for i, spec in enumerate(["text", 7, [], {"headGroupSpec": 3, "workerGroupSpecs": {"a": [None]}, "unknown": {"deep": True}}]):
        body = {**ray(f"loose-{i}"), "spec": spec}
        stored = cluster.create(body)
        assert stored["spec"] == spec
    whole, loose = MADE["RayCluster"]["spec"], yaml.safe_load(PERMISSIVE.read_text())["spec"]
    assert {key: whole[key] for key in ("group", "names", "scope")} == {key: loose[key] for key in ("group", "names", "scope")}
