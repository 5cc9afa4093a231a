"""A small client of the API server, and a world that is watched.

A test says what must become true and how long that may take at most:

    world.wait_for(lambda w: len(w.pods(role="worker")) == 3, what="three workers")

Nothing here sleeps: a world is woken by its watches, and a test by its world.
"""
import base64
import http.client
import json
import os
import socket
import ssl
import tempfile
import threading
import time
import urllib.parse

import yaml

BOUND_S = 90
AGENT = "rk-test"

PREFIX = {
    "rayclusters": "/apis/ray.io/v1",
    "rayclusters.cluster.ray.io": "/apis/cluster.ray.io/v1",
    "deployments": "/apis/apps/v1",
    "events": "/apis/events.k8s.io/v1",
    "leases": "/apis/coordination.k8s.io/v1",
    "customresourcedefinitions": "/apis/apiextensions.k8s.io/v1",
    "jobs": "/apis/batch/v1",
    "ingresses": "/apis/networking.k8s.io/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
    "roles": "/apis/rbac.authorization.k8s.io/v1",
    "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "clusterroles": "/apis/rbac.authorization.k8s.io/v1",
    "clusterrolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "issuers": "/apis/cert-manager.io/v1",
    "certificates": "/apis/cert-manager.io/v1",
}
CORE = "/api/v1"
PLURAL = {
    "Deployment": "deployments", "RayCluster": "rayclusters", "Pod": "pods", "Service": "services", "Namespace": "namespaces",
    "ServiceAccount": "serviceaccounts", "Secret": "secrets", "ConfigMap": "configmaps", "ResourceQuota": "resourcequotas",
    "Ingress": "ingresses", "NetworkPolicy": "networkpolicies", "Lease": "leases",
    "Role": "roles", "RoleBinding": "rolebindings", "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings", "Issuer": "issuers", "Certificate": "certificates", "CustomResourceDefinition": "customresourcedefinitions",
}
PATCH = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}


class ApiError(Exception):
    def __init__(self, code, reason, message):
        super().__init__(f"{code} {reason}: {message}")
        self.code, self.reason = code, reason


def plural_of(obj):
    """Two groups have a RayCluster; the old one is called by its full name."""
    return "rayclusters.cluster.ray.io" if obj.get("apiVersion", "").startswith("cluster.ray.io/") else PLURAL[obj["kind"]]


def path_of(plural, ns=None, name=None, subresource=None):
    parts = [PREFIX.get(plural, CORE)]
    parts += ["namespaces", ns] if ns else []
    parts += [plural.partition(".")[0]] + ([name] if name else []) + ([subresource] if subresource else [])
    return "/".join(parts)


class Kube:
    """Requests as the user of one kubeconfig. Every request has a connection of its own: nothing stale after an outage."""

    def __init__(self, kubeconfig):
        with open(kubeconfig, encoding="utf-8") as f:
            conf = yaml.safe_load(f)
        context = next(c["context"] for c in conf["contexts"] if c["name"] == conf["current-context"])
        cluster = next(c["cluster"] for c in conf["clusters"] if c["name"] == context["cluster"])
        user = next(u["user"] for u in conf["users"] if u["name"] == context["user"])
        where = urllib.parse.urlsplit(cluster["server"])
        self.host, self.port = where.hostname, where.port or 443
        self.headers = {"User-Agent": AGENT, "Accept": "application/json"}
        if "token" in user:
            self.headers["Authorization"] = "Bearer " + user["token"]
        self.tls = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
            if "certificate-authority-data" in cluster else None,
            cafile=cluster.get("certificate-authority"))
        if "client-certificate-data" in user:
            with tempfile.TemporaryDirectory() as d:
                paths = []
                for key in ("client-certificate-data", "client-key-data"):
                    paths.append(os.path.join(d, key))
                    with open(paths[-1], "wb") as f:
                        f.write(base64.b64decode(user[key]))
                self.tls.load_cert_chain(*paths)
        elif "client-certificate" in user:
            self.tls.load_cert_chain(user["client-certificate"], user["client-key"])

    def open(self, method, path, body=None, kind="application/json", timeout=60):
        conn = http.client.HTTPSConnection(self.host, self.port, context=self.tls, timeout=timeout)
        headers = dict(self.headers, **({"Content-Type": kind} if body is not None else {}))
        try:
            conn.request(method, path, body, headers)
            # A response keeps a file of its own over the socket: whoever wants to end a watch needs the socket itself.
            sock = conn.sock
            return conn, sock, conn.getresponse()
        except BaseException:
            conn.close()
            raise

    def request(self, method, path, obj=None, kind="application/json", query=None):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        body = None if obj is None else obj if isinstance(obj, bytes) else json.dumps(obj).encode()
        conn, _, answer = self.open(method, path, body, kind)
        try:
            text = answer.read()
        finally:
            conn.close()
        try:
            said = json.loads(text)
        except ValueError:
            said = {"message": text.decode("utf-8", "replace")}
        if answer.status >= 400:
            raise ApiError(answer.status, said.get("reason", ""), said.get("message", ""))
        return said

    def get(self, plural, ns, name):
        return self.request("GET", path_of(plural, ns, name))

    def find(self, plural, ns, name):
        try:
            return self.get(plural, ns, name)
        except ApiError as e:
            if e.code != 404:
                raise
            return None

    def list(self, plural, ns=None, selector=None):
        return self.request("GET", path_of(plural, ns), query={"labelSelector": selector} if selector else None)["items"]

    def create(self, obj, ns=None):
        return self.request("POST", path_of(plural_of(obj), ns or obj["metadata"].get("namespace")), obj)

    def patch(self, plural, ns, name, change, kind="merge", subresource=None):
        return self.request("PATCH", path_of(plural, ns, name, subresource), change, PATCH[kind])

    def apply(self, obj, ns=None):
        path = path_of(plural_of(obj), ns or obj["metadata"].get("namespace"), obj["metadata"]["name"])
        return self.request("PATCH", path, obj, PATCH["apply"], query={"fieldManager": AGENT, "force": "true"})

    def delete(self, plural, ns, name, **options):
        """None when it was not there."""
        try:
            return self.request("DELETE", path_of(plural, ns, name), options or None)
        except ApiError as e:
            if e.code != 404:
                raise
            return None


class Feed(threading.Thread):
    """One list and watch, for ever, into a table of the world."""

    def __init__(self, world, plural):
        super().__init__(daemon=True, name=f"watch-{plural}")
        self.world, self.plural, self.socket = world, plural, None

    def run(self):
        while not self.world.closed:
            try:
                self.list_and_watch()
            except (OSError, http.client.HTTPException, ApiError, ValueError) as e:
                self.world.troubled(self.plural, e)

    def list_and_watch(self):
        kube, ns, table = self.world.kube, self.world.ns, {}
        said = kube.request("GET", path_of(self.plural, ns))
        for obj in said["items"]:
            table[obj["metadata"]["name"]] = obj
        self.world.replaced(self.plural, table)
        rv = said["metadata"]["resourceVersion"]
        query = urllib.parse.urlencode({"watch": "true", "resourceVersion": rv})
        conn, self.socket, answer = kube.open("GET", f"{path_of(self.plural, ns)}?{query}", timeout=600)
        try:
            while not self.world.closed:
                line = answer.readline()
                if not line:
                    return
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                self.world.changed(self.plural, event["type"], event["object"])
        finally:
            conn.close()

    def end(self):
        try:
            if self.socket:
                self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class World:
    """What is in one namespace, as the watches tell it. Predicates get the world itself."""

    KINDS = ("rayclusters", "pods", "services", "events")

    def __init__(self, kube, ns, kinds=KINDS, explain=()):
        self.kube, self.ns, self.kinds = kube, ns, kinds
        self.explain = list(explain)  # callables whose text helps to understand a failure
        self.tables, self.news, self.closed = {}, threading.Condition(), False
        self.ever = {plural: {} for plural in kinds}  # all that was ever seen: uid -> name
        self.trouble = {}
        self.feeds = [Feed(self, plural) for plural in kinds]
        for feed in self.feeds:
            feed.start()

    # --- called by the feeds

    def replaced(self, plural, table):
        with self.news:
            self.tables[plural] = table
            for obj in table.values():
                self.ever[plural][obj["metadata"]["uid"]] = obj["metadata"]["name"]
            self.trouble.pop(plural, None)
            self.news.notify_all()

    def changed(self, plural, what, obj):
        with self.news:
            if what == "DELETED":
                self.tables[plural].pop(obj["metadata"]["name"], None)
            elif what != "BOOKMARK":
                self.tables[plural][obj["metadata"]["name"]] = obj
                self.ever[plural][obj["metadata"]["uid"]] = obj["metadata"]["name"]
            self.news.notify_all()

    def troubled(self, plural, error):
        """The API server is away: look again soon, at once when the world is closed."""
        with self.news:
            self.trouble[plural] = str(error)
            self.news.wait_for(lambda: self.closed, 0.2)

    # --- for tests

    def close(self):
        with self.news:
            self.closed = True
            self.news.notify_all()
        for feed in self.feeds:
            feed.end()

    def all(self, plural):
        return list(self.tables.get(plural, {}).values())

    def cluster(self, name):
        return self.tables.get("rayclusters", {}).get(name)

    def status(self, name):
        return (self.cluster(name) or {}).get("status", {})

    def condition(self, name, kind):
        for c in self.status(name).get("conditions", []):
            if c["type"] == kind:
                return c
        return {}

    def pods(self, cluster=None, role=None, group=None, live=True):
        """By name; `live`: without those that are terminating."""
        want = {"ray.io/cluster": cluster, "ray.io/node-type": role, "ray.io/group": group}
        found = []
        for pod in self.all("pods"):
            labels = pod["metadata"].get("labels", {})
            if all(v is None or labels.get(k) == v for k, v in want.items()):
                if not live or "deletionTimestamp" not in pod["metadata"]:
                    found.append(pod)
        return sorted(found, key=lambda p: p["metadata"]["name"])

    def names(self, **which):
        return {p["metadata"]["name"] for p in self.pods(**which)}

    def services(self, cluster):
        return [s for s in self.all("services") if s["metadata"].get("labels", {}).get("ray.io/cluster") == cluster]

    def events(self, name, reason=None, kind="RayCluster"):
        found = [e for e in self.all("events") if (e.get("regarding") or {}).get("kind") == kind
                 and e["regarding"]["name"] == name and reason in (None, e["reason"])]
        return sorted(found, key=lambda e: e["metadata"]["creationTimestamp"])

    def wait_for(self, predicate, bound=BOUND_S, what=""):
        """What the predicate returned once it was true. It must not change anything; it is called under the world's lock."""
        end = time.monotonic() + bound
        with self.news:
            while True:
                if len(self.tables) == len(self.kinds):
                    value = predicate(self)
                    if value:
                        return value
                left = end - time.monotonic()
                if left <= 0:
                    break
                self.news.wait(left)
            seen = self.picture()
        raise AssertionError(f"not within {bound} s: {what or 'what was waited for'}\n{seen}\n{self.story()}")

    def check(self, truth, what):
        if not truth:
            with self.news:
                seen = self.picture()
            raise AssertionError(f"{what}\n{seen}\n{self.story()}")

    def story(self):
        return "\n".join(text() for text in self.explain)

    def picture(self):
        lines = [f"--- world of {self.ns}"] + [f"no watch of {k}: {v}" for k, v in self.trouble.items()]
        for c in self.all("rayclusters"):
            lines.append(f"raycluster {c['metadata']['name']} generation {c['metadata'].get('generation')} "
                         f"status {json.dumps(c.get('status'))[:3000]}")
        for plural in self.kinds:
            if plural in ("rayclusters", "events"):
                continue
            rows = self.all(plural)
            lines.append(f"{len(rows)} {plural}:")
            for o in rows[:40]:
                meta = o["metadata"]
                lines.append(f"  {meta['name']} rv {meta['resourceVersion']} {o.get('status', {}).get('phase', '')}"
                             f"{' TERMINATING ' + str(meta.get('finalizers')) if 'deletionTimestamp' in meta else ''}")
        for e in self.all("events"):
            if (e.get("regarding") or {}).get("kind") == "RayCluster":
                lines.append(f"event {e['type']} {e['reason']} {e['regarding']['name']}: {e.get('note', '')[:300]}")
        return "\n".join(lines)
