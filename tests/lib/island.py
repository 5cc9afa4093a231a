"""A network namespace with one way out: a pair of virtual links to a forwarder that passes everything on to the API server.

The way can be cut, and each direction of it alone: packets are then lost, and nobody is told. What is queued stays queued.
"""
import itertools
import os
import selectors
import socket
import subprocess
import threading

import yaml

NOWHERE = "02:00:00:00:00:01"  # no link has this address: what is sent to it is lost
count = itertools.count()


def ip(*words, check=True):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=30, check=False)
    if check and done.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def why_not():
    """Why no network namespace can be made here; None when it can."""
    name = f"rk{os.getpid()}t"
    try:
        ip("netns", "add", name)
        ip("link", "add", f"{name}h", "type", "veth", "peer", "name", f"{name}c", "netns", name)
    except OSError as e:
        return str(e)
    finally:
        ip("netns", "del", name, check=False)
    return None


class Forwarder(threading.Thread):
    """TCP, one connection there for each here. A thread; nothing is kept but what one read gave."""

    def __init__(self, address, target):
        super().__init__(daemon=True, name="forwarder")
        self.target, self.loop, self.over = target, selectors.DefaultSelector(), False
        self.peers, self.rest = {}, {}
        self.door = socket.create_server((address, 0), backlog=256)
        self.door.setblocking(False)
        self.port = self.door.getsockname()[1]
        self.loop.register(self.door, selectors.EVENT_READ)
        self.start()

    def run(self):
        while not self.over:
            for key, what in self.loop.select(0.2):
                if key.fileobj is self.door:
                    self.enter()
                elif key.fileobj in self.peers:
                    self.serve(key.fileobj, what)

    def enter(self):
        try:
            here, _ = self.door.accept()
        except OSError:
            return
        try:
            there = socket.create_connection(self.target, timeout=5)
        except OSError:
            here.close()
            return
        for a, b in ((here, there), (there, here)):
            a.setblocking(False)
            a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.peers[a], self.rest[a] = b, b""
            self.loop.register(a, selectors.EVENT_READ)

    def serve(self, sock, what):
        try:
            if what & selectors.EVENT_WRITE:
                self.push(sock)
            if what & selectors.EVENT_READ:
                data = sock.recv(65536)
                if not data:
                    self.drop(sock)
                    return
                peer = self.peers[sock]
                self.rest[peer] += data
                self.push(peer)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(sock)

    def push(self, sock):
        """What is left for it; while that is something, its peer is not read."""
        while self.rest[sock]:
            try:
                self.rest[sock] = self.rest[sock][sock.send(self.rest[sock]):]
            except BlockingIOError:
                break
        self.watch(sock)
        self.watch(self.peers[sock])

    def watch(self, sock):
        events = (0 if self.rest[self.peers[sock]] else selectors.EVENT_READ) | (selectors.EVENT_WRITE if self.rest[sock] else 0)
        if sock in self.loop.get_map() and not events:
            self.loop.unregister(sock)
        elif sock in self.loop.get_map():
            self.loop.modify(sock, events)
        elif events:
            self.loop.register(sock, events)

    def drop(self, sock):
        for s in (sock, self.peers[sock]):
            self.peers.pop(s), self.rest.pop(s)
            if s in self.loop.get_map():
                self.loop.unregister(s)
            s.close()

    def end(self):
        self.over = True
        self.join(10)
        for s in [self.door, *self.peers]:
            s.close()


class Island:
    def __init__(self, kubeconfig, folder):
        self.name = f"rk{os.getpid()}x{next(count)}"
        net = f"10.{213 + os.getpid() % 40}.{next(count) % 250}"
        self.here, self.there, self.link, self.inner = f"{net}.1", f"{net}.2", f"{self.name}h", f"{self.name}c"
        ip("netns", "add", self.name)
        try:
            ip("link", "add", self.link, "type", "veth", "peer", "name", self.inner, "netns", self.name)
            ip("addr", "add", f"{self.here}/30", "dev", self.link)
            ip("link", "set", self.link, "up")
            self.inside("ip", "addr", "add", f"{self.there}/30", "dev", self.inner)
            self.inside("ip", "link", "set", "lo", "up")
            self.inside("ip", "link", "set", self.inner, "up")
            self.kubeconfig = self.rewrite(kubeconfig, folder)
        except BaseException:
            ip("netns", "del", self.name, check=False)
            raise

    @property
    def within(self):
        return ["ip", "netns", "exec", self.name]

    def inside(self, *words):
        return ip("netns", "exec", self.name, *words)

    def rewrite(self, kubeconfig, folder):
        """The way leads over the forwarder; the certificate is that of the API server all the same."""
        with open(kubeconfig, encoding="utf-8") as f:
            conf = yaml.safe_load(f)
        cluster = conf["clusters"][0]["cluster"]
        host, port = cluster["server"].removeprefix("https://").split(":")
        self.forwarder = Forwarder(self.here, (host, int(port)))
        cluster.update({"server": f"https://{self.here}:{self.forwarder.port}", "tls-server-name": "kubernetes"})
        path = os.path.join(folder, "kubeconfig")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as f:
            yaml.safe_dump(conf, f)
        return path

    # --- what can be done to the way

    def cut(self):
        ip("link", "set", self.link, "down")

    def heal(self):
        ip("link", "set", self.link, "up")
        ip("neigh", "del", self.there, "dev", self.link, check=False)
        ip("netns", "exec", self.name, "ip", "neigh", "del", self.here, "dev", self.inner, check=False)

    def lose_requests(self):
        """What is asked is lost, and so is every acknowledgement; what the API server tells by itself still arrives."""
        self.inside("ip", "neigh", "replace", self.here, "lladdr", NOWHERE, "nud", "permanent", "dev", self.inner)

    def lose_answers(self):
        """What is asked arrives; no answer comes back, not even of TCP."""
        ip("neigh", "replace", self.there, "lladdr", NOWHERE, "nud", "permanent", "dev", self.link)

    def unsent(self, pid):
        """Bytes that the TCP connections of the namespace have not got rid of; `pid`: somebody who lives there."""
        total = 0
        with open(f"/proc/{pid}/net/tcp", encoding="ascii") as f:
            for line in list(f)[1:]:
                total += int(line.split()[4].split(":")[0], 16)
        return total

    def close(self):
        self.forwarder.end()
        ip("netns", "del", self.name, check=False)
        ip("link", "del", self.link, check=False)
