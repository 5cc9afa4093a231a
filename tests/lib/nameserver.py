"""A DNS server for the tests: names of one list, over UDP, on port 53 of an address of its own in 127.0.0.0/8."""
import socket
import struct
import threading

A, NAME_ERROR = 1, 3


class NameServer(threading.Thread):
    """`names`: {name without the last dot: IPv4 address}. `asked` keeps every question, in order. Needs the right to listen on port 53."""

    def __init__(self, address, names):
        super().__init__(daemon=True, name="nameserver")
        self.address, self.names, self.asked, self.over = address, names, [], False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.start()

    def run(self):
        while not self.over:
            data, peer = self.socket.recvfrom(1500)
            if len(data) > 16:
                self.socket.sendto(self.answer(data), peer)

    def answer(self, data):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode("ascii"))
            at += 1 + data[at]
        name, (kind,) = ".".join(labels).lower(), struct.unpack_from("!H", data, at + 1)
        self.asked.append((name, kind))
        address = self.names.get(name)
        found = [address] if address and kind == A else []
        flags = 0x8580 | (0 if address else NAME_ERROR)
        head = data[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0)
        records = [b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 5, 4) + socket.inet_aton(one) for one in found]
        return head + data[12:at + 5] + b"".join(records)

    def close(self):
        """Ends the thread: a datagram to itself wakes it."""
        self.over = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", (self.address, 53))
        self.join(10)
        self.socket.close()
