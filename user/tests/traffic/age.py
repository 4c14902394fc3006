#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""age.py INSTANCE SECONDS EVERY CLIENT: every EVERY-th established connection of this IPv4 address has been silent for so much longer, as if time had passed.

Records are struct xs_flow and struct xs_back of maps/flow.h.
"""
import ctypes, mmap, os, socket, struct, sys, time

FLOW, BACK, SEEN, STATE = 64, 128, 24, 22
ESTABLISHED = 2
OBJ_GET = 7	# of bpf(2)
libc = ctypes.CDLL(None, use_errno=True)

def view(name, size):
    path = ctypes.create_string_buffer(f"/sys/fs/bpf/xsteer/{sys.argv[1]}/v1/{name}".encode())
    attr = struct.pack("=QII", ctypes.addressof(path), 0, 0)
    fd = libc.syscall({"x86_64": 321, "aarch64": 280}[os.uname().machine], OBJ_GET, attr, len(attr))
    if fd < 0:
        sys.exit(f"age: {name}: {os.strerror(ctypes.get_errno())}")
    entries = int(next(l.split()[1] for l in open(f"/proc/self/fdinfo/{fd}") if l.startswith("max_entries")))
    page = mmap.PAGESIZE
    return mmap.mmap(fd, (entries * size + page - 1) // page * page), entries

client = socket.inet_aton(sys.argv[4])
jiffies = round(float(sys.argv[2]) / time.clock_getres(6))	# CLOCK_MONOTONIC_COARSE advances once a jiffy
flows, entries = view("xs_flows", FLOW)
backs, _ = view("xs_backs", BACK)
live = [i for i in range(entries) if flows[i * FLOW + STATE] == ESTABLISHED and flows[i * FLOW + 12:i * FLOW + 16] == client]
for i in live[::int(sys.argv[3])]:
    for at, m in (i * FLOW + SEEN, flows), (i * BACK + SEEN, backs):
        m[at:at + 4] = struct.pack("=I", (struct.unpack("=I", m[at:at + 4])[0] - jiffies) & 0xffffffff)
