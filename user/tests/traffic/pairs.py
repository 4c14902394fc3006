#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""pairs.py PORT N FIRST ADDR ADDR...: connections from the same client port to several services at once.

From each of N client ports, from FIRST on, one connection to PORT of every ADDR, all open at the same time, 50 client ports together;
then a request on each, and another one. Tells how many were answered by whom both times, as `gpu0:150 gpu1:149 TIMEOUT:1`, and behind
it `same:N`, the client ports of which two were answered by one target.
"""
import errno, socket, sys
from collections import Counter

TOGETHER = 50
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

def connected(addr, port, sport):
    s = socket.socket()
    s.settimeout(3)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", sport))
    s.connect((addr, port))
    return s

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
    try:
        return work()
    except TimeoutError:
        return "TIMEOUT"
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e))

def main():
    port, n, first = map(int, sys.argv[1:4])
    told, same = Counter(), 0
    for at in range(first, first + n, TOGETHER):
        ports = range(at, min(at + TOGETHER, first + n))
        socks = [[outcome(lambda: connected(addr, port, p)) for addr in sys.argv[4:]] for p in ports]
        for each in socks:
            once, twice = ([s if isinstance(s, str) else outcome(lambda: ask(s)) for s in each] for _ in range(2))
            told.update(a if a == b else f"{a}-{b}" for a, b in zip(once, twice))
            same += len(set(once)) < len(once)
        for s in sum(socks, []):
            if not isinstance(s, str):
                s.close()
        if sum(v for k, v in told.items() if "TIMEOUT" in k) > 5:
            break	# says enough
    print(*(f"{k}:{v}" for k, v in sorted(told.items())), f"same:{same}", flush=True)

main()
