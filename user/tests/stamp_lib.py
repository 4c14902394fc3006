# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# For stamp.py: processes in cgroups, and SYNs on the wire.
import errno, json, os, socket, struct, time

NOBODY = 65534


def inside(cgroup, call, *args, uid=NOBODY):
    """The result of call in a process of that cgroup, without privilege; an OSError's number as its name."""
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            if cgroup:
                with open(cgroup + "/cgroup.procs", "w") as f:
                    f.write("0")
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            try:
                said = call(*args)
            except OSError as e:
                said = errno.errorcode[e.errno]
            os.write(w, json.dumps(said).encode())
        finally:
            os._exit(0)
    os.close(w)
    with os.fdopen(r) as f:
        said = f.read()
    os.waitpid(pid, 0)
    return json.loads(said) if said else None


class Wire:
    """SYNs of this namespace, in the order they left."""
    def __init__(self):
        self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

    @staticmethod
    def parse(frame):
        kind, at = struct.unpack("!H", frame[12:14])[0], 14
        if kind == 0x0800 and frame[23] == 6:
            dst, tcp = socket.inet_ntop(socket.AF_INET, frame[30:34]), at + (frame[14] & 15) * 4
        elif kind == 0x86dd and frame[20] == 6:
            dst, tcp = socket.inet_ntop(socket.AF_INET6, frame[38:54]), at + 40
        else:
            return None
        sport, dport, seq, _, off, flags, window = struct.unpack("!HHIIBBH", frame[tcp:tcp + 16])
        if flags & 0x12 != 2:
            return None
        opts, found, i = frame[tcp + 20:tcp + (off >> 4) * 4], [], 0
        while i < len(opts) and opts[i]:
            n = 1 if opts[i] == 1 else opts[i + 1]
            if opts[i] == 253 and opts[i + 2:i + 4] == b"XS":
                found.append(opts[i:i + n].hex())
            i += n
        return {"dst": dst, "dport": dport, "seq": seq, "window": window, "stamps": found, "kinds": opts.hex()}

    def syns(self, port, want=1, seconds=3):
        end, got = time.monotonic() + seconds, []
        while len(got) < want and time.monotonic() < end:
            self.s.settimeout(max(0.01, end - time.monotonic()))
            try:
                frame, addr = self.s.recvfrom(65535)
            except TimeoutError:
                break
            syn = self.parse(frame) if addr[2] == 4 else None      # outgoing: on lo each comes twice
            if syn and syn["dport"] == port:
                got.append(syn)
        return got
