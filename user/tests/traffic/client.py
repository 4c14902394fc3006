#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Clients on real sockets. An outcome is the name that the target tells, or the name of the error (ECONNREFUSED, TIMEOUT, ...),
with -late behind it if it took a second or more; many are told as `gpu0:150 gpu1:149 EOF:1`.

    client.py tcp ADDR PORT N [BIND]        N connections, one request each
    client.py udp ADDR PORT N [BIND [HEX]]  N sockets, one datagram each
    client.py ping ADDR SIZE N              echo requests, 20 ms between them
                                            BIND is ADDR, ADDR@PORT, or ADDR@+PORT: that port, then the next ones
    client.py load ADDR PORT THREADS        connections without pause until SIGTERM
    client.py hold ADDR PORT N [BIND]       opens N connections; for every line on standard input one request on each of them
    client.py uhold ADDR PORT N             the same with N datagram sockets
    client.py fill ADDR PORT                the same with as many connections as are let in: until ten in a row are not
    client.py stream ADDR PORT              one connection, requests without pause until SIGTERM
"""
import errno, itertools, os, signal, socket, struct, sys, threading, time
from collections import Counter

LIMIT = float(os.environ.get("LIMIT", 3))
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
used = itertools.count()
stop = threading.Event()

def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET

def ask(s):
    s.sendall(REQUEST)
    got = b""
    while b"\r\n\r\n" not in got or got.endswith(b"\r\n\r\n"):
        part = s.recv(4096)
        if not part:
            return "EOF"
        got += part
    return got.split(b"\r\n\r\n", 1)[1].decode()

def outcome(work):
    began = time.monotonic()
    try:
        what = work()
    except TimeoutError:
        return "TIMEOUT"
    except OSError as e:
        what = errno.errorcode.get(e.errno, str(e))
    return what + "-late" * (time.monotonic() - began >= 1)

def connected(kind, addr, port, bind=None):
    s = socket.socket(family(addr), kind)
    s.settimeout(LIMIT)
    if "LINGER" in os.environ:	# 0: closed by a reset
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, int(os.environ["LINGER"])))
    if "IP_OPTIONS" in os.environ:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes.fromhex(os.environ["IP_OPTIONS"]))
    if bind:
        host, _, sport = bind.partition("@")
        if sport.startswith("+"):
            sport = int(sport) + next(used)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((host, int(sport or 0)))
    s.connect((addr, port))
    return s

def one_tcp(addr, port, bind=None):
    with connected(socket.SOCK_STREAM, addr, port, bind) as s:
        return ask(s)

def send(s, payload=bytes(range(64))):
    """The target's name, and what of the payload came to it where that is not all."""
    s.send(payload)
    name, _, told = s.recv(65535).decode().partition(" ")
    return name if payload.hex() == told else f"{name}-{told}"

def one_udp(addr, port, bind=None, *payload):
    with connected(socket.SOCK_DGRAM, addr, port, bind) as s:
        return send(s, *payload)

def ping(addr, port, size):
    v6 = ":" in addr
    with socket.socket(family(addr), socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP) as s:
        s.settimeout(LIMIT)
        ident = os.getpid().to_bytes(4, "big") + os.urandom(4)
        head, body = bytes([128 if v6 else 8, 0]), ident + bytes(max(0, size - 8))
        total = 0 if v6 else sum(int.from_bytes((head + b"\0\0" + body)[i:i + 2], "big") for i in range(0, len(body) + 4, 2))
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        s.sendto(head + (~total & 0xffff).to_bytes(2, "big") + body, (addr, 0))
        while True:
            got = s.recv(65535)
            if got.endswith(body) and got[0 if v6 else 20] == (129 if v6 else 0):
                time.sleep(0.02)
                return "answer"

def many(n, work):
    """Outcomes of up to n; three that time out say enough."""
    outcomes = []
    while len(outcomes) < n and outcomes.count("TIMEOUT") < 3:
        outcomes.append(outcome(work))
    tell(outcomes)

def tell(outcomes):
    print(*(f"{k}:{n}" for k, n in sorted(Counter(outcomes).items())), flush=True)

def until_told(work, threads):
    outcomes = []

    def run():
        while not stop.is_set():
            outcomes.append(outcome(work))
            if len(outcomes) == 1:
                print("running", file=sys.stderr, flush=True)
            time.sleep(0.002)	# leaves the machine to what is tested
    for s in signal.SIGTERM, signal.SIGINT:
        signal.signal(s, lambda *_: stop.set())
    ts = [threading.Thread(target=run) for _ in range(threads)]
    for t in ts:
        t.start()
    while not stop.wait(0.2):
        pass
    for t in ts:
        t.join()
    tell(outcomes)

def filled(addr, port):
    socks, refused = [], 0
    while refused < 10:
        try:
            socks.append(connected(socket.SOCK_STREAM, addr, port))
            ask(socks[-1])	# refused, it may be at its first segment
            refused = 0
        except OSError:
            refused += 1
    return socks

def hold(socks, request):
    print("open", flush=True)
    for _ in sys.stdin:
        print(*(outcome(lambda: request(s)) for s in socks), flush=True)

def main():
    what, addr, port, *rest = sys.argv[1:]
    port = int(port)
    if what == "tcp":
        many(int(rest[0]), lambda: one_tcp(addr, port, *rest[1:2]))
    elif what == "udp":
        more = rest[1:2] + [bytes.fromhex(h) for h in rest[2:3]]
        many(int(rest[0]), lambda: one_udp(addr, port, *more))
    elif what == "ping":
        many(int(rest[0]), lambda: ping(addr, 0, port))
    elif what == "load":
        until_told(lambda: one_tcp(addr, port), int(rest[0]))
    elif what == "stream":
        s = connected(socket.SOCK_STREAM, addr, port)
        until_told(lambda: ask(s), 1)
    elif what == "hold":
        hold([connected(socket.SOCK_STREAM, addr, port, *rest[1:2]) for _ in range(int(rest[0]))], ask)
    elif what == "uhold":
        hold([connected(socket.SOCK_DGRAM, addr, port) for _ in range(int(rest[0]))], send)
    elif what == "fill":
        hold(filled(addr, port), ask)

if __name__ == "__main__":
    main()
