#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""serve.py [NAME PORT]...: what stands behind targets in tests, on TCP and UDP, IPv4 and IPv6.

HTTP/1.1 with keep-alive: GET / tells NAME, /peer the client's address as seen here, /big/N sends N bytes of the stream that
stream(N) names, /slow/S waits S seconds with the answer, POST /sum tells NAME and the SHA-256 of the body.
A datagram is answered with NAME and its payload in hex.
"""
import asyncio, functools, hashlib, socket, sys

def stream(n):
    return hashlib.shake_128(b"xsteer").digest(n)

async def head(r):
    line = await r.readline()
    length = 0
    while (h := (await r.readline()).decode().lower()).strip():
        if h.startswith("content-length:"):
            length = int(h.split(":")[1])
    return line.decode().split(), length

async def answer(name, method, path, body, peer):
    word, _, arg = path[1:].partition("/")
    if word == "big":
        return stream(int(arg))
    if word == "slow":
        await asyncio.sleep(float(arg))
    if word == "peer":
        return peer.encode()
    if method == "POST":
        return f"{name} {hashlib.sha256(body).hexdigest()}".encode()
    return name.encode()

async def client(name, r, w):
    try:
        while True:
            request, length = await head(r)
            if not request:
                break
            body = await r.readexactly(length)
            out = await answer(name, *request[:2], body, w.get_extra_info("peername")[0])
            w.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(out) + out)
            await w.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        w.close()

class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, name):
        self.name = name

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(f"{self.name} {data.hex()}".encode(), addr)

async def main():
    loop = asyncio.get_running_loop()
    for name, port in zip(sys.argv[1::2], map(int, sys.argv[2::2])):
        for family, any_addr in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
            await asyncio.start_server(functools.partial(client, name), any_addr, port, family=family, backlog=4096)
            udp = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            udp.bind((any_addr, port))
            await loop.create_datagram_endpoint(functools.partial(Datagrams, name), sock=udp)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
