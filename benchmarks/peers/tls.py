"""TLS in front of an endpoint, in a process of its own: `python tls.py CERTIFICATE.pem KEY.key HOST:PORT`. It prints its port.

Bytes go on as they come, so that signatures stay valid.
"""

import asyncio
import contextlib
import ssl
import sys


async def copy(reader, writer):
    """Copies until the reader ends, and then ends the writer."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def main(certificate, key, endpoint):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    host, port = endpoint.split(":")

    async def serve(reader, writer):
        to, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(copy(reader, back), copy(to, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
