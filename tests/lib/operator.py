"""The operator as a child process: `raykeeper run`, its two processes, its log."""
import datetime
import http.client
import json
import os
import resource
import select
import signal
import subprocess
import threading
import time

import prometheus_client.parser

SANITIZER = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "AddressSanitizer:DEADLYSIGNAL")


def build_dir():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.environ.get("RK_BUILD") or os.path.join(root, "build")


def binary(checked=False):
    """`checked`: the build with fault points. Its plugins are those of the product."""
    if checked:
        return os.environ.get("RK_CHECKED") or os.path.join(build_dir(), "checked", "raykeeper")
    return os.path.join(build_dir(), "raykeeper")


def alive(pid):
    """Running, not merely waiting to be reaped."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def wait_end(pid, bound=60):
    """True when the process has ended within the bound; also true of one that is not there."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], bound)[0])
    finally:
        os.close(fd)


def wall(text):
    """Seconds since 1970 of a time in a log, an object or the audit log."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Operator:
    """Started by the constructor. `sets` are --set options, `limits` of setrlimit; everything it writes is kept. `within`: a command
    that becomes the operator, somewhere else (`ip netns exec ...`). `program`: another one than the build's. Without a kubeconfig it
    finds the API server as in a pod."""

    def __init__(self, kubeconfig, sets=(), config=None, env=None, checked=False, plugins=None, limits=None, within=(), program=None):
        argv = [*within, program or binary(checked), "run", *(["--kubeconfig", kubeconfig] if kubeconfig else [])]
        argv += ["--config", config] if config else []
        for s in ("health.address=127.0.0.1:0", "metrics.address=127.0.0.1:0", "debug.socket=", *([f"plugins.path={plugins}"] if plugins else []), *sets):
            argv += ["--set", s]
        if checked and not plugins:
            argv += ["--set", "plugins.path=" + os.path.join(build_dir(), "plugins")]
        self.lines, self.news, self.closed = [], threading.Condition(), False
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                      env=dict(os.environ, **(env or {})), start_new_session=True,
                                      preexec_fn=(lambda: [resource.setrlimit(w, (n, n)) for w, n in limits.items()]) if limits else None)
        self.pid = self.child.pid
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for raw in self.child.stderr:
            with self.news:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.closed = True
            self.news.notify_all()

    # --- its log

    def entries(self, since=0):
        found = []
        for line in self.lines[since:]:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                found.append(entry)
        return found

    def mark(self):
        return len(self.lines)

    def said(self, msg, since=0, **fields):
        for e in self.entries(since):
            if e.get("msg") == msg and all(e.get(k) == v for k, v in fields.items()):
                return e
        return None

    def wait_said(self, msg, since=0, bound=90, **fields):
        end = time.monotonic() + bound
        with self.news:
            while True:
                entry = self.said(msg, since, **fields)
                if entry:
                    return entry
                left = end - time.monotonic()
                if left <= 0 or self.closed:
                    break
                self.news.wait(left)
        raise AssertionError(f"the operator did not say {msg!r} {fields or ''} within {bound} s\n{self.tail()}")

    @staticmethod
    def time_of(entry):
        """Wall time of a line of the log, in seconds."""
        return wall(entry["ts"])

    def wait_leading(self, since=0, bound=90):
        self.wait_said("leading", since, bound)
        return self

    def text(self):
        return "\n".join(self.lines)

    def tail(self, n=40):
        return "\n".join([f"--- operator {self.pid}, last {min(n, len(self.lines))} of {len(self.lines)} lines"] + self.lines[-n:])

    # --- its processes

    def running(self):
        return self.child.poll() is None

    def worker(self):
        """The worker's pid: the child of the master; None when there is none."""
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as f:
                pids = [int(p) for p in f.read().split()]
        except FileNotFoundError:
            return None
        pids = [p for p in pids if alive(p)]
        return pids[0] if pids else None

    def signal_worker(self, what=signal.SIGKILL):
        pid = self.worker()
        assert pid, f"no worker runs\n{self.tail()}"
        os.kill(pid, what)
        return pid

    def signal_master(self, what=signal.SIGKILL):
        self.child.send_signal(what)

    def kill_both(self):
        pid = self.worker()
        self.child.kill()
        if pid:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.ended()

    def ended(self, bound=60):
        """The exit status, once master and worker are gone: both hold the pipe."""
        try:
            code = self.child.wait(bound)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the operator did not end within {bound} s\n{self.tail()}") from None
        self.reader.join(bound)
        assert not self.reader.is_alive(), f"the worker outlives its master\n{self.tail()}"
        return code

    def stop(self, bound=60):
        if self.running():
            self.child.send_signal(signal.SIGCONT)
            self.child.send_signal(signal.SIGTERM)
        return self.ended(bound)

    def close(self):
        """For teardown: gone whatever happened, and no sanitizer had anything to say."""
        try:
            if self.running():
                worker = self.worker()
                if worker:
                    os.kill(worker, signal.SIGCONT)
                self.stop(40)
        except (AssertionError, ProcessLookupError):
            self.kill_both()
            raise
        finally:
            bad = [i for i, line in enumerate(self.lines) if any(s in line for s in SANITIZER)]
            assert not bad, "a sanitizer spoke:\n" + "\n".join(self.lines[bad[0]:bad[0] + 60])

    # --- its pages

    def passed(self):
        """How many passes with their writes went well, of all kinds; None while some object is in hand or waits to be."""
        told = self.metrics()
        count = lambda family, **labels: sum(s.value for s in told[family] if labels.items() <= s.labels.items())
        busy = count("workqueue_depth") + count("controller_runtime_active_workers")
        return None if busy else int(count("controller_runtime_reconcile", result="success"))

    def port(self, of="health"):
        return self.wait_said("started")[of + "-port"]

    def metrics(self):
        """{family: its samples}; each sample has `name`, `labels` and `value`."""
        status, text = self.http("/metrics", of="metrics")
        assert status == 200, (status, text)
        return {family.name: family.samples for family in prometheus_client.parser.text_string_to_metric_families(text)}

    def http(self, path, timeout=10, of="health"):
        conn = http.client.HTTPConnection("127.0.0.1", self.port(of), timeout=timeout)
        try:
            conn.request("GET", path)
            answer = conn.getresponse()
            return answer.status, answer.read().decode()
        finally:
            conn.close()
