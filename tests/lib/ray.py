"""Ray clusters for tests, and how their objects look."""
import re

IMAGE = "rayproject/ray:2.52.0"
POD_NAME = re.compile(r"^(?P<prefix>.+)-(head|worker)-[bcdfghjklmnpqrstvwxz2456789]{5}$")


def template(name, cpu="1", memory="1Gi", annotations=None, **spec):
    container = {"name": name, "image": IMAGE, "resources": {"limits": {"cpu": cpu, "memory": memory}}}
    return {"metadata": {"annotations": annotations or {}}, "spec": {"containers": [container], **spec}}


def group(name, replicas, low=0, high=1000, annotations=None, **more):
    return {"groupName": name, "replicas": replicas, "minReplicas": low, "maxReplicas": high, "rayStartParams": {},
            "template": template("ray-worker", annotations=annotations), **more}


def cluster(name, *groups, **spec):
    """cluster("a", ("small", 3)): a head and three workers. A group may also be a whole worker group."""
    return {
        "apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": name},
        "spec": {
            "rayVersion": "2.52.0",
            "headGroupSpec": {"rayStartParams": {}, "template": template("ray-head", memory="2Gi")},
            "workerGroupSpecs": [g if isinstance(g, dict) else group(*g) for g in groups], **spec},
    }


def ready(name, workers):
    """A predicate: this cluster has its pods, and its status says so."""
    def look(world):
        c = world.cluster(name)
        status = world.status(name)
        return (c and status.get("state") == "ready" and status.get("readyWorkerReplicas", 0) == workers
                and status.get("observedGeneration") == c["metadata"]["generation"]
                and status.get("desiredWorkerReplicas", 0) == workers
                and len(world.pods(name, live=False)) == workers + 1)
    return look
