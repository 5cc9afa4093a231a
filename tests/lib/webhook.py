"""A real admission webhook: HTTPS on 127.0.0.1 with a certificate of its own, registered with the API server for one namespace.

    with Webhook(kube, ns, decide) as hook: ...

`decide(request)` gets the AdmissionReview's request, in a thread of its own, and returns None (allowed), a dict of a refusal
(`code`, `message`), or a list: a JSON patch (with mutating=True). Until it returns, the API server waits (`timeout_s` at most, then it refuses with a 500).
"""
import base64
import http.server
import json
import os
import ssl
import subprocess
import tempfile
import threading

GROUP = "/apis/admissionregistration.k8s.io/v1"


def certificate(folder):
    """A self-signed one, by openssl."""
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=webhook", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return key, cert


class Webhook:
    def __init__(self, kube, ns, decide, resource="pods", operations=("CREATE",), mutating=False, timeout_s=30):
        self.kube, self.name, self.asked = kube, f"rk-{ns}", []
        self.news = threading.Condition()
        self.kind = "MutatingWebhookConfiguration" if mutating else "ValidatingWebhookConfiguration"
        self.folder = tempfile.TemporaryDirectory(prefix="rk-webhook-")
        key, cert = certificate(self.folder.name)
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
                with hook.news:
                    hook.asked.append(request)
                    hook.news.notify_all()
                said = decide(request)
                response = {"uid": request["uid"], "allowed": not isinstance(said, dict)}
                if isinstance(said, dict):
                    response["status"] = said
                elif said:
                    response.update(patchType="JSONPatch", patch=base64.b64encode(json.dumps(said).encode()).decode())
                body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # whoever asked waits no more

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        with open(cert, "rb") as f:
            self.register(ns, resource, operations, timeout_s, f.read())

    @property
    def path(self):
        return f"{GROUP}/{self.kind.lower()}s"

    def register(self, ns, resource, operations, timeout_s, ca):
        self.kube.request("POST", self.path, {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": self.kind, "metadata": {"name": self.name},
            "webhooks": [{
                "name": "test.raykeeper.io", "admissionReviewVersions": ["v1"], "sideEffects": "None", "timeoutSeconds": timeout_s,
                "failurePolicy": "Fail", "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ns}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": list(operations), "resources": [resource]}],
                "clientConfig": {"url": f"https://127.0.0.1:{self.server.server_port}/", "caBundle": base64.b64encode(ca).decode()},
            }]})

    def wait_asked(self, n, bound=60):
        with self.news:
            assert self.news.wait_for(lambda: len(self.asked) >= n, bound), f"asked {len(self.asked)} times within {bound} s, not {n}"

    def close(self):
        self.kube.request("DELETE", f"{self.path}/{self.name}")
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
