#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""raw.py MAC: packets made by scapy, sent to MAC from eth0 of this namespace; a JSON object a line in, an outcome a line out.

    {"to": ADDR, "port": N, "sport": N, "from": ADDR, "isn": N, "option": HEX, "vlan": N, "payload": HEX, "proto": "udp"}
                        a SYN or a datagram; the outcome is synack, reset, icmp TYPE/CODE, data or silence (within `wait` s, 1)
    {"flood": N, "to": ADDR, "port": N, "net": "198.18.1"}    N SYNs from all over a net
    {"frame": HEX}      as it is; the outcome is "sent"
    {"scapy": EXPR}     an expression that makes a packet (from IP up); the outcome is "sent"
"""
import json, random, select, socket, sys, time
from scapy.all import *	# noqa: F403

DEV = "eth0"
ME = get_if_hwaddr(DEV)
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sock.bind((DEV, 0))

def ether(vlan=None):
    e = Ether(src=ME, dst=sys.argv[1])
    return e / Dot1Q(vlan=vlan) if vlan else e

def first(q):
    ip = (IPv6 if ":" in q["to"] else IP)(src=q["from"], dst=q["to"])
    opt = bytes.fromhex(q.get("option", ""))
    opt += bytes(-len(opt) % 4)
    body = Raw(bytes.fromhex(q.get("payload", "")))
    if q.get("proto") == "udp":
        return ip / UDP(sport=q["sport"], dport=q["port"]) / body
    # Options go in as the first payload bytes, so that malformed ones pass as they are.
    return ip / TCP(sport=q["sport"], dport=q["port"], seq=q.get("isn", 0), flags="S", dataofs=5 + len(opt) // 4) / Raw(opt) / body

def verdict(p, q):
    if TCP in p and p[TCP].dport == q["sport"] and p[TCP].sport == q["port"]:
        return {"SA": "synack", "R": "reset", "RA": "reset"}.get(str(p[TCP].flags))
    if UDP in p and p[UDP].dport == q["sport"] and p[UDP].sport == q["port"] and ICMP not in p:
        return "data"
    if ICMP in p and p[ICMP].type == 3:
        return f"icmp {p[ICMP].type}/{p[ICMP].code}"
    if ICMPv6DestUnreach in p:
        return f"icmp {p[ICMPv6DestUnreach].type}/{p[ICMPv6DestUnreach].code}"

def drain():
    while select.select([sock], [], [], 0)[0]:
        sock.recv(65535)

def exchange(q):
    drain()
    sock.send(bytes(ether(q.get("vlan")) / first(q)))
    end = time.monotonic() + q.get("wait", 1)
    while (left := end - time.monotonic()) > 0 and select.select([sock], [], [], left)[0]:
        data, where = sock.recvfrom(65535)
        if where[2] == socket.PACKET_OUTGOING:
            continue
        got = verdict(Ether(data), q)
        if got:
            return got
    return "silence"

def flood(q):
    frame = bytearray(bytes(ether() / IP(src="0.0.0.0", dst=q["to"], chksum=0) / TCP(sport=1, dport=q["port"], flags="S", chksum=0)))
    for i in range(q["flood"]):
        p = Ether(bytes(frame)) if i % 500 == 0 else p
        net = f"{q['net']}.{i % 250 + 2}"
        frame[26:30] = socket.inet_aton(net)
        frame[34:36] = random.randrange(1024, 65535).to_bytes(2, "big")
        frame[38:42] = random.randbytes(4)
        for at, end, pseudo in (24, 34, b""), (50, 54, frame[26:34] + b"\0\6\0\24"):
            frame[at:at + 2] = b"\0\0"
            part = bytes(frame[14:34] if at == 24 else pseudo + frame[34:54])
            frame[at:at + 2] = checksum(part).to_bytes(2, "big")
        try:
            sock.send(frame)
        except OSError:
            time.sleep(0.01)
    return "sent"

for line in sys.stdin:
    q = json.loads(line)
    if "flood" in q:
        print(flood(q), flush=True)
    elif "frame" in q:
        sock.send(bytes.fromhex(q["frame"]))
        print("sent", flush=True)
    elif "scapy" in q:
        sock.send(bytes(ether(q.get("vlan")) / eval(q["scapy"])))
        print("sent", flush=True)
    else:
        print(exchange(q), flush=True)
