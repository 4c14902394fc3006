#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""sniff.py PROTO: what arrives at eth0 of this namespace in IPv4 of this protocol number; the hex of each payload on a line."""
import socket, sys

s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
s.bind(("eth0", 0x0800))
print("ready", flush=True)
while True:
    p, where = s.recvfrom(65535)
    if where[2] != socket.PACKET_OUTGOING and p[9] == int(sys.argv[1]):
        print(p[4 * (p[0] & 15):int.from_bytes(p[2:4], "big")].hex(), flush=True)
