"""One control plane (tests/controlplane), with our CRD, our RBAC and the kubeconfig of our ServiceAccount."""
import glob
import os
import shutil
import subprocess
import tempfile
import uuid

import yaml

from lib.audit import Audit
from lib.kube import Kube, World

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CP = os.environ.get("RK_CP") or os.path.join(ROOT, "tests", "controlplane", "cp")


def documents(folder):
    found = []
    for path in sorted(glob.glob(os.path.join(folder, "*.yaml"))):
        with open(path, encoding="utf-8") as f:
            found += [d for d in yaml.safe_load_all(f) if d and "kind" in d]
    return found


class ControlPlane:
    """`crd`: a file instead of those of config/crd. `keep`: a folder whose control plane is used and left running."""

    def __init__(self, crd=None, keep=None):
        self.dir, self.keep = keep or tempfile.mkdtemp(prefix="rk-live-"), bool(keep)
        if not (keep and os.path.exists(self.admin)):
            self.cp("up")
        self.kube = Kube(self.admin)
        self.audit = Audit(os.path.join(self.dir, "audit.log"), self.kube)
        try:
            self.install(crd)
        except BaseException:
            self.down()
            raise

    @property
    def admin(self):
        return os.path.join(self.dir, "kubeconfig")

    def cp(self, command, *args, bound=300):
        done = subprocess.run([CP, command, self.dir, *args], capture_output=True, text=True, timeout=bound, check=False)
        assert done.returncode == 0, f"cp {command} {' '.join(args)}: {done.stdout}{done.stderr}"
        return done.stdout

    def install(self, crd):
        new = self.kube.find("customresourcedefinitions", None, "rayclusters.ray.io") is None
        files = [crd] if crd else sorted(glob.glob(os.path.join(ROOT, "config", "crd", "ray.io_*.yaml")))
        assert files, "config/crd holds no CRD"
        for path in files:
            self.cp("kubectl", "apply", "--server-side", "--force-conflicts", "-f", path)
        self.established("rayclusters.ray.io")
        for obj in documents(os.path.join(ROOT, "config", "rbac")):
            self.kube.apply(obj)
            if obj["kind"] == "ServiceAccount":
                self.account = (obj["metadata"]["namespace"], obj["metadata"]["name"])
        self.kubeconfig = self.account_kubeconfig(*self.account)
        if new:  # the garbage collector would learn of the new kind within 30 s
            self.cp("restart", "controller-manager")
            self.cp("wait")

    def established(self, name):
        world = World(self.kube, None, ("customresourcedefinitions",))
        try:
            world.wait_for(lambda w: any(
                c["metadata"]["name"] == name and d["type"] == "Established" and d["status"] == "True"
                for c in w.all("customresourcedefinitions") for d in c.get("status", {}).get("conditions") or []),
                what=f"CRD {name} to be established")
        finally:
            world.close()

    def account_kubeconfig(self, ns, name):
        path = os.path.join(self.dir, f"{ns}-{name}.kubeconfig")
        self.cp("serviceaccount", ns, name, "--out", path)
        return path

    def another_account(self, name):
        """A user of its own with the rights of config/rbac, beside the first: the audit log tells the two apart."""
        for obj in documents(os.path.join(ROOT, "config", "rbac")):
            if obj["kind"].endswith("Binding"):
                obj["metadata"]["name"] += "-" + name
                obj["subjects"] = [{"kind": "ServiceAccount", "name": name, "namespace": self.account[0]}]
                self.kube.apply(obj)
        return self.account_kubeconfig(self.account[0], name)

    def namespace(self, word="t"):
        """A new namespace in which pods can be made."""
        name = f"{word[:40].replace('_', '-').strip('-')}-{uuid.uuid4().hex[:6]}"
        self.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.make_account(name)
        return name

    def make_account(self, ns):
        """Pods need the account `default`. The controller makes it too; whoever comes second has nothing to do."""
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": ns}})

    def down(self):
        if not self.keep:
            self.cp("down", "--wipe")
            shutil.rmtree(self.dir, ignore_errors=True)  # the kubeconfigs of accounts are ours
