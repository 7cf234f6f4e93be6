"""The embedded platforms' own server."""

import socket

from harness.local.asgi import bind


def test_what_is_accepted_sends_each_token_at_once():
    """Without it, a stream on a kept-alive connection waits for the 40 ms of a delayed acknowledgement."""
    with bind("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        listener.settimeout(5)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
