"""A WebSocket server of a few lines, by RFC 6455 and without the library that the generator uses."""

import base64
import hashlib
import json
import socket
import struct
import threading
from contextlib import contextmanager, suppress

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Peer:
    """One connection: its upgrade's head, and frames in both directions."""

    def __init__(self, connection, reader, head, number):
        self.connection, self._reader, self.head, self.number = connection, reader, head, number

    def header(self, name):
        lines = dict(line.split(": ", 1) for line in self.head.split("\r\n")[1:] if line)
        return {key.lower(): value for key, value in lines.items()}.get(name.lower())

    def accept(self, more=""):
        """Change the protocol."""
        key = base64.b64encode(hashlib.sha1(self.header("Sec-WebSocket-Key").encode() + GUID).digest()).decode()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.connection.sendall(f"{head}Sec-WebSocket-Accept: {key}\r\n{more}\r\n".encode())

    def refuse(self, status, body, more=""):
        head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        self.connection.sendall(head.encode() + body)

    def frame(self):
        """Opcode and payload of the next frame; None once the client is gone."""
        head = self._reader.read(2)
        if len(head) < 2:
            return None
        assert head[1] & 0x80, "a client masks its frames"
        length = head[1] & 0x7F
        length = struct.unpack(">H", self._reader.read(2))[0] if length == 126 else length
        mask, data = self._reader.read(4), self._reader.read(length)
        return head[0] & 0x0F, bytes(b ^ mask[k % 4] for k, b in enumerate(data))

    def asked(self):
        """The next message, JSON; None once the client is gone or says good-bye."""
        while (found := self.frame()) is not None and found[0] != 8:
            if found[0] == 1:
                return json.loads(found[1])
        return None

    def send(self, data, opcode=1, *, last=True):
        """One frame; a message that is not text is sent as JSON."""
        payload = data if isinstance(data, bytes) else json.dumps(data).encode()
        length = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + struct.pack(">H", len(payload))
        self.connection.sendall(bytes([opcode | (0x80 if last else 0)]) + length + payload)

    def bye(self, code, reason=""):
        self.send(struct.pack(">H", code) + reason.encode(), 8)


@contextmanager
def serving(act, tls=None):
    """The base URL of a server whose every connection ``act`` serves."""
    listener = socket.create_server(("127.0.0.1", 0))
    numbers = iter(range(1, 1000))

    def serve(connection):
        connection = tls.wrap_socket(connection, server_side=True) if tls else connection
        with suppress(OSError), connection, connection.makefile("rb") as reader:
            head = b""
            while not head.endswith(b"\r\n\r\n") and (line := reader.readline()):
                head += line
            if head:
                act(Peer(connection, reader, head.decode(), next(numbers)))

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
