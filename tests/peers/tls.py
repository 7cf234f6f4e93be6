"""TLS in front of a server on loopback, as a load balancer ends it."""

import asyncio
import contextlib
import queue
import ssl
import threading
from contextlib import contextmanager


@contextmanager
def tls_front(upstream_port, certificate):
    """The port; ``certificate``: one of trustme's, issued for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    told = queue.Queue()

    async def serve():
        over = asyncio.Event()
        server = await asyncio.start_server(
            lambda reader, writer: _joined(reader, writer, upstream_port), "127.0.0.1", 0, ssl=context
        )
        told.put((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), over))
        await over.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    port, loop, over = told.get(timeout=10)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


async def _joined(reader, writer, upstream_port):
    theirs, ours = await asyncio.open_connection("127.0.0.1", upstream_port)
    await asyncio.gather(_passed(reader, ours), _passed(theirs, writer))


async def _passed(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()
