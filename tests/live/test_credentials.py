"""Who we are and which way leads to the server: exec, tokens and authorities that change, proxies, tls-server-name.

A control plane of its own: one test restarts its API server."""
import base64
import itertools
import json
import os
import re

import pytest
import yaml

from lib import ray
from lib.controlplane import ControlPlane
from lib.operator import alive
from lib.relay import Relay

CONFIG = 78
V1 = "client.authentication.k8s.io/v1"


@pytest.fixture(scope="module")
def plane():
    p = ControlPlane()
    yield p
    p.down()


@pytest.fixture
def relays():
    made = []

    def make(*args, **how):
        made.append(Relay(*args, **how))
        return made[-1]

    yield make
    for relay in made:
        relay.close()


# --- tokens and kubeconfigs


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Token:
    """Of the operator's account. `dies`: bound to a Secret, so that it can be made worthless at once."""

    def __init__(self, live, dies=False):
        ns, name = live.plane.account
        self.kube, self.ns, self.secret = live.kube, ns, None
        spec = {"expirationSeconds": 3600}
        if dies:
            made = live.kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"generateName": "bound-"}}, ns)
            self.secret = made["metadata"]["name"]
            spec["boundObjectRef"] = {"apiVersion": "v1", "kind": "Secret", "name": self.secret, "uid": made["metadata"]["uid"]}
        answer = live.kube.request("POST", f"/api/v1/namespaces/{ns}/serviceaccounts/{name}/token",
                                   {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
        self.text = answer["status"]["token"]
        self.id = "JTI=" + claims(self.text)["jti"]

    def die(self):
        self.kube.delete("secrets", self.ns, self.secret)


def ids(live, since, **which):
    """The tokens that our requests of this namespace came with."""
    return {i for e in live.audit.rows(since, live.ns, **which)
            for i in e["user"].get("extra", {}).get("authentication.kubernetes.io/credential-id", [])}


def kubeconfig(live, tmp_path, user, name="kubeconfig", **cluster):
    """The account's kubeconfig with another user, and its cluster changed."""
    with open(live.plane.kubeconfig, encoding="utf-8") as f:
        conf = yaml.safe_load(f)
    conf["users"][0]["user"] = user
    conf["clusters"][0]["cluster"].update(cluster)
    path = tmp_path / name
    path.write_text(yaml.safe_dump(conf))
    path.chmod(0o600)
    return str(path)


class Program:
    """A credential program that the test writes. What it does at each run is in a file of its own, and may change.
    EXPIRES in its answer becomes `life` seconds from then."""

    def __init__(self, folder, life=None):
        self.dir, self.life = folder, life
        self.path = folder / "give-credential"
        self.do("true")
        self.write("give-credential", f"""#!/bin/sh
cd {folder}
echo $PPID $$ >> runs
mkdir busy-$PPID 2>/dev/null || echo $PPID $$ >> overlaps
trap 'rmdir busy-$PPID 2>/dev/null' EXIT
printf '%s\\n' "$KUBERNETES_EXEC_INFO" >> info
. ./behaviour
sed "s/EXPIRES/$(date -u -d '{life or 3600} seconds' +%Y-%m-%dT%H:%M:%SZ)/" answer
""", 0o700)

    def write(self, name, text, mode=0o600):
        new = self.dir / (name + ".new")
        new.write_text(text)
        new.chmod(mode)
        os.rename(new, self.dir / name)

    def do(self, script):
        self.write("behaviour", script + "\n")

    def give(self, token=None, **status):
        if token:
            status["token"] = token
        if self.life:
            status["expirationTimestamp"] = "EXPIRES"
        self.write("answer", json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": status}))

    def user(self, **more):
        return {"exec": {"apiVersion": V1, "command": "./" + self.path.name, "interactiveMode": "IfAvailable", **more}}

    def runs(self):
        """(who started it, its own pid) of each run."""
        try:
            lines = (self.dir / "runs").read_text().split("\n")[:-1]
        except FileNotFoundError:
            return []
        return [tuple(int(p) for p in line.split()) for line in lines]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(p) for p in f.read().split()]


def works(live, op, name, workers=1):
    """A cluster comes up, and neither process has ended."""
    live.create(ray.cluster(name, ("small", workers)))
    live.world.wait_for(ray.ready(name, workers), what=f"{name} to be ready")
    assert op.running()


def until_told_by(live, token, name, bound=90):
    """The API server believes a token for a while after it has seen it: work goes on until the next one is used."""
    size = itertools.cycle((2, 1))

    def told():
        n = next(size)
        live.scale(name, n)
        live.world.wait_for(ray.ready(name, n))
        return token.id in ids(live, live.since)

    live.audit.wait_for(told, bound, "requests with the second token")


def same_processes(op, before):
    assert (op.pid, op.worker()) == before, op.tail()
    assert not op.said("lease lost") and not op.said("worker ended") and not op.said("worker killed"), op.tail()


def no_secret(op, *secrets):
    for s in secrets:
        assert s not in op.text() and s.split(".")[-1] not in op.text(), "a secret is in the log"


# --- exec


@pytest.mark.asan
def test_a_program_gives_the_token_once_for_each_process(live, tmp_path):
    token, program = Token(live), Program(tmp_path)
    program.give(token.text)
    op = live.start(kubeconfig(live, tmp_path, program.user(provideClusterInfo=True)))
    works(live, op, "given")
    live.audit.settle()
    assert ids(live, live.since) == {token.id}, "all requests came with its token"
    assert {parent for parent, _ in program.runs()} == {op.pid, op.worker()} and len(program.runs()) == 2, program.runs()
    info = json.loads((tmp_path / "info").read_text().split("\n")[0])
    assert info["apiVersion"] == V1 and info["spec"]["interactive"] is False
    assert info["spec"]["cluster"]["server"].endswith(str(live.kube.port))
    assert b"BEGIN CERTIFICATE" in base64.b64decode(info["spec"]["cluster"]["certificate-authority-data"])
    assert children(op.pid) == [op.worker()] and children(op.worker()) == [], "they are reaped"
    no_secret(op, token.text)
    assert op.stop() == 0


def test_a_credential_that_expires_is_renewed_while_it_runs(live, tmp_path):
    first, second, program = Token(live), Token(live), Program(tmp_path, life=5)
    program.give(first.text)
    op = live.start(kubeconfig(live, tmp_path, program.user()))
    before = (op.pid, op.worker())
    program.give(second.text)
    live.audit.wait_for(lambda: len([p for p, _ in program.runs() if p == op.pid]) >= 3
                        and len([p for p, _ in program.runs() if p == op.worker()]) >= 3, 60, program.runs)
    since = live.audit.mark()
    works(live, op, "renewed")
    live.audit.settle()
    assert ids(live, since, verbs=("create",)) == {second.id}
    same_processes(op, before)
    assert not (tmp_path / "overlaps").exists(), "one run at a time for each process"


def test_a_token_that_is_turned_away_is_replaced_without_losing_a_request(live, tmp_path):
    first, second, program = Token(live, dies=True), Token(live), Program(tmp_path)
    program.give(first.text)
    op = live.start(kubeconfig(live, tmp_path, program.user()))
    before = (op.pid, op.worker())
    works(live, op, "before")
    program.give(second.text)
    first.die()
    until_told_by(live, second, "before")
    works(live, op, "after", 3)
    same_processes(op, before)
    assert not [e for e in op.entries() if e["level"] == "error"], op.tail()
    assert {p for p, _ in program.runs()} == {op.pid, op.worker()} and len(program.runs()) == 4, program.runs()
    no_secret(op, first.text, second.text)


def test_a_program_that_fails_at_the_start_is_asked_until_it_can(live, tmp_path):
    token, program = Token(live), Program(tmp_path)
    program.give(token.text)
    program.do(f"echo first line >&2; echo 'not logged in, token={token.text}' >&2; exit 3")
    op = live.start(kubeconfig(live, tmp_path, program.user()), lead=False)
    said = op.wait_said("no credentials yet")
    assert "exit code 3" in said["err"] and said["stderr"] == "not logged in, token=***", said
    live.audit.wait_for(lambda: len(program.runs()) >= 5, 60, program.runs)
    assert op.http("/healthz")[0] == 200
    status, text = op.http("/readyz")
    assert status == 503 and text.startswith("not synced"), (status, text)
    assert len([e for e in op.entries() if e["msg"] == "no credentials yet"]) == 2, "once for each process"
    program.do("true")
    op.wait_leading()
    works(live, op, "late")
    no_secret(op, token.text)


BROKEN = {
    "fails": ("exit 1", "exit code 1"),
    "prints junk": ("echo '<html>'; exit 0", "no ExecCredential"),
    "prints half": ("head -c 100 answer; exit 0", "not JSON"),
    "prints without end": ("yes", "more than 1 MiB"),
    "prints nothing": ("exit 0", "printed nothing"),
    "prints another version": (f"sed s,{V1},{V1}beta1, answer; exit 0", "apiVersion"),
}


def test_while_the_program_is_broken_the_old_credential_serves(live, tmp_path):
    token, program = Token(live), Program(tmp_path, life=5)
    program.give(token.text)
    op = live.start(kubeconfig(live, tmp_path, program.user()))
    before = (op.pid, op.worker())
    for i, (what, (script, why)) in enumerate(BROKEN.items()):
        program.do(script)
        live.audit.wait_for(lambda: any(why in e.get("err", "") for e in op.entries()
                                        if e["msg"] == "credentials not refreshed, the old ones stay"),
                            90, lambda: f"a word about a program that {what}\n{op.tail()}")
        works(live, op, f"broken-{i}")
    n = len(program.runs())
    program.do("true")
    live.audit.wait_for(lambda: len(program.runs()) > n + 4, 180, "it runs again, and is asked in time")
    works(live, op, "mended")
    same_processes(op, before)
    no_secret(op, token.text)


def test_a_program_that_hangs_stops_nobody_and_ends_with_us(live, tmp_path):
    token, program = Token(live), Program(tmp_path, life=5)
    program.give(token.text)
    op = live.start(kubeconfig(live, tmp_path, program.user()))
    before = (op.pid, op.worker())
    n = len(program.runs())
    program.do("exec sleep 1000")
    live.audit.wait_for(lambda: {p for p, _ in program.runs()[n:]} == set(before), 60, "both hang")
    hanging = [pid for _, pid in program.runs()[-2:]]
    works(live, op, "hanging", 20)
    assert op.http("/readyz")[0] == 200
    same_processes(op, before)
    assert all(alive(pid) for pid in hanging), "the credential did not come from somewhere else"
    assert op.stop() == 0
    live.audit.wait_for(lambda: not any(alive(pid) for pid in hanging), 30, "the programs ended with us")


def test_a_program_may_give_a_certificate(live, tmp_path):
    with open(live.plane.admin, encoding="utf-8") as f:
        admin = yaml.safe_load(f)["users"][0]["user"]

    def pem(field):
        if field + "-data" in admin:
            return base64.b64decode(admin[field + "-data"]).decode()
        with open(admin[field], encoding="utf-8") as file:
            return file.read()

    key, program = pem("client-key"), Program(tmp_path)
    program.give(clientCertificateData=pem("client-certificate"), clientKeyData=key)
    op = live.start(kubeconfig(live, tmp_path, program.user()))
    works(live, op, "certified")
    live.audit.settle()
    who = {e["user"]["username"] for e in live.audit.rows(live.since, live.ns)}
    assert len(who) == 1 and not who.pop().startswith("system:serviceaccount"), "it came as the certificate's owner"
    no_secret(op, key.split("\n")[1])


@pytest.mark.parametrize("user, words", [
    ({"apiVersion": V1, "command": "./gone", "installHint": "get it from the shop"}, ["exec.command", "get it from the shop"]),
    ({"apiVersion": V1, "command": "sh", "interactiveMode": "Always"}, ["exec.interactiveMode", "Always is not supported"]),
    ({"apiVersion": V1 + "alpha1", "command": "sh"}, ["exec.apiVersion", "not supported"]),
], ids=["missing", "interactive", "old"])
def test_what_can_never_run_is_refused_at_the_start(live, tmp_path, user, words):
    path = kubeconfig(live, tmp_path, {"exec": user})
    op = live.start(path, lead=False)
    assert op.ended() == CONFIG, op.tail()
    for word in [path, *words]:
        assert word in op.text(), op.tail()


# --- files


def test_a_token_file_that_changes_is_followed(live, tmp_path):
    first, second = Token(live, dies=True), Token(live)
    file = tmp_path / "token"
    file.write_text(first.text + "\n")
    op = live.start(kubeconfig(live, tmp_path, {"tokenFile": "token"}))
    before = (op.pid, op.worker())
    works(live, op, "before")
    file.write_text("")  # half of a rotation
    file.write_text(second.text)
    first.die()
    until_told_by(live, second, "before")
    works(live, op, "after", 3)
    same_processes(op, before)


def test_a_half_written_authority_is_not_believed_and_a_whole_one_is(live, tmp_path):
    with open(live.plane.kubeconfig, encoding="utf-8") as f:
        conf = yaml.safe_load(f)["clusters"][0]["cluster"]
    good = base64.b64decode(conf["certificate-authority-data"]).decode()
    file = tmp_path / "ca.crt"
    file.write_text(good)
    token = Token(live)
    path = kubeconfig(live, tmp_path, {"token": token.text}, **{"certificate-authority": "ca.crt"})
    with open(path, encoding="utf-8") as f:
        conf = yaml.safe_load(f)
    del conf["clusters"][0]["cluster"]["certificate-authority-data"]
    with open(path, "w", encoding="utf-8") as f:
        yaml.safe_dump(conf, f)
    op = live.start(path)
    before = (op.pid, op.worker())
    file.write_text(good[:len(good) // 2])
    live.plane.cp("restart", "apiserver")  # everybody connects again
    live.plane.cp("wait")
    works(live, op, "half")
    file.write_text(good)
    works(live, op, "whole")
    assert (op.pid, op.worker()) == before, op.tail()


# --- the way there


def test_all_connections_go_through_the_clusters_proxy(live, tmp_path, relays):
    """The server's name cannot be looked up anywhere: who knows the way is the proxy alone."""
    token = Token(live)
    for kind, url in (("connect", "http://127.0.0.1:{}"), ("socks5", "socks5://127.0.0.1:{}")):
        proxy = relays((live.kube.host, live.kube.port), kind)
        path = kubeconfig(live, tmp_path, {"token": token.text}, name=kind, server="https://api.invalid:6443",
                          **{"proxy-url": url.format(proxy.port), "tls-server-name": "kubernetes"})
        op = live.start(path, env={"NO_PROXY": "*", "HTTPS_PROXY": "http://127.0.0.1:1"})
        works(live, op, f"by-{kind}")
        assert len(proxy.targets) >= 3 and set(proxy.targets) == {"api.invalid:6443"}, proxy.targets
        n = len(proxy.targets)
        proxy.drop()
        works(live, op, f"again-by-{kind}")
        assert len(proxy.targets) > n
        assert op.stop() == 0
    no_secret(op, token.text)


def test_the_environments_proxy_is_used_but_not_for_its_exceptions(live, tmp_path, relays):
    token = Token(live)
    proxy = relays((live.kube.host, live.kube.port), "connect")
    env = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}", "https_proxy": "", "NO_PROXY": "10.0.0.0/8,.local", "no_proxy": ""}
    path = kubeconfig(live, tmp_path, {"token": token.text}, server="https://192.0.2.10:6443", **{"tls-server-name": "kubernetes"})
    op = live.start(path, env=env)
    works(live, op, "outside")
    assert set(proxy.targets) == {"192.0.2.10:6443"}
    assert op.stop() == 0
    n = len(proxy.targets)
    op = live.start(path, lead=False, env={**env, "NO_PROXY": "192.0.2.0/24"}, sets=["api.connect-timeout=1s"])
    op.wait_said("worker started")
    live.audit.wait_for(lambda: op.http("/readyz")[0] == 503, 30)
    assert op.stop() == 0
    assert len(proxy.targets) == n
    op = live.start(kubeconfig(live, tmp_path, {"token": token.text}), env=env)  # this machine itself
    works(live, op, "inside")
    assert len(proxy.targets) == n


@pytest.mark.asan
def test_a_tls_server_name_is_what_the_certificate_is_held_against(live, tmp_path, relays):
    token = Token(live)
    elsewhere = relays((live.kube.host, live.kube.port), bind="127.0.0.2")
    server = f"https://127.0.0.2:{elsewhere.port}"  # no name of the certificate
    for name in ("kubernetes.default.svc", "localhost", "127.0.0.1"):
        op = live.start(kubeconfig(live, tmp_path, {"token": token.text}, server=server, **{"tls-server-name": name}))
        works(live, op, "named-" + re.sub("[^a-z0-9]", "-", name))
        assert op.stop() == 0
    for name in ("api.example", None):
        how = {"tls-server-name": name} if name else {}
        n = len(elsewhere.targets)
        op = live.start(kubeconfig(live, tmp_path, {"token": token.text}, server=server, **how), lead=False)
        live.audit.wait_for(lambda: len(elsewhere.targets) >= n + 4, 60, "connections that are given up")
        status, text = op.http("/readyz")
        assert status == 503, text
        assert not op.said("leading")
        assert op.stop() == 0
    live.audit.settle()
    assert {e["user"]["username"] for e in live.audit.rows(live.since, live.ns)} == {
        "system:serviceaccount:" + ":".join(live.plane.account)}
