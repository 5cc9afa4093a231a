"""`migrate` of KubeRay's own settings: every one of them becomes an option of raykeeper.ini, is told to stay with the Deployment, or is told as lossy;
and what comes out is a file that raykeeper starts with."""
import json
import re

import pytest
import yaml

from renderer import NOW, render, run
from test_config import values as effective

pytestmark = pytest.mark.asan


def migrate(tmp_path, *documents, code=None):
    files = []
    for i, doc in enumerate(documents):
        files.append(tmp_path / f"in-{i}.yaml")
        files[-1].write_text(doc if isinstance(doc, str) else yaml.safe_dump(doc, sort_keys=False))
    done = run("migrate", "--from", "kuberay-values", *files)
    assert done.returncode in ((0, 2) if code is None else (code,)), done.stderr
    return done


def options(tmp_path, *documents, code=None):
    """What raykeeper makes of the file, without what is its default anyway; and what was said about it."""
    done = migrate(tmp_path, *documents, code=code)
    ini = tmp_path / "raykeeper.ini"
    ini.write_text(done.stdout)
    conf = run("conf", "--config", ini)
    assert conf.returncode == 0, f"{conf.stderr}\n{done.stdout}"
    plain = effective(run("conf").stdout)
    return {key: value for key, value in effective(conf.stdout).items() if plain.get(key) != value}, done.stderr


def lossy(stderr):
    return [line for line in stderr.splitlines() if re.match(r"\d+\. lossy: ", line)]


# The chart's own defaults (1.7), of which nothing may be lossy.
DEFAULTS = {
    "nameOverride": "kuberay-operator", "fullnameOverride": "kuberay-operator", "componentOverride": "kuberay-operator", "replicas": 1,
    "image": {"repository": "kuberay/operator", "tag": "nightly", "pullPolicy": "IfNotPresent"}, "imagePullSecrets": [], "nodeSelector": {}, "priorityClassName": "",
    "labels": {}, "annotations": {}, "affinity": {}, "tolerations": [], "serviceAccount": {"create": True, "name": "kuberay-operator"},
    "logging": {"stdoutEncoder": "json", "fileEncoder": "json", "baseDir": "", "fileName": "", "sizeLimit": ""}, "batchScheduler": {"enabled": False, "name": ""},
    "configuration": {"enabled": False, "defaultContainerEnvs": [], "defaultPodAnnotations": {}, "defaultPodLabels": {}, "headSidecarContainers": [], "workerSidecarContainers": []},
    "featureGates": [{"name": "RayClusterStatusConditions", "enabled": True}, {"name": "RayJobDeletionPolicy", "enabled": True}, {"name": "RayMultiHostIndexing", "enabled": True},
                     {"name": "RayServiceIncrementalUpgrade", "enabled": True}, {"name": "RayCronJob", "enabled": False}, {"name": "GCSFaultToleranceEmbeddedStorage", "enabled": False},
                     {"name": "RayClusterMTLS", "enabled": False}, {"name": "RayClusterNetworkPolicy", "enabled": False}],
    "metrics": {"enabled": True, "serviceMonitor": {"enabled": False, "interval": "30s", "honorLabels": True, "additionalLabels": {}, "namespace": ""}},
    "operatorCommand": "/manager", "leaderElectionEnabled": True, "reconcileConcurrency": 1, "kubeClient": {"qps": 100, "burst": 200}, "rbacEnable": True,
    "crNamespacedRbacEnable": True, "singleNamespaceInstall": False, "resources": {"limits": {"cpu": "100m", "memory": "512Mi"}},
    "livenessProbe": {"initialDelaySeconds": 10}, "readinessProbe": {"initialDelaySeconds": 10}, "podSecurityContext": {}, "securityContext": {"runAsNonRoot": True},
    "service": {"type": "ClusterIP", "port": 8080},
}


def test_values_of_the_deployment_keep_their_names(tmp_path):
    """With the INI they are all that the input said: what is in neither was told."""
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(DEFAULTS, sort_keys=False))
    done = run("migrate", file, "--chart-values")
    assert done.returncode == 0, done.stderr
    kept = yaml.safe_load(done.stdout)
    assert kept.pop("image") == {"pullPolicy": "IfNotPresent"}
    assert kept.pop("metrics") == {"serviceMonitor": DEFAULTS["metrics"]["serviceMonitor"]}
    ours = set(DEFAULTS) - {"nameOverride", "fullnameOverride", "componentOverride", "operatorCommand", "image", "metrics", "logging", "batchScheduler", "configuration",
                            "featureGates", "leaderElectionEnabled", "reconcileConcurrency", "kubeClient", "singleNamespaceInstall"}
    assert kept == {key: DEFAULTS[key] for key in ours}
    assert "left out: nameOverride, fullnameOverride, componentOverride, image.repository, image.tag, operatorCommand" in done.stderr
    file.write_text("apiVersion: config.ray.io/v1alpha1\nkind: Configuration\n")
    done = run("migrate", file, "--chart-values")
    assert done.returncode == 1 and "there are no values of a chart" in done.stderr and not done.stdout


def test_the_charts_own_defaults(tmp_path):
    got, said = options(tmp_path, DEFAULTS, code=0)
    assert got == {"api.qps": "100", "api.burst": "200", "plugins.disable": "tls, netpolicy"}
    deployment, = (line for line in said.splitlines() if "belong to the Deployment" in line)
    for word in ("image", "resources", "nodeSelector", "serviceAccount", "replicas", "metrics.serviceMonitor", "service", "rbacEnable", "operatorCommand", "tolerations"):
        assert re.search(rf"\b{re.escape(word)}\b", deployment), word
    assert "for RayJob and RayService alone" in said and "RayCronJob" in said


SIDE = {"name": "log-agent", "image": "example.com/agent:1", "args": ["sh", "-c", "a  ; b # c ;; d"], "env": [{"name": "LINES", "value": "1\n2"}]}
ENV = [{"name": "HTTP_PROXY", "value": "http://proxy.example:3128/?a=b,c"}, {"name": "TWO", "value": "a ; b\nc"}, {"name": "GAP", "value": "a  b"}, {"name": "EMPTY", "value": ""},
       {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]

KNOBS = {
    "console": ({"logging": {"stdoutEncoder": "console"}}, {"operator.log-format": "text"}),
    "watch": ({"watchNamespace": ["team-a", "team-b", "team-a"]}, {"operator.watch": "team-a, team-b"}),
    "election": ({"leaderElectionEnabled": False}, {"leader-election.enabled": "false"}),
    "pace": ({"kubeClient": {"qps": 50.5, "burst": 75}}, {"api.qps": "51", "api.burst": "75"}),
    "no pace": ({"kubeClient": {"qps": -1}}, {}),
    "gates": ({"featureGates": [{"name": "RayClusterHistoryServer", "enabled": False}, {"name": "RayClusterNetworkPolicy", "enabled": True}]}, {"plugins.disable": "history"}),
    "init container": ({"env": [{"name": "ENABLE_INIT_CONTAINER_INJECTION", "value": "False"}]}, {"plugins.disable": "gcswait"}),
    "two plugins": ({"env": [{"name": "ENABLE_PROBES_INJECTION", "value": "false"}, {"name": "ENABLE_INIT_CONTAINER_INJECTION", "value": "false"}]}, {"plugins.disable": "probes, gcswait"}),
    "they are on by default": ({"env": [{"name": "ENABLE_PROBES_INJECTION", "value": "no"}]}, {}),
    "cleanup": ({"env": [{"name": "ENABLE_GCS_FT_REDIS_CLEANUP", "value": "false"}]}, {"plugin:gcsft.cleanup": "false"}),
    "cluster ip": ({"env": [{"name": "ENABLE_RAY_HEAD_CLUSTER_IP_SERVICE", "value": "true"}]}, {"plugin:service.cluster-ip": "true"}),
    "head name": ({"env": [{"name": "ENABLE_DETERMINISTIC_HEAD_POD_NAME", "value": "TRUE"}]}, {"plugin:head.name": "fixed"}),
    "they are off by default": ({"env": [{"name": "ENABLE_DETERMINISTIC_HEAD_POD_NAME", "value": "1"}]}, {}),
    "login shell": ({"env": [{"name": "ENABLE_LOGIN_SHELL", "value": "true"}]}, {"plugin:raystart.login-shell": "true"}),
    "openshift": ({"env": [{"name": "USE_INGRESS_ON_OPENSHIFT", "value": "true"}]}, {"plugin:ingress.ingress-on-openshift": "true"}),
    "surplus": ({"env": [{"name": "ENABLE_RANDOM_POD_DELETE", "value": "true"}]}, {"plugin:worker.delete-surplus": "true"}),
    "domain": ({"env": [{"name": "CLUSTER_DOMAIN", "value": "lab.example"}]}, {"plugin:raystart.cluster-domain": "lab.example", "plugin:tls.cluster-domain": "lab.example"}),
    "sweep": ({"env": [{"name": "RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV", "value": "600"}]}, {"operator.sweep": "600s"}),
    "labels": ({"configuration": {"enabled": True, "defaultPodLabels": {"team": "platform", "example.com/x": ""}}}, {"plugin:site.labels": "team=platform, example.com/x="}),
}


@pytest.mark.parametrize("name", KNOBS)
def test_a_setting_becomes_an_option(tmp_path, name):
    given, wanted = KNOBS[name]
    got, said = options(tmp_path, given, code=0)
    assert got == wanted, said
    assert lossy(said) == []


LOSSY = {
    "a log file": ({"logging": {"baseDir": "/var/log", "fileName": "a.log"}}, "logging.baseDir"),
    "a scheduler": ({"batchScheduler": {"enabled": True, "name": "volcano"}}, "batchScheduler.enabled"),
    "an encoder": ({"logging": {"stdoutEncoder": "xml"}}, "logging.stdoutEncoder"),
    "the release's namespace": ({"singleNamespaceInstall": True}, "singleNamespaceInstall"),
    "webhooks": ({"env": [{"name": "ENABLE_WEBHOOKS", "value": "true"}]}, "env.ENABLE_WEBHOOKS"),
    "a value from elsewhere": ({"env": [{"name": "CLUSTER_DOMAIN", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}]}, "env.CLUSTER_DOMAIN"),
    "seconds": ({"env": [{"name": "RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV", "value": "5"}]}, "env.RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV"),
    "no seconds": ({"env": [{"name": "RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV", "value": "soon"}]}, "env.RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV"),
    "conditions": ({"featureGates": [{"name": "RayClusterStatusConditions", "enabled": False}]}, "featureGates.RayClusterStatusConditions"),
    "host indexes": ({"featureGates": [{"name": "RayMultiHostIndexing", "enabled": False}]}, "featureGates.RayMultiHostIndexing"),
    "gangs": ({"featureGates": [{"name": "KubernetesWAS", "enabled": True}]}, "featureGates.KubernetesWAS"),
    "a gate of tomorrow": ({"featureGates": [{"name": "RayMoon", "enabled": True}]}, "featureGates.RayMoon"),
    "a gate without an answer": ({"featureGates": [{"name": "RayClusterMTLS", "enabled": "perhaps"}]}, "featureGates.RayClusterMTLS"),
    "a setting of tomorrow": ({"replicas": 1, "moon": {"full": True}, "reconcileConcurrency": 1}, "moon"),
    "one inside of another": ({"logging": {"stdoutEncoder": "json", "colour": True}}, "logging.colour"),
    "a namespace that is none": ({"watchNamespace": ["Team A"]}, "watchNamespace"),
    "no number": ({"kubeClient": {"qps": "fast"}}, "kubeClient.qps"),
    "a label that is none": ({"configuration": {"enabled": True, "defaultPodLabels": {"a b": "c", "d": "e f", "g": 3}}}, "configuration.defaultPodLabels.g"),
    "the operator's label": ({"configuration": {"enabled": True, "defaultPodLabels": {"ray.io/cluster": "c"}}}, "configuration.defaultPodLabels.ray.io/cluster"),
    "an annotation with a comment sign": ({"configuration": {"enabled": True, "defaultPodAnnotations": {"a": "b ; c"}}}, "configuration.defaultPodAnnotations.a"),
    "an annotation of two lines": ({"configuration": {"enabled": True, "defaultPodAnnotations": {"a": "b\nc"}}}, "configuration.defaultPodAnnotations.a"),
    "a variable without a name": ({"configuration": {"enabled": True, "defaultContainerEnvs": [{"value": "x"}]}}, "configuration.defaultContainerEnvs[0]"),
    "a sidecar without a name": ({"configuration": {"enabled": True, "headSidecarContainers": [{"image": "x"}]}}, "configuration.headSidecarContainers[0]"),
    "a script that no line holds": ({"configuration": {"enabled": True, "workerSidecarContainers": [{"name": "a", "args": ["x" * 9000]}]}}, "configuration.workerSidecarContainers[0]"),
    "an endless value": ({"configuration": {"enabled": True, "defaultContainerEnvs": [{"name": "A", "value": "x" * 9000}]}}, "configuration.defaultContainerEnvs[0]"),
    "a domain that is none": ({"env": [{"name": "CLUSTER_DOMAIN", "value": "a\nb"}]}, "env.CLUSTER_DOMAIN"),
    "a list for labels": ({"configuration": {"enabled": True, "defaultPodLabels": ["a"]}}, "configuration.defaultPodLabels"),
    "a text for sidecars": ({"configuration": {"enabled": True, "headSidecarContainers": "a"}}, "configuration.headSidecarContainers"),
    "a text for variables": ({"env": "A=b", "replicas": 1}, "env"),
    "a number for gates": ({"featureGates": 5, "replicas": 1}, "featureGates"),
    "a number for a namespace": ({"watchNamespace": 5, "replicas": 1}, "watchNamespace"),
    "a number among namespaces": ({"watchNamespace": ["a", 5], "replicas": 1}, "watchNamespace"),
    "metrics that may be": ({"metrics": {"enabled": "perhaps"}, "reconcileConcurrency": 1}, "metrics.enabled"),
    "a list for a map": ({"configuration": {"enabled": True}, "logging": ["a"], "reconcileConcurrency": 1}, "logging"),
}


@pytest.mark.parametrize("name", LOSSY)
def test_what_has_no_place_is_told(tmp_path, name):
    given, where = LOSSY[name]
    _, said = options(tmp_path, given, code=2)
    assert any(where in line for line in lossy(said)), said


TOLD = {
    "one thread": ({"reconcileConcurrency": 8}, "reconcileConcurrency"),
    "metrics": ({"metrics": {"enabled": False}}, "metrics.enabled"),
    "the proxy": ({"useKubernetesProxy": True, "replicas": 1}, "useKubernetesProxy"),
    "a configuration that is off": ({"configuration": {"enabled": False, "defaultPodLabels": {"a": "b"}}}, "configuration"),
    "other variables": ({"env": [{"name": "HTTPS_PROXY", "value": "x"}, {"name": "CLUSTER_DOMAIN", "value": "a.b"}]}, "env.HTTPS_PROXY"),
    "of other kinds": ({"env": [{"name": "DELETE_RAYJOB_CR_AFTER_JOB_FINISHES", "value": "true"}]}, "DELETE_RAYJOB_CR_AFTER_JOB_FINISHES"),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_loses_nothing_is_told_all_the_same(tmp_path, name):
    given, word = TOLD[name]
    _, said = options(tmp_path, given, code=0)
    assert word in said


def rendered(tmp_path):
    cluster = tmp_path / "c.json"
    cluster.write_text(json.dumps({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"}, "spec": {
        "headGroupSpec": {"template": {"spec": {"containers": [{"name": "ray", "image": "ray:1"}]}}},
        "workerGroupSpecs": [{"groupName": "w", "replicas": 1, "template": {"spec": {"containers": [{"name": "ray", "image": "ray:1"}]}}}]}}))
    return [o for o in render("--config", tmp_path / "raykeeper.ini", cluster) if o["kind"] == "Pod"]


def test_what_is_put_into_pods_arrives_there_unchanged(tmp_path):
    """Also what an INI file cannot hold as it stands: comment signs, several blanks, line breaks, long lists."""
    many = [{"name": f"side-{i}", "image": "example.com/side:1", "command": ["sleep", "1"], "env": [{"name": "A", "value": "x" * 150}] * 20} for i in range(12)]
    options(tmp_path, {"configuration": {"enabled": True, "defaultContainerEnvs": ENV, "defaultPodAnnotations": {"note": "a, b = c", "example.com/n": ""},
                                         "headSidecarContainers": [SIDE, *many], "workerSidecarContainers": [SIDE]}}, code=0)
    head, worker = rendered(tmp_path)
    for pod in (head, worker):
        ray = pod["spec"]["containers"][0]
        assert [e for e in ray["env"] if e["name"] in {x["name"] for x in ENV}] == ENV
        assert pod["metadata"]["annotations"]["note"] == "a, b = c" and pod["metadata"]["annotations"]["example.com/n"] == ""
    assert [c for c in head["spec"]["containers"] if c["name"] != "ray"] == [SIDE, *many]
    assert [c for c in worker["spec"]["containers"] if c["name"] != "ray"] == [SIDE]


CONFIGURATION = {"apiVersion": "config.ray.io/v1alpha1", "kind": "Configuration", "metricsAddr": ":9090", "probeAddr": "localhost:9091", "enableLeaderElection": False,
                 "leaderElectionNamespace": "ops", "reconcileConcurrency": 1, "watchNamespace": "a, b", "logStdoutEncoder": "console", "qps": 20, "burst": 40,
                 "enableMetrics": True, "useKubernetesProxy": False, "defaultContainerEnvs": [{"name": "A", "value": "1"}], "defaultPodLabels": {"team": "x"}}
OF_CONFIGURATION = {"metrics.address": "0.0.0.0:9090", "health.address": "127.0.0.1:9091", "leader-election.enabled": "false", "leader-election.namespace": "ops",
                    "operator.watch": "a, b", "operator.log-format": "text", "api.qps": "20", "api.burst": "40", "plugin:site.env": "A=1", "plugin:site.labels": "team=x"}


def test_a_configuration_file(tmp_path):
    assert options(tmp_path, CONFIGURATION, code=0)[0] == OF_CONFIGURATION


def test_a_configuration_inside_of_a_configmap(tmp_path):
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kuberay-operator-config"}, "data": {"config.yaml": yaml.safe_dump(CONFIGURATION)}}
    assert options(tmp_path, config_map, code=0)[0] == OF_CONFIGURATION


def test_a_field_of_a_configuration_that_nobody_knows(tmp_path):
    _, said = options(tmp_path, {**CONFIGURATION, "moon": 1}, code=2)
    assert "moon" in lossy(said)[0]


def test_flags_with_their_values_as_words_of_their_own(tmp_path):
    args = ["-watch-namespace", "team-a", "--qps", "7", "--enable-leader-election", "--metrics-addr", ":9"]
    deployment = {"kind": "Deployment", "apiVersion": "apps/v1", "spec": {"template": {"spec": {"containers": [{"name": "a", "command": ["/manager"], "args": args}]}}}}
    got, said = options(tmp_path, deployment, code=0)
    assert got == {"operator.watch": "team-a", "api.qps": "7", "metrics.address": "0.0.0.0:9"}, said


REFUSED = {"metricsAddr": ["host.name:80", ":8080x", "1.2.3.4:99999", "a\n:80", 8080], "probeAddr": ["a b:80", ":", "[::1]"], "leaderElectionNamespace": ["Team A", "a\n[plugins]\ndisable = shm", 5]}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in REFUSED.items() for value in values])
def test_what_would_stop_the_start_is_left_out_and_told(tmp_path, key, value):
    got, said = options(tmp_path, {key: value, "apiVersion": "config.ray.io/v1alpha1", "kind": "Configuration"}, code=2)
    assert got == {} and len(lossy(said)) == 1, said


@pytest.mark.parametrize(("value", "wanted"), [("[::1]:80", "[::1]:80"), (":9", "0.0.0.0:9"), ("localhost:9", "127.0.0.1:9"), ("0", "")])
def test_addresses(tmp_path, value, wanted):
    got, _ = options(tmp_path, {"metricsAddr": value, "apiVersion": "config.ray.io/v1alpha1", "kind": "Configuration"}, code=0)
    assert got == {"metrics.address": wanted}


def test_flags_and_variables_of_a_deployment(tmp_path):
    container = {"name": "kuberay-operator", "command": ["/manager"], "env": [{"name": "ENABLE_PROBES_INJECTION", "value": "false"}], "args": [
        "--watch-namespace=a,b", "--enable-leader-election=false", "--log-stdout-encoder=console", "--feature-gates=RayClusterNetworkPolicy=false,RayClusterMTLS=false",
        "--enable-batch-scheduler", "--metrics-addr=0", "--zap-log-level=debug"]}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "kuberay-operator"}, "spec": {"template": {"spec": {"containers": [container]}}}}
    got, said = options(tmp_path, deployment, code=2)
    assert got == {"operator.watch": "a, b", "leader-election.enabled": "false", "operator.log-format": "text", "plugins.disable": "netpolicy, tls, probes", "metrics.address": ""}
    assert [re.search(r"--[a-z-]+", line).group() for line in lossy(said)] == ["--enable-batch-scheduler", "--zap-log-level"]


def test_values_are_laid_over_each_other_as_helm_does(tmp_path):
    got, _ = options(tmp_path, {"kubeClient": {"qps": 1, "burst": 2}, "watchNamespace": ["a"]}, {"kubeClient": {"qps": 3}, "watchNamespace": None}, code=0)
    assert got == {"api.qps": "3", "api.burst": "2"}


def test_every_value_has_a_comment_that_says_where_it_comes_from(tmp_path):
    text = migrate(tmp_path, {"watchNamespace": ["a"], "env": [{"name": "ENABLE_LOGIN_SHELL", "value": "true"}]}).stdout
    assert "; watchNamespace\nwatch = a\n" in text and "[plugin:raystart]\n; env.ENABLE_LOGIN_SHELL\nlogin-shell = true\n" in text


@pytest.mark.parametrize("document", ["[]", "7", "kind: Pod\napiVersion: v1\n", "apiVersion: v1\nkind: ConfigMap\ndata: {config.yaml: 'a: b'}\n"], ids=["list", "number", "pod", "other map"])
def test_what_is_none_of_these_is_refused(tmp_path, document):
    done = migrate(tmp_path, document, code=1)
    assert done.stdout == "" and done.stderr


def test_nothing_breaks_on_wrong_types(tmp_path):
    """Every setting once with each type of JSON: told or taken, and the file loads."""
    for wrong in (None, True, 3, "text", [], [3], {}, {"a": [1]}):
        options(tmp_path, {key: wrong for key in DEFAULTS} | {"env": wrong, "watchNamespace": wrong, "useKubernetesProxy": wrong})
        options(tmp_path, {"configuration": {key: wrong for key in DEFAULTS["configuration"]} | {"enabled": True}, "env": [wrong], "featureGates": [wrong]})
        options(tmp_path, {key: wrong for key in CONFIGURATION} | {"apiVersion": "config.ray.io/v1alpha1", "kind": "Configuration"})
