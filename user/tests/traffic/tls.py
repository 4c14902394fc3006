#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tls.py serve PORT CERT WAY | ask ADDR PORT CPORT VERSION N: what latency is measured on.

serve: each request, a line, is answered as a streaming server does: after 150 ms a head in two segments, after 100 ms more a
first piece, after 100 ms more the last. With a CERT of - it is spoken in the clear. The two session tickets of TLS 1.3 come when
the request is there, which is the worst time: by WAY in one segment, in two, or none at all.
ask: N requests on one connection from port CPORT, by TLS VERSION (1.2, 1.3) or in the clear (-), each as soon as it can be sent.
Prints how many answers came back.
"""
import socket, ssl, sys, threading, time

class Tls:
    """A server's side of TLS over a socket, which writes each record when it is told to"""
    def __init__(self, s, context, way):
        self.s, self.heard, self.said = s, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.heard, self.said, server_side=True)
        self.wait(self.tls.do_handshake)
        said = self.said.read()
        if self.tls.version() == "TLSv1.3" and not self.heard.pending:
            self.heard.write(s.recv(65536))
        cut = 5 + int.from_bytes(said[3:5], "big") if way == "two" and said else len(said)
        for piece in said[:cut], said[cut:]:
            s.sendall(piece)

    def wait(self, call):
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                self.s.sendall(self.said.read())
                got = self.s.recv(65536)
                self.heard.write(got) if got else self.heard.write_eof()

    def recv(self, n):
        return self.wait(lambda: self.tls.read(n))

    def sendall(self, data):
        self.tls.write(data)
        self.s.sendall(self.said.read())

def answer(s, context, way):
    with s:
        t = Tls(s, context, way) if context else s
        while t.recv(64):
            time.sleep(0.15)
            t.sendall(b"h" * 200)
            t.sendall(b"ead")
            time.sleep(0.1)
            t.sendall(b"one")
            time.sleep(0.1)
            t.sendall(b"two\n")

def serve(port, cert, way):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if cert != "-" else None
    if context:
        context.load_cert_chain(cert)
        context.num_tickets = 0 if way == "none" else 2
    listening = socket.create_server(("", port))
    while True:
        s, _ = listening.accept()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=answer, args=(s, context, way), daemon=True).start()

def ask(addr, port, cport, version, n):
    s = socket.create_connection((addr, port), 5, ("", cport))
    if version != "-":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = ssl.TLSVersion["TLSv" + version.replace(".", "_")]
        s = context.wrap_socket(s)
    with s, s.makefile("rb") as lines:
        for i in range(n):
            s.sendall(b"ask\n")
            if lines.readline() != b"h" * 200 + b"eadonetwo\n":
                return i
    return n

if sys.argv[1] == "serve":
    serve(int(sys.argv[2]), sys.argv[3], sys.argv[4])
print(ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], int(sys.argv[6])))
