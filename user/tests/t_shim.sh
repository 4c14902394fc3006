#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shim encode, decode and keygen against the golden vectors: bytes, round trips, reasons, and messages that name the key.
# usage: t_shim.sh BUILD; prints `ok NAME`, `not ok NAME: why`
exec python3 - "${1:-build}/xsteer" "$(dirname "$0")/vectors/shim-v1.json" <<'PY'
import json, os, re, stat, subprocess, sys, tempfile

prog, vectors = sys.argv[1], json.load(open(sys.argv[2]))
failed = 0

def run(*args, text=None):
    r = subprocess.run([prog, *args], input=text, capture_output=True, text=True, timeout=10)
    return r.returncode, r.stdout.strip(), r.stderr.strip()

def row(name, cond, why=""):
    global failed
    failed += not cond
    print(f"ok shim/{name}" if cond else f"not ok shim/{name}: {why}")

def arrival(v, key="time"):
    to = f"[{v['to']}]:{v['port']}" if ":" in v["to"] else f"{v['to']}:{v['port']}"
    return ["--to", to, "--time", str(v[key])] + (["--isn", str(v["isn"])] if "isn" in v else []) + (["--key", v["key"]] if v["key"] else [])

for form in "long", "tcp_option":
    for i, v in enumerate(vectors[form]):
        got = run("shim", "encode", "-", text=json.dumps(v))
        row(f"encode {form} {i}", got == (0, v["bytes"], ""), got)
        rc, out, err = run("-j", "shim", "decode", *arrival(v), v["bytes"])
        j = json.loads(out or "{}")
        wrong = [k for k in v if k != "key" and j.get(k) != v[k]]
        row(f"decode {form} {i}", rc == 0 and not wrong and j["authentic"] is (True if v["key"] else None), (rc, wrong, out, err))
        again = run("shim", "encode", "-", text=json.dumps({**j, "key": v["key"]}))
        row(f"encode what decode says, {form} {i}", again == (0, v["bytes"], ""), again)

for v in vectors["reject"]:
    rc, out, err = run("-j", "shim", "decode", *arrival(v, "now"), v["bytes"])
    j = json.loads(out or "{}")
    malformed = v["reason"] == "shim_malformed"
    row(f"{v['form']}: {v['why']}", j.get("reason") == v["reason"] and rc == malformed and
        j.get("authentic") is {"shim_unauthentic": False, "shim_stale": True}.get(v["reason"]) and ("error" in j) == malformed, (rc, out, err))

for what, hexa in ("nothing", ""), ("another magic", "5854100800000000"), ("another option", "fd041234"):
    rc, out, err = run("shim", "decode", hexa)
    row(f"no shim: {what}", rc == 1 and json.loads(out)["reason"] == "no_shim" and err.startswith("xsteer: shim decode: no shim"), (rc, out, err))
for what, args in ("no hex", ["0x12"]), ("half a byte", ["123"]), ("short key", ["--key", "00", "58"]), ("bad destination", ["--to", "1.2.3.4", "58"]):
    rc, out, err = run("shim", "decode", *args)
    row(f"usage: {what}", rc == 2 and err.count("\n") == 0 and err.startswith("xsteer: "), (rc, out, err))

rc, out, err = run("shim", "encode", "/no/such")
row("refused: no such file", rc == 1 and not out and "No such file" in err and "name a file" in err, (rc, out, err))
KEY = "00112233445566778899aabbccddeeff"
for key, obj in (("tenant", {"class": 1}), ("tenant", {"tenant": -1}), ("tenant", {"tenant": 65536, "exp_a": 5}), ("foo", {"tenant": 1, "foo": 2}),
                 ("class", {"tenant": 1, "class": 16}), ("class", {"tenant": 1, "class": "x"}), ("exp_a", {"tenant": 1, "exp_a": 4}),
                 ("exp0", {"tenant": 1, "exp_a": 5, "exp0": 4}), ("hashes", {"tenant": 1, "exp0": 4, "hashes": ["xyz"]}),
                 ("exp0", {"tenant": 1, "exp0": 3, "hashes": ["12"]}), ("hashes", {"tenant": 1, "exp0": 4, "hashes": ["1"] * 9}),
                 ("request_id", {"tenant": 1, "request_id": "1" * 17}), ("key", {"tenant": 1, "key": "00"}), ("to", {"tenant": 1, "key": KEY}),
                 ("port", {"tenant": 1, "to": "::1"}), ("to", {"tenant": 1, "to": "x", "port": 1}), ("form", {"tenant": 1, "form": "x"}),
                 ("isn", {"tenant": 1, "exp_a": 0, "key": KEY, "to": "::1", "port": 1})):
    rc, out, err = run("shim", "encode", "-", text=json.dumps(obj))
    row(f"refused {json.dumps(obj)[:60]}", rc == 1 and not out and re.match(rf"xsteer: standard input: {key}: ", err), (rc, out, err))

with tempfile.TemporaryDirectory() as d:
    path = f"{d}/acme.key"
    rc, out, err = run("shim", "keygen", "-o", path)
    text = open(path).read()
    row("keygen: file", rc == 0 and re.fullmatch(r"[0-9a-f]{32}\n", text) and stat.S_IMODE(os.stat(path).st_mode) == 0o600, (rc, err))
    rc, out, err = run("shim", "keygen", "-o", path)
    row("keygen: no key is overwritten", rc == 1 and open(path).read() == text, (rc, err))
    keys = {run("shim", "keygen")[1] for _ in range(3)}
    row("keygen: random", len(keys) == 3 and all(re.fullmatch(r"[0-9a-f]{32}", k) for k in keys), keys)
    obj = {"tenant": 7, "class": 2, "to": "198.18.0.10", "port": 80, "time": 1795420800}
    one = run("shim", "encode", "-", text=json.dumps({**obj, "key": f"file:{path}"}))
    two = run("shim", "encode", "-", text=json.dumps({**obj, "key": text.strip()}))
    row("key from a file", one == two and one[0] == 0 and len(one[1]) == 80, (one, two))
    open(path, "w").write("acme\n")
    rc, out, err = run("shim", "encode", "-", text=json.dumps({**obj, "key": f"file:{path}"}))
    row("a file that is no key", rc == 1 and "holds no key" in err and "acme\n" not in err, err)
sys.exit(failed > 0)
PY
