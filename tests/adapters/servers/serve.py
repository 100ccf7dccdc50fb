"""What the servers of this folder share: a server on a free port of loopback that writes down what it was asked.

usage of each: SERVER.py DIRECTORY [OPTION...]
  DIRECTORY/port      the port, written when requests are answered
  DIRECTORY/requests  one JSON object a request: method, path, headers in lower case, and the status of the answer
Ends on SIGTERM, or after ten minutes.
"""
import http.server
import json
import os
import pathlib
import signal
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Subclasses give answer(): (status, headers, body as an object for JSON or text)."""

    protocol_version = "HTTP/1.1"
    directory = None

    def handle_any(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, body = self.answer()
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        note = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "status": status,
        }
        with open(self.directory / "requests", "a") as out:
            out.write(json.dumps(note) + "\n")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = handle_any

    def log_message(self, *_):
        pass


def serve(handler, directory, wrap=None):
    """Serves until it is told to stop. `wrap` may put TLS around the listening socket."""
    handler.directory = pathlib.Path(directory)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if wrap:
        server.socket = wrap(server.socket)
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGALRM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.alarm(600)
    port = handler.directory / "port"
    port.with_suffix(".new").write_text(str(server.server_address[1]))
    os.rename(port.with_suffix(".new"), port)
    server.serve_forever()
