"""A proxy between the operator and the API server that does harm on order.

    proxy = FaultProxy(live.plane.kubeconfig)
    op = live.start(proxy.kubeconfig)
    with proxy.answer(504, forward=True, method="POST", path="/pods$", times=2) as rule:
        rule.wait_hits(2)

It speaks plain HTTP to the operator and TLS to the API server, and passes the operator's own token on. Every request has a
connection of its own to the API server. A rule matches `method` (a word), `path` and `query` (regular expressions that are
searched for); `skip`: so many matches go by first; `times`: and so many are met (None: all until off()). Rules are looked at
in the order of their making; the first that matches is the one. Without a rule everything goes through as it is.

    answer(status, body, headers, forward=False)    our answer; `forward`: the API server has done what was asked before
    hold()                                          the request waits here until let_go(), then it goes on
    lag()                                           what the API server answers waits until let_go(); none of it is lost
    swallow()                                       what it answers is thrown away from now on; the connection stays open
    cut(after, reset=False)                         so many bytes of the body, then the connection ends (or is reset)
    reset(where)                                    a reset: `request` (before it is forwarded), `headers` (after it, amid the head)
    lines(keep)                                     only the lines of a stream for which keep(line) is true

lag, swallow, cut and lines also meet watches that are open when they are made, from there on; each counts as one request.
"""
import http.client
import json
import os
import re
import socket
import struct
import tempfile
import threading
import time
import urllib.parse

import yaml

from lib.kube import Kube

REASONS = {409: "Conflict", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable",
           504: "Timeout"}
STREAM = ("lag", "swallow", "cut", "lines")


def status(code, message, reason=None):
    """A body as the API server sends it with a refusal."""
    return json.dumps({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
                       "reason": reason or REASONS.get(code, ""), "message": message}).encode()


class Seen:
    """One request as it passed by. `status` is what the operator was told, `real` what the API server said; None: nothing."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        where = urllib.parse.urlsplit(target)
        self.path, self.query = where.path, where.query
        self.at, self.status, self.real = time.monotonic(), None, None
        self.watch = "watch=1" in where.query
        self.text = ""  # the beginning of what the API server answered

    def __repr__(self):
        return f"{self.method} {self.target[:160]} {self.status} (really {self.real})"


class Rule:
    def __init__(self, proxy, what, method=None, path="", query="", times=None, skip=0, **how):
        self.proxy, self.what, self.how = proxy, what, how
        self.method, self.path, self.query = method, re.compile(path), re.compile(query)
        self.times, self.skip = times, skip
        self.met, self.active, self.made = [], True, time.monotonic()
        self.gone = threading.Event()  # what waits for this rule waits no more

    def fits(self, seen):
        return (self.method in (None, seen.method) and self.path.search(seen.path) is not None
                and self.query.search(seen.query) is not None)

    def meet(self, seen):
        if seen not in self.met:
            if self.times is not None and self.hits >= self.times:
                return False
            self.met.append(seen)
        return True

    @property
    def hits(self):
        return len(self.met)

    def age(self):
        return time.monotonic() - self.made

    def wait_hits(self, n, bound=60):
        self.proxy.wait_for(lambda: self.hits >= n, bound, lambda: f"{n} requests met by {self.what}, {self.hits} were")
        return self

    def let_go(self):
        """What waits goes on, and this rule meets nothing more."""
        self.off()

    def off(self):
        with self.proxy.news:
            self.active = False
            self.proxy.news.notify_all()
        self.gone.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.off()


class Cut(Exception):
    def __init__(self, reset):
        super().__init__()
        self.reset = reset


class FaultProxy:
    def __init__(self, kubeconfig, host="127.0.0.1"):
        self.api = Kube(kubeconfig)
        self.rules, self.seen, self.news, self.closed = [], [], threading.Condition(), False
        self.open = {}  # client socket -> (its request, the socket to the API server)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family, backlog=128)
        self.kubeconfig = self.write_kubeconfig(kubeconfig)
        threading.Thread(target=self.accept, daemon=True).start()

    def write_kubeconfig(self, original):
        with open(original, encoding="utf-8") as f:
            conf = yaml.safe_load(f)
        host, port = self.listener.getsockname()[:2]
        for entry in conf["clusters"]:
            entry["cluster"] = {"server": f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"}
        fd, path = tempfile.mkstemp(prefix="rk-proxy-", suffix=".kubeconfig")
        with os.fdopen(fd, "w", encoding="utf-8") as f:
            yaml.safe_dump(conf, f)
        return path

    def close(self):
        with self.news:
            self.closed = True
            self.news.notify_all()
        for rule in self.rules:
            rule.off()
        self.listener.close()
        self.sever()
        os.unlink(self.kubeconfig)

    # --- rules

    def rule(self, what, **how):
        rule = Rule(self, what, **how)
        with self.news:
            self.rules.append(rule)
        return rule

    def answer(self, code, body=None, headers=None, forward=False, **match):
        body = status(code, f"ordered by a test: {code}") if body is None else body
        return self.rule("answer", code=code, body=body, headers=headers or {}, forward=forward, **match)

    def hold(self, **match):
        return self.rule("hold", **match)

    def lag(self, **match):
        return self.rule("lag", **match)

    def swallow(self, **match):
        return self.rule("swallow", **match)

    def cut(self, after, reset=False, **match):
        return self.rule("cut", after=after, reset=reset, **match)

    def reset(self, where, **match):
        return self.rule("reset", where=where, **match)

    def lines(self, keep, **match):
        return self.rule("lines", keep=keep, **match)

    def sever(self, **match):
        """Reset the connections of what is under way now and matches."""
        probe = Rule(self, "sever", **match)
        with self.news:
            found = [(sock, up) for sock, (seen, up) in self.open.items() if probe.fits(seen)]
        for sock, up in found:
            harden(sock)
            shut(sock)
            shut(up)
        return len(found)

    # --- what a test asks

    def wait_for(self, look, bound=60, what=""):
        """What look() returned once it was true; it is called under a lock, whenever a request came or was answered."""
        end = time.monotonic() + bound
        with self.news:
            while True:
                value = look()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0:
                    break
                self.news.wait(left)
            tail = "\n".join(map(repr, self.seen[-25:]))
        raise AssertionError(f"not within {bound} s at the proxy: {what() if callable(what) else what}\n{tail}")

    def requests(self, since=0, **match):
        probe = Rule(self, "", **match)
        return [s for s in self.seen[since:] if probe.fits(s)]

    def mark(self):
        return len(self.seen)

    # --- connections

    def accept(self):
        while not self.closed:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            reader = sock.makefile("rb")
            while not self.closed:
                seen = read_request(reader)
                if not seen:
                    break
                with self.news:
                    rule = self.take(seen)
                    self.seen.append(seen)
                    self.open[sock] = (seen, None)
                    self.news.notify_all()
                try:
                    self.exchange(sock, seen, rule)
                finally:
                    with self.news:
                        self.open.pop(sock, None)
                        self.news.notify_all()
        except Cut as cut:
            if cut.reset:
                harden(sock)
        except (OSError, http.client.HTTPException, ValueError):
            harden(sock)  # whichever side broke: the other one learns it the hard way
        finally:
            shut(sock)
            reader.close()
            sock.close()

    def take(self, seen):
        """The rule for a request that has just come. Under the lock."""
        for rule in self.rules:
            if not rule.active or not rule.fits(seen):
                continue
            if rule.skip > 0:
                rule.skip -= 1
            elif rule.meet(seen):
                return rule
        return None

    def exchange(self, sock, seen, rule):
        what = rule.what if rule else ""
        if what == "hold":
            rule.gone.wait()
        if what == "reset" and rule.how["where"] == "request":
            raise Cut(True)
        if what == "answer" and not rule.how["forward"]:
            send_answer(sock, seen, rule.how)
            return
        up = http.client.HTTPSConnection(self.api.host, self.api.port, context=self.api.tls)
        try:
            up.connect()
            with self.news:
                self.open[sock] = (seen, up.sock)
            up.request(seen.method, seen.target, seen.body, seen.headers)
            if seen.watch:
                threading.Thread(target=leave_with, args=(sock, up.sock), daemon=True).start()
            answer = up.getresponse()
            seen.real = answer.status
            if what == "answer":
                seen.text = answer.read().decode("utf-8", "replace")[:4096]
                send_answer(sock, seen, rule.how)
            elif what == "reset":
                answer.read()
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Ty")
                raise Cut(True)
            else:
                self.relay(sock, seen, answer, rule if what in STREAM else None)
        finally:
            up.close()

    def relay(self, sock, seen, answer, rule):
        if rule and rule.what == "lag":
            rule.gone.wait()
        seen.status = answer.status
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n"
        for key, value in answer.getheaders():
            if key.lower() not in ("transfer-encoding", "content-length", "connection"):
                head += f"{key}: {value}\r\n"
        length = answer.getheader("Content-Length")
        chunked = length is None and answer.status not in (204, 304)
        head += "Transfer-Encoding: chunked\r\n" if chunked else f"Content-Length: {length or 0}\r\n"
        sock.sendall(head.encode() + b"\r\n")
        left, rest = None, b""
        while True:
            data = answer.read1(65536)
            if not data:
                break
            seen.text += data.decode("utf-8", "replace")[:max(0, 4096 - len(seen.text))]
            with self.news:
                now = rule if rule and rule.active else self.over(seen)
                self.news.notify_all()
            what = now.what if now else ""
            data, rest = rest + data, b""
            if what == "lag":
                now.gone.wait()
            elif what == "swallow":
                continue
            elif what == "lines":
                *lines, rest = data.split(b"\n")
                data = b"".join(line + b"\n" for line in lines if now.how["keep"](line))
            elif what == "cut":
                left = now.how["after"] if left is None else left
                if len(data) > left:
                    send_piece(sock, data[:left], chunked)
                    raise Cut(now.how["reset"])
                left -= len(data)
            send_piece(sock, data, chunked)
        if chunked:
            sock.sendall(b"0\r\n\r\n")

    def over(self, seen):
        """The rule that meets a stream which was open before it. Under the lock."""
        if not seen.watch:
            return None
        return next((r for r in self.rules if r.active and r.what in STREAM and r.fits(seen) and r.meet(seen)), None)


def read_request(reader):
    line = reader.readline(65536)
    if not line.strip():
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = {}
    while (line := reader.readline(65536)) not in (b"\r\n", b"\n", b""):
        key, _, value = line.decode("latin-1").partition(":")
        if key.lower() not in ("host", "connection"):
            headers[key] = value.strip()
    n = int(next((v for k, v in headers.items() if k.lower() == "content-length"), 0))
    return Seen(method, target, headers, reader.read(n) if n else None)


def send_answer(sock, seen, how):
    seen.status = how["code"]
    head = f"HTTP/1.1 {how['code']} Ordered\r\nContent-Type: application/json\r\nContent-Length: {len(how['body'])}\r\n"
    head += "".join(f"{key}: {value}\r\n" for key, value in how["headers"].items())
    sock.sendall(head.encode() + b"\r\n" + how["body"])


def send_piece(sock, data, chunked):
    if data:
        sock.sendall(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)


def leave_with(sock, up):
    """The client of a watch is gone: so are we at the API server."""
    try:
        if sock.recv(1, socket.MSG_PEEK):
            return  # the next request on this connection
    except OSError:
        pass
    shut(up)


def harden(sock):
    """Its end will be a reset."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass


def shut(sock):
    try:
        if sock:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
