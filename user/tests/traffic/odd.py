#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""odd.py MAC: packets of this namespace to MAC by eth0, made by scapy; a JSON object a line in, an outcome a line out.

    {"packet": EXPR, "size": N, "order": [I, ...], "wait": S}
        EXPR makes a packet from IP up. With size it is cut into fragments of at most N bytes, of which those of `order` are sent,
        in that order (0 is the first). The outcome is what comes for its sender: `synack`, `data`, `TYPE/CODE ADDR` (an ICMP error
        from ADDR about this very packet), what is wrong with such an error, or silence (within 0.5 s).
"""
import json, select, socket, sys, time
from scapy.all import *	# noqa: F403

DEV = "eth0"
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sock.bind((DEV, 0))
HEAD = Ether(src=get_if_hwaddr(DEV), dst=sys.argv[1])

def split(p):
    """address bytes, the other header bytes, what is behind the IP header"""
    n = 40 if p[0] >> 4 == 6 else 4 * (p[0] & 15)
    return (p[8:40], p[:n], p[40:]) if n == 40 and p[0] >> 4 == 6 else (p[12:20], p[:n], p[n:int.from_bytes(p[2:4], "big")])

def error(got, sent):
    """What an ICMP error tells about the packet sent; None if it is about another"""
    addr, head, icmp = split(got)
    v6 = got[0] >> 4 == 6
    if got[6 if v6 else 9] != (58 if v6 else 1) or icmp[0] not in ((1, 2, 3, 4) if v6 else (3, 11, 12)):
        return None
    q_addr, q_head, q_l4 = split(icmp[8:])
    s_addr, _, s_l4 = split(sent)
    n = min(len(q_l4), len(s_l4))
    if q_l4[:4] != s_l4[:4]:
        return None
    if checksum(addr + len(icmp).to_bytes(4, "big") + bytes([0, 0, 0, 58]) + icmp if v6 else icmp):
        return "wrong ICMP checksum"
    if not v6 and (checksum(head) or checksum(q_head)):
        return "wrong IP checksum"
    if q_addr != s_addr or q_l4[:n] != s_l4[:n] or n < 8:
        return f"not what was sent: {q_addr.hex()} {q_l4[:n].hex()}"
    return f"{icmp[0]}/{icmp[1]} {socket.inet_ntop(socket.AF_INET6 if v6 else socket.AF_INET, addr[:len(addr) // 2])}"

def outcome(got, sent):
    p = (IPv6 if got[0] >> 4 == 6 else IP)(got)
    l4 = split(sent)[2]
    ports = l4[2:4] + l4[:2]
    for kind in TCP, UDP:
        if kind in p and bytes(p[kind])[:4] == ports:
            return "data" if kind is UDP else {"SA": "synack", "RA": "reset", "R": "reset"}.get(str(p[TCP].flags), "data")
    return error(got, sent)

def parts(p, q):
    if "size" not in q:
        return [p]
    if IPv6 in p:
        ext = IPv6ExtHdrFragment(id=p[UDP].sport)
        whole = p[UDP]
        del whole.chksum
        whole = IPv6(bytes(IPv6(src=p.src, dst=p.dst) / whole))
        whole = IPv6(src=p.src, dst=p.dst) / ext / whole.payload
        return fragment6(whole, q["size"])
    return fragment(p, q["size"])

def exchange(q):
    p = eval(q["packet"])
    frames = [bytes(HEAD / f) for f in parts(p, q)]
    while select.select([sock], [], [], 0)[0]:
        sock.recv(65535)
    for i in q.get("order", range(len(frames))):
        sock.send(frames[i])
    end = time.monotonic() + q.get("wait", 0.5)
    while (left := end - time.monotonic()) > 0 and select.select([sock], [], [], left)[0]:
        data, where = sock.recvfrom(65535)
        if where[2] != socket.PACKET_OUTGOING and data[12:14] in (b"\x08\0", b"\x86\xdd"):
            got = outcome(data[14:], bytes(p))
            if got:
                return got
    return "silence"

for line in sys.stdin:
    print(exchange(json.loads(line)), flush=True)
