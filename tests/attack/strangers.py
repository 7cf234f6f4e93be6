"""What somebody without the secret can do at the port of a master, and in place of one."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from random import Random

import msgpack
import orjson
import zmq
from zmq.utils import z85

from tests.builders import sample

ID = "stranger_0123456789abcdef0123456789abcdef"
LOCUST = "2.47.0"


def greeting(mechanism: bytes, version: bytes = b"\x03\x01", *, server: bool = False) -> bytes:
    """ZMTP's first 64 bytes."""
    return b"\xff" + bytes(8) + b"\x7f" + version + mechanism.ljust(20, b"\0") + bytes([server]) + bytes(31)


def framed(body: bytes, flags: int = 0, *, length: int | None = None) -> bytes:
    """One ZMTP frame; it may lie about its length."""
    said = len(body) if length is None else length
    return bytes([flags | 2]) + struct.pack(">Q", said) + body if said > 255 else bytes([flags, said]) + body


def messages(worker: str) -> list[tuple]:
    """Locust's and ours, as a worker sends them: samples that nobody measured, orders, and the three that ended a run."""
    row = sample(3, outcome="ok").row()
    done = {"worker": 0, "no_free_slot": 0, "limit": None, "local_errors": []}
    return [
        ("client_ready", LOCUST, worker),
        ("client_ready", None, worker),
        ("client_ready", 7, worker),
        (
            "pilot_batch",
            {"worker": 0, "batch": 1, "lines": orjson.dumps(row) + b"\n", "packed": False, "gauges": []},
            worker,
        ),
        ("pilot_batch", {"worker": 0}, worker),
        ("pilot_done", done, worker),
        ("pilot_done", {"worker": 0, "error": "a stranger says so"}, worker),
        ("pilot_asked", {"words": "asked by a stranger", "code": 130, "own": True, "worker": 0}, worker),
        ("pilot_asked", {"words": "asked by a stranger", "code": 130, "own": False, "worker": 0}, worker),
        ("pilot_pong", {"client": worker, "asked": 0.0, "clock": 1e9, "machine": "x"}, worker),
        ("stats", {"user_count": 9, "user_classes_count": {}, "stats": [], "stats_total": None, "errors": {}}, worker),
        ("stats", None, worker),
        ("heartbeat", {"state": "running", "current_cpu_usage": 5}, worker),
        ("heartbeat", None, worker),
        ("spawning", None, worker),
        ("spawning_complete", None, worker),
        ("exception", {"msg": "x", "traceback": "y"}, worker),
        ("exception", None, worker),
        ("logs", {"worker_id": worker, "logs": ["x"] * 1000}, worker),
        ("locustfile", {"version": LOCUST}, worker),
        ("client_stopped", None, worker),
        ("quit", None, worker),
        ("unheard_of", None, worker),
    ]


def bodies(worker: str, rng: Random) -> list[bytes]:
    """The same as bytes, and what is no message at all."""
    whole = [msgpack.dumps(m) for m in messages(worker)]
    cut = [data[: rng.randrange(len(data))] for data in whole]
    more = [data + b"\xc1" for data in whole[:3]]
    return [
        *whole,
        *cut,
        *more,
        b"",
        b"\xc1",
        b"\x93" * 2000,
        msgpack.dumps(5),
        msgpack.dumps([1, 2, 3]),
        rng.randbytes(3000),
    ]


def spoken(port: int, worker: str, rng: Random) -> int:
    """By a ZeroMQ client without keys, with keys of its own, and in the name of a worker that is there."""
    public, secret = zmq.curve_keypair()
    sent = 0
    for identity in (ID, worker):
        for keys in (None, (public, secret, public), (public, secret, zmq.curve_keypair()[0])):
            with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
                dealer.linger = 0
                dealer.identity = identity.encode()
                if keys is not None:
                    dealer.curve_publickey, dealer.curve_secretkey, dealer.curve_serverkey = keys
                dealer.connect(f"tcp://127.0.0.1:{port}")
                for body in bodies(worker, rng):
                    with contextlib.suppress(zmq.Again):
                        dealer.send(body, zmq.NOBLOCK)
                        sent += 1
                assert dealer.poll(60) == 0, "nobody answers a stranger"
    return sent


def raw(port: int, worker: str, rng: Random) -> int:
    """By a socket: what no ZeroMQ client would send."""
    ready = framed(b"\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER", 4)
    hello = b"\x05HELLO" + b"\x01\x00" + bytes(72) + rng.randbytes(32) + struct.pack(">Q", 1) + rng.randbytes(80)
    payload = [framed(b"", 1) + framed(body) for body in bodies(worker, rng)[:6]]
    heads = [
        greeting(b"NULL"),
        greeting(b"CURVE"),
        greeting(b"PLAIN"),
        greeting(b"CURVE", b"\x01\x00"),
        b"\xff" + bytes(8) + b"\x7f",
    ]
    said = [
        *(rng.randbytes(rng.randrange(1, 4000)) for _ in range(20)),
        *(head + ready + part for head in heads for part in payload),
        *(greeting(b"CURVE") + framed(hello, 4) + part for part in payload),
        *(greeting(b"CURVE") + framed(hello[: rng.randrange(len(hello))], 4) for _ in range(10)),
        *(
            greeting(b"CURVE") + framed(b"\x05HELLO", 4, length=size)
            for size in (1 << 20, 1 << 26, 1 << 31, 1 << 40, (1 << 63) - 1)
        ),
        *(greeting(b"CURVE") + framed(b"\x08INITIATE" + rng.randbytes(300), 4) for _ in range(5)),
        *(greeting(b"CURVE") + framed(b"\x07MESSAGE" + rng.randbytes(300), flags) for flags in (0, 1, 4)),
        greeting(b"CURVE")[:30],
        b"",
    ]
    for data in said:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, contextlib.suppress(OSError):
            connection.sendall(data)
    return len(said)


def insider(port: int, secret: bytes, worker: str, rng: Random) -> int:
    """By who has the secret and is no worker of ours: what cannot be read, and messages in another worker's name."""

    def keys(role: bytes) -> tuple[bytes, bytes]:
        raw = hashlib.scrypt(secret, salt=b"runtime-pilot fleet 1 " + role, n=2**14, r=8, p=1, dklen=32)
        return zmq.curve_public(z85.encode(raw)), z85.encode(raw)

    said = [msgpack.dumps(message) for message in messages(worker)]
    said += [data[: rng.randrange(len(data))] for data in said]
    said += [b"", b"\xc1", b"\x93" * 2000, msgpack.dumps(5), msgpack.dumps([1, 2, 3]), msgpack.dumps([["x"], 2, ID])]
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 2000
        dealer.identity = ID.encode()
        dealer.curve_serverkey = keys(b"master")[0]
        dealer.curve_publickey, dealer.curve_secretkey = keys(b"worker")
        dealer.connect(f"tcp://127.0.0.1:{port}")
        for body in said:
            dealer.send(body)
        dealer.send_multipart([b"two", b"frames"])
    return len(said) + 1


class Between:
    """Stands between a worker and its master: keeps what the worker sends, and may send it once more."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.kept: list[bytes] = []
        self.again = threading.Event()
        self.repeated = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._port))
                except OSError:  # the master does not listen yet
                    near.close()
                    continue
                for pair in ((near, far, self.kept), (far, near, None)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, kept: list[bytes] | None) -> None:
        with contextlib.suppress(OSError), source, sink:
            while data := source.recv(65536):
                sink.sendall(data)
                if kept is not None:
                    kept.append(data)
                    if self.again.is_set():
                        self.again.clear()
                        self.repeated += 1
                        sink.sendall(data)  # the very frame, inside the connection that it belongs to

    def replay(self) -> None:
        """All of it, from the first byte on, as a worker of one's own."""
        for part in (self.kept, self.kept[1:]):
            with (
                socket.create_connection(("127.0.0.1", self._port), timeout=5) as connection,
                contextlib.suppress(OSError),
            ):
                connection.sendall(b"".join(part))
                connection.settimeout(0.2)
                while connection.recv(65536):
                    continue


@contextlib.contextmanager
def rogue_master(worker_reads: list[tuple], secret: bytes | None = None) -> Iterator[int]:
    """The port where a worker looks for its master: gives it orders, by a key of its own or none."""
    context, ended = zmq.Context(), threading.Event()
    router = context.socket(zmq.ROUTER)
    router.linger = 0
    if secret is not None:
        private = z85.encode(secret)
        router.curve_server, router.curve_secretkey, router.curve_publickey = True, private, zmq.curve_public(private)
    port = router.bind_to_random_port("tcp://127.0.0.1")

    def serve() -> None:
        with router, contextlib.suppress(zmq.ZMQError):  # closed by the thread that uses it: no other may
            while not ended.is_set():
                if router.poll(100):
                    identity, *_ = router.recv_multipart()
                    for message in worker_reads:
                        router.send_multipart([identity, msgpack.dumps((*message, identity.decode()))])

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    try:
        yield port
    finally:
        ended.set()
        serving.join()
        context.term()
