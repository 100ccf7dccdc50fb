"""A proxy that takes every CONNECT to one port of loopback: so a program reaches a test's server by a cloud's real name, over TLS.

usage: connect_to.py DIRECTORY --port PORT       give https_proxy=http://127.0.0.1:<DIRECTORY/port>
DIRECTORY/requests gets a line a CONNECT: HOST:PORT
"""
import argparse
import os
import pathlib
import signal
import socket
import socketserver
import sys
import threading


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # either side may go whenever it likes


class Connect(socketserver.StreamRequestHandler):
    directory, port = pathlib.Path(), 0
    rbufsize = 0  # nothing behind the header may be read ahead

    def handle(self):
        method, host, _ = self.rfile.readline(4096).decode("latin-1").split(" ", 2)
        while self.rfile.readline(4096).strip():
            pass
        with open(self.directory / "requests", "a") as out:
            out.write(host + "\n")
        if method != "CONNECT":
            self.wfile.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self.port)) as target:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            upload = threading.Thread(target=copy, args=(self.request, target), daemon=True)
            upload.start()
            copy(target, self.request)
            upload.join()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    Connect.directory, Connect.port = given.directory, given.port
    server = Server(("127.0.0.1", 0), Connect)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.alarm(600)
    port = given.directory / "port"
    port.with_suffix(".new").write_text(str(server.server_address[1]))
    os.rename(port.with_suffix(".new"), port)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
