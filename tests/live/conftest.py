"""What every live test gets: one control plane a session, a namespace and a watched world a test, an operator."""
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lib.controlplane import ControlPlane  # noqa: E402
from lib.kube import ApiError, World  # noqa: E402
from lib.operator import Operator  # noqa: E402


class Live:
    """A test's hands: its namespace and world, the operator, whatever it starts; all of it ends with the test."""

    def __init__(self, plane, name):
        self.plane, self.kube, self.audit = plane, plane.kube, plane.audit
        self.word = re.sub(r"[^a-z0-9]+", "-", name.lower().replace("test_", ""))[:40].strip("-")
        self.worlds, self.operators = [], []
        self.ns = plane.namespace(self.word)
        self.world = self.see(self.ns)
        self.since = self.audit.mark()

    def see(self, ns):
        world = World(self.kube, ns, explain=[self.tails, lambda: self.audit.describe(ns)])
        self.worlds.append(world)
        return world

    def another(self):
        """One more namespace, and its world."""
        world = self.see(self.plane.namespace(self.word))
        return world.ns, world

    def tails(self):
        return "\n".join(op.tail() for op in self.operators)

    def start(self, kubeconfig=None, lead=True, **how):
        op = Operator(kubeconfig or self.plane.kubeconfig, **how)
        self.operators.append(op)
        return op.wait_leading() if lead else op

    def create(self, obj, ns=None):
        return self.kube.create(obj, ns or self.ns)

    def patch(self, name, change, kind="merge", ns=None):
        return self.kube.patch("rayclusters", ns or self.ns, name, change, kind)

    def scale(self, name, replicas, group=0):
        return self.patch(name, [{"op": "add", "path": f"/spec/workerGroupSpecs/{group}/replicas", "value": replicas}], "json")

    def fail_pod(self, name):
        return self.kube.patch("pods", self.ns, name, {"status": {"phase": "Failed"}}, subresource="status")

    def writes(self, ns=None, since=None, **which):
        self.audit.settle()
        return self.audit.writes(ns or self.ns, self.since if since is None else since, **which)

    def created(self, wanted, since=None, bound=30):
        """The pods ever made in our namespace are as many as this, and the audit log agrees."""
        self.audit.assert_pods_created(self.ns, wanted, self.world.ever["pods"], self.since if since is None else since, bound)

    def close(self, shared):
        for world in self.worlds:
            world.close()
        bad = []
        for op in self.operators:
            if op is not shared:
                try:
                    op.close()
                except AssertionError as e:
                    bad.append(str(e))
        for world in self.worlds:
            try:
                for pod in self.kube.list("pods", world.ns):
                    if pod["metadata"].get("finalizers"):  # of a test that failed between two steps
                        self.kube.patch("pods", world.ns, pod["metadata"]["name"], {"metadata": {"finalizers": None}})
                self.kube.delete("namespaces", None, world.ns)
            except (OSError, ApiError) as e:
                bad.append(f"namespace {world.ns} not deleted: {e}")
        assert not bad, "\n".join(bad)


@pytest.fixture(scope="session")
def plane():
    """RK_CONTROLPLANE=DIR uses the control plane of DIR and leaves it running; otherwise there is one a session."""
    p = ControlPlane(keep=os.environ.get("RK_CONTROLPLANE"))
    yield p
    p.down()


@pytest.fixture
def live(plane, request):
    """Without an operator: the test starts its own."""
    it = Live(plane, request.node.name)
    yield it
    it.close(None)


@pytest.fixture(scope="module")
def running(plane):
    """The operator that the tests of one file share."""
    op = Operator(plane.kubeconfig).wait_leading()
    yield op
    op.close()


@pytest.fixture
def served(plane, running, request):
    """With the file's operator, which must be the same at the end: no test may bring it down."""
    it = Live(plane, request.node.name)
    it.operators.append(running)
    before = (running.pid, running.worker())
    yield it
    it.close(running)
    assert running.running() and (running.pid, running.worker()) == before, f"the operator fell\n{running.tail()}"
