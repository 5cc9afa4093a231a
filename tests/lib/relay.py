"""Something between a client and a server, as threads of the test: a plain relay, an HTTP proxy (CONNECT), a SOCKS5 proxy.

Wherever its clients want to go, they come to the one address that the relay was made for; where they wanted to go is kept.
"""
import socket
import struct
import threading


class Relay:
    """`kind`: tcp, connect or socks5. `targets`: "host:port" of each connection, in order of arrival (tcp: "")."""

    def __init__(self, to, kind="tcp", bind="127.0.0.1"):
        self.to, self.kind, self.targets, self.news = to, kind, [], threading.Condition()
        self.open, self.closed = set(), False
        self.listener = socket.create_server((bind, 0))
        self.host, self.port = bind, self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def greet(self, client):
        """Where it wants to go, and what to answer once we are there."""
        if self.kind == "tcp":
            return "", b""
        if self.kind == "connect":
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(1)  # nothing behind the head may be taken
                if not more:
                    raise OSError("no request")
                head += more
            verb, target = head.decode().split()[:2]
            if verb != "CONNECT":
                raise OSError(f"{verb} is not for us")
            return target, b"HTTP/1.1 200 Connected\r\n\r\n"
        exactly = client.makefile("rb", buffering=0)
        exactly.read(struct.unpack("BB", exactly.read(2))[1])
        client.sendall(b"\x05\x00")
        kind = exactly.read(4)[3]
        host = exactly.read(exactly.read(1)[0]).decode() if kind == 3 else socket.inet_ntop(
            socket.AF_INET if kind == 1 else socket.AF_INET6, exactly.read(4 if kind == 1 else 16))
        port = struct.unpack("!H", exactly.read(2))[0]
        return f"{host}:{port}", b"\x05\x00\x00\x01" + bytes(6)

    def serve(self, client):
        try:
            target, answer = self.greet(client)
            with self.news:
                self.targets.append(target)
                self.news.notify_all()
            server = socket.create_connection(self.to)
            client.sendall(answer)
        except OSError:
            client.close()
            return
        with self.news:
            self.open |= {client, server}
            if self.closed:
                self.drop()
        threading.Thread(target=self.pump, args=(server, client), daemon=True).start()
        self.pump(client, server)

    def pump(self, source, sink):
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                sink.sendall(piece)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def drop(self):
        """All connections end; new ones may come."""
        for s in self.open:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open.clear()

    def close(self):
        with self.news:
            self.closed = True
            self.drop()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
