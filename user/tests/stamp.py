# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The rows of t_stamp.sh, which makes namespace, cgroups and clients: stamp.py XSTEER WORKDIR CGROUP PINDIR
import ctypes, json, os, shutil, socket, stat, struct, subprocess, sys, time

from stamp_lib import Wire, inside

XSTEER, WORK, CG, PIN = sys.argv[1:]
INNER, GONE = CG + "/inner", CG + "-gone"
KEY, KEY2 = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
LEVEL, NAME, MPTCP = 0x5853, 1, 262
V4, V6, SILENT = "198.18.0.10", "2001:db8::a", "198.18.1.99"
BPFTOOL = next((p for p in ("/usr/sbin/bpftool", "/sbin/bpftool") if os.path.exists(p)), "bpftool")
failed = 0
libc = ctypes.CDLL(None, use_errno=True)


def row(name, cond, why=""):
    global failed
    failed += not cond
    print(f"ok stamp/{name}" if cond else f"not ok stamp/{name}: {why}".replace("\n", " "), flush=True)


def run(*args):
    r = subprocess.run([XSTEER, *args], capture_output=True, text=True, timeout=30)
    return r.returncode, r.stdout.strip(), r.stderr.strip()


def must(*args):
    rc, out, err = run(*args)
    if rc:
        row("command " + " ".join(args), False, (rc, out, err))
    return out


def pack(tenant, cls=0, exp_a=0, back=0, quarter=0, hash_a=0, hash_b=0):
    return struct.pack("=HBBBB2xII", tenant, cls, exp_a, back, quarter, hash_a, hash_b)


wire = Wire()
servers = []


def listen(family, addr):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.bind((addr, 0))
    s.listen(64)
    servers.append(s)
    return s.getsockname()[1]


P4, P6 = listen(socket.AF_INET, V4), listen(socket.AF_INET6, V6)


def connect(family, to, port, stamp=None, proto=0, then=None):
    with socket.socket(family, socket.SOCK_STREAM, proto) as s:
        s.settimeout(5)
        if stamp is not None:
            s.setsockopt(LEVEL, NAME, stamp)
        s.connect((to, port))
        return then(s) if then else "connected"


def judged(syn, key=KEY):
    """What decode says of the one stamp of a SYN, arrived now."""
    if not syn or len(syn["stamps"]) != 1:
        return {"stamps": syn and syn["stamps"]}
    dst = f"[{syn['dst']}]" if ":" in syn["dst"] else syn["dst"]
    rc, out, err = run("-j", "shim", "decode", "--key", key, "--to", f"{dst}:{syn['dport']}", "--isn", str(syn["seq"]),
                       "--time", str(int(time.time())), syn["stamps"][0])
    return json.loads(out or "{}")


def one(port, key=KEY):
    got = wire.syns(port)
    return judged(got[0], key) if got else {}


def unstamped(port):
    got = wire.syns(port)
    return len(got) == 1 and not got[0]["stamps"], got


def counts(cgroup=CG):
    rows = json.loads(run("-j", "stamp", "list")[1])
    return next((r for r in rows if r["cgroup"] == cgroup), {})


def has(j, **want):
    return all(j.get(k) == v for k, v in want.items())


def options():
    said = inside(CG, connect, socket.AF_INET, V4, P4, pack(4211))
    row("no stamping yet: ENOPROTOOPT", said == "ENOPROTOOPT", said)
    must("stamp", "cgroup", CG, "--tenant", f"4211=hex:{KEY}", "--tenant", "7")
    full = pack(4211, 3, 9, 1, 2, 0xf15e338b, 0x66cc2e30)
    want = dict(authentic=True, tenant=4211, exp_a=9, back=1, quarter=2, hash_a="f15e338b", hash_b="66cc2e30", epoch=0)
    want["class"] = 3
    for name, family, to, port in (("IPv4", socket.AF_INET, V4, P4), ("IPv6", socket.AF_INET6, V6, P6),
                                   ("v4-mapped", socket.AF_INET6, "::ffff:" + V4, P4)):
        said = inside(CG, connect, family, to, port, full)
        j = one(port)
        row(f"{name}: authentic", said == "connected" and has(j, **want), (said, j))
    r = inside(CG, lambda: subprocess.run([WORK + "/client", str(P4)], capture_output=True, text=True).stdout)
    j = one(P4)
    words = (r or "").split()
    row("C client with the library", len(words) == 6 and words[:3] == ["4211", "2", "6"] and
        has(j, authentic=True, exp_a=6, back=1, quarter=int(words[3]), hash_a=words[4], hash_b=words[5]), (r, j))
    inside(CG, connect, socket.AF_INET, V4, P4, pack(7, 15))
    j = one(P4)
    row("tenant without a key goes untagged", has(j, tenant=7, tagged=False, authentic=False, **{"class": 15}), j)
    said = inside(CG, connect, socket.AF_INET, V4, P4)
    row("a socket that says nothing goes unstamped", said == "connected" and unstamped(P4)[0], said)
    said = inside(None, connect, socket.AF_INET, V4, P4, full)
    row("outside the cgroup: ENOPROTOOPT", said == "ENOPROTOOPT", said)
    row("counted as stamped", counts().get("stamped") == 5, counts())


def errors():
    def udp():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(LEVEL, NAME, pack(4211))

    def late(s):
        s.setsockopt(LEVEL, NAME, pack(4211))

    def get(stamp, size=64):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            if stamp:
                s.setsockopt(LEVEL, NAME, stamp)
            return s.getsockopt(LEVEL, NAME, size).hex()

    denied = counts()["denied"]
    for name, want, args in (("tenant of others", "EPERM", pack(4212)), ("class 16", "EINVAL", pack(4211, 16)), ("exp_a 4", "EINVAL", pack(4211, 0, 4)),
                             ("exp_a 20", "EINVAL", pack(4211, 0, 20)), ("back 4", "EINVAL", pack(4211, 0, 9, 4)),
                             ("quarter 4", "EINVAL", pack(4211, 0, 9, 1, 4)), ("15 bytes", "EINVAL", pack(4211)[:15]), ("17 bytes", "EINVAL", pack(4211) + b"\0")):
        said = inside(CG, connect, socket.AF_INET, V4, P4, args)
        row(f"{name}: {want}", said == want, said)
    row("the denied one is counted", counts()["denied"] == denied + 1, counts())
    said = inside(CG, udp)
    row("UDP: EOPNOTSUPP", said in ("EOPNOTSUPP", "ENOTSUP"), said)
    said = inside(CG, connect, socket.AF_INET, V4, P4, None, 0, late)
    row("after connect: EISCONN", said == "EISCONN", said)
    row("which changes nothing", unstamped(P4)[0])
    full = pack(4211, 3, 9, 1, 2, 0xf15e338b, 0x66cc2e30)
    said = inside(CG, get, full)
    row("getsockopt reads it back", said == full.hex(), said)
    said = inside(CG, get, None)
    row("getsockopt without a stamp: ENOENT", said == "ENOENT", said)
    said = inside(CG, get, full, 8)
    row("getsockopt into too little room: EINVAL", said == "EINVAL", said)


def other_options():
    def long_value(level, name, size):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.setsockopt(level, name, b"reno\0" + bytes(size))
            room, n = ctypes.create_string_buffer(64 + size), ctypes.c_uint(64 + size)
            err = libc.getsockopt(s.fileno(), level, name, room, ctypes.byref(n))
            return [err, room.value.decode(), n.value]

    for size in 0, 5000:
        said = [inside(c, long_value, socket.IPPROTO_TCP, socket.TCP_CONGESTION, size) for c in (None, CG)]
        row(f"other options are as outside, {size or 'few'} bytes", said[0] == said[1] == [0, "reno", 16], said)


def default():
    must("stamp", "cgroup", CG, "--tenant", f"4211=hex:{KEY}", "--tenant", f"7:odd=hex:{KEY2}", "--default", "7", "--class", "5")
    row("counts go on after a new configuration", counts()["stamped"] >= 5 and counts()["default"] == {"tenant": 7, "class": 5}, counts())
    inside(CG, connect, socket.AF_INET, V4, P4)
    j = one(P4, KEY2)
    row("default stamp, odd epoch", has(j, authentic=True, tenant=7, epoch=1, exp_a=0, **{"class": 5}), j)
    inside(CG, connect, socket.AF_INET6, V6, P6, pack(4211, 1))
    j = one(P6)
    row("a stamp goes before the default", has(j, authentic=True, tenant=4211, epoch=0, **{"class": 1}), j)
    said = inside(CG, connect, socket.AF_INET, V4, P4, None, 0, lambda s: s.getsockopt(LEVEL, NAME, 16).hex())
    row("getsockopt reads the default", said == pack(7, 5).hex(), said)
    wire.syns(P4)


def retransmitted():
    def silent():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.settimeout(1.5)
            s.setsockopt(LEVEL, NAME, pack(4211, 1))
            try:
                s.connect((SILENT, 9))
            except TimeoutError:
                return "timeout"
    before = counts()["stamped"]
    said = inside(CG, silent)
    got = wire.syns(9, 3, 0.3)
    j = [judged(g) for g in got]
    row("a retransmitted SYN is stamped, too", said == "timeout" and len(got) > 1 and got[0]["seq"] == got[1]["seq"] and
        all(x.get("authentic") for x in j) and counts()["stamped"] == before + len(got), (said, got, j))


def no_room():
    before = counts()
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP).close()
    except OSError as e:
        print(f"skip stamp/MPTCP: {e}")
    else:
        said = inside(CG, connect, socket.AF_INET, V4, P4, pack(4211), MPTCP)
        good, got = unstamped(P4)
        row("MPTCP: connects unstamped", said == "connected" and good and "1e04" in got[0]["kinds"], (said, got))
        row("MPTCP: counted", counts()["no_room"] == before["no_room"] + 1, (before, counts()))
    before = counts()

    def fast_open():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.setsockopt(LEVEL, NAME, pack(4211))
            s.sendto(b"x", 0x20000000, (V4, P4))
            return "sent"
    with open("/proc/sys/net/ipv4/tcp_fastopen") as f:
        if not int(f.read()) & 1:
            print("skip stamp/Fast Open: net.ipv4.tcp_fastopen is off")
            return
    said = inside(CG, fast_open)
    good, got = unstamped(P4)
    row("Fast Open cookie request: unstamped and counted", said == "sent" and good and "2202" in got[0]["kinds"] and
        counts()["no_room"] == before["no_room"] + 1, (said, got, before, counts()))


def nested():
    # the outer one has a default, the inner one has not: sockets of the inner say nothing
    must("stamp", "cgroup", INNER, "--tenant", f"9=hex:{KEY2}")
    said = inside(INNER, connect, socket.AF_INET, V4, P4)
    row("nested: the inner one has no default", said == "connected" and unstamped(P4)[0], said)
    said = inside(INNER, connect, socket.AF_INET, V4, P4, pack(4211))
    row("nested: tenants of the outer one: EPERM", said == "EPERM", said)
    said = inside(INNER, connect, socket.AF_INET, V4, P4, None, 0, lambda s: s.getsockopt(LEVEL, NAME, 16).hex())
    row("nested: nor does getsockopt see its default", said == "ENOENT", said)
    wire.syns(P4)
    outer = counts()["stamped"]
    inside(INNER, connect, socket.AF_INET, V4, P4, pack(9, 2))
    got = wire.syns(P4)
    j = judged(got[0] if got else None, KEY2)
    row("nested: the inner one stamps, once", has(j, authentic=True, tenant=9) and counts()["stamped"] == outer and
        counts(INNER)["stamped"] == 1, (got, j, counts(), counts(INNER)))
    said = inside(CG, connect, socket.AF_INET, V4, P4, pack(9))
    row("nested: tenants of the inner one in the outer: EPERM", said == "EPERM", said)
    inside(CG, connect, socket.AF_INET, V4, P4)
    j = one(P4, KEY2)
    row("nested: the outer one goes on outside", has(j, authentic=True, tenant=7), j)

    # a socket that the inner one owned belongs to the outer one when the inner one is gone
    r, w = os.pipe()
    r2, w2 = os.pipe()
    closed = socket.socket()
    closed.bind((V4, 0))
    port = closed.getsockname()[1]

    def twice():
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        first = s.connect_ex((V4, port))
        os.write(w, b"x")
        os.read(r2, 1)
        return [first, s.connect_ex((V4, port))]
    pid = os.fork()
    if not pid:
        inside(INNER, twice)
        os._exit(0)
    os.read(r, 1)
    first = wire.syns(port)
    must("stamp", "delete", INNER)
    os.write(w2, b"x")
    os.waitpid(pid, 0)
    second = wire.syns(port)
    closed.close()
    row("nested: after the inner one is deleted the outer one counts", len(first) == 1 and not first[0]["stamps"] and second and
        has(judged(second[0], KEY2), authentic=True, tenant=7), (first, second))


def others():
    """Another program in the same cgroup: its callbacks run, its answers count, whichever was attached first."""
    def bpftool(*args):
        r = subprocess.run([BPFTOOL, "-j", *args], capture_output=True, text=True, timeout=30)
        return r.stdout if not r.returncode else row("bpftool " + " ".join(args), False, r.stdout + r.stderr)

    def seen():
        ids = json.loads(bpftool("prog", "show", "pinned", PIN))["map_ids"]
        value = json.loads(bpftool("map", "lookup", "id", str(ids[0]), "key", "0", "0", "0", "0"))
        return value["formatted"]["value"] if "formatted" in value else int(value["value"][0], 16)

    def attempt(name):
        before = seen()
        inside(CG, connect, socket.AF_INET, V4, P4, pack(4211, 1))
        got = wire.syns(P4)
        j = judged(got[0] if got else None)
        end = time.monotonic() + 3
        while seen() < before + 2 and time.monotonic() < end:
            time.sleep(0.05)
        row(f"{name}: stamped, and its callbacks ran", has(j, authentic=True) and seen() >= before + 2, (j, before, seen()))
        return got[0]["window"] if got else None

    bpftool("prog", "load", WORK + "/other.o", PIN, "type", "sockops")
    alone = None
    for name, redo in ("attached after us", False), ("attached before us", True):
        bpftool("cgroup", "attach", CG, "sock_ops", "pinned", PIN, "multi")
        if redo:
            must("stamp", "delete", CG)
            must("stamp", "cgroup", CG, "--tenant", f"4211=hex:{KEY}")
        with_us = attempt(name)
        inside(CG, connect, socket.AF_INET, V4, P4)
        alone = wire.syns(P4)[0]["window"]
        bpftool("cgroup", "detach", CG, "sock_ops", "pinned", PIN)
        inside(CG, connect, socket.AF_INET, V4, P4)
        without = wire.syns(P4)[0]["window"]
        row(f"{name}: its answer counts", with_us == alone != without, (with_us, alone, without))
    os.unlink(PIN)


def commands():
    rc, out, err = run("stamp", "cgroup", CG + "-none", "--tenant", "7")
    row("no such cgroup", rc == 1 and "no such cgroup" in err, (rc, err))
    rc, out, err = run("stamp", "cgroup", "/proc", "--tenant", "7")
    row("no cgroup at all", rc == 1 and "is no cgroup" in err, (rc, err))
    for name, args in (("no tenant", []), ("no number", ["--tenant", "acme"]), ("number too large", ["--tenant", "65536"]), ("bad epoch", ["--tenant", "7:even2"]),
                       ("bad key", ["--tenant", "7=hex:00"]), ("no key file", ["--tenant", f"7=file:{WORK}/none"]), ("twice", ["--tenant", "7", "--tenant", "7"]),
                       ("default not given", ["--tenant", "7", "--default", "8"]), ("class alone", ["--tenant", "7", "--class", "1"]),
                       ("class 16", ["--tenant", "7", "--default", "7", "--class", "16"]), ("too many", [a for n in range(29) for a in ("--tenant", str(n))])):
        rc, out, err = run("stamp", "cgroup", CG, *args)
        row(f"usage: {name}", rc == 2 and err.startswith("xsteer: ") and "\n" not in err, (rc, err))
    before = counts()
    row("which changes nothing", before.get("tenants"), before)
    must("shim", "keygen", "-o", WORK + "/acme.key")
    both = [subprocess.Popen([XSTEER, "stamp", "cgroup", CG, "--tenant", f"{n}=file:{WORK}/acme.key"]) for n in (11, 12)]
    rcs = [p.wait(30) for p in both]
    with open(WORK + "/acme.key") as f:
        key = f.read().strip()
    last = counts()["tenants"][0]["tenant"]
    inside(CG, connect, socket.AF_INET, V4, P4, pack(last))
    j = one(P4, key)
    row("two at once: one of them counts", rcs == [0, 0] and last in (11, 12) and has(j, authentic=True, tenant=last), (rcs, last, j))
    must("stamp", "delete", CG)
    args = ["stamp", "cgroup", CG, "--tenant", "7"], ["stamp", "delete", CG]
    all8 = [subprocess.Popen([XSTEER, *args[i % 2]], stderr=subprocess.DEVNULL) for i in range(8)]
    rcs = [p.wait(30) for p in all8]
    must(*args[0])
    inside(CG, connect, socket.AF_INET, V4, P4, pack(7))
    row("made and deleted by turns: whole in the end", not any(rcs[::2]) and set(rcs[1::2]) <= {0, 1} and has(one(P4), tenant=7), rcs)
    mine = shutil.copy(XSTEER, WORK + "/xsteer")    # the build may stand where only its owner can go
    os.chmod(WORK, 0o755)
    said = inside(None, lambda: subprocess.run([mine, "stamp", "list"], capture_output=True, text=True).returncode)
    row("list needs root", said == 3, said)
    modes = [stat.S_IMODE(os.stat(p).st_mode) for p in ("/sys/fs/bpf/xsteer-stamp", "/sys/fs/bpf/xsteer-stamp/v1")]
    row("keys are for root only", all(m & 0o077 == 0 for m in modes), modes)
    must("stamp", "cgroup", GONE.split("/")[-1], "--tenant", "7")   # below the mount point
    row("list shows it", counts(GONE).get("state") == "up", counts(GONE))
    cgid = counts(GONE).get("id")
    os.rmdir(GONE)
    end = time.monotonic() + 5
    while counts(GONE).get("state") == "up" and time.monotonic() < end:
        time.sleep(0.05)
    row("a cgroup that was removed is shown as gone", counts(GONE).get("state") == "gone", counts(GONE))
    must("stamp", "delete", CG)
    row("and cleared by the next command", not counts(GONE) and not os.path.exists(f"/sys/fs/bpf/xsteer-stamp/v1/{cgid}"), counts(GONE))
    rc, out, err = run("stamp", "delete", CG)
    row("deleted twice", rc == 1 and "is not stamped" in err, (rc, err))
    said = inside(CG, connect, socket.AF_INET, V4, P4, pack(7))
    row("deleted: ENOPROTOOPT", said == "ENOPROTOOPT", said)
    inside(CG, connect, socket.AF_INET, V4, P4)
    row("deleted: unstamped", unstamped(P4)[0])


for part in options, errors, other_options, default, retransmitted, no_room, nested, others, commands:
    try:
        part()
    except Exception as e:      # a part that breaks is a failure, and the others still run
        row(part.__name__, False, repr(e))
sys.exit(failed > 0)
