"""A file server over TLS, for a program that has to find a host's name and an authority by itself.

usage: https_files.py DIRECTORY --certificate PEM --key PEM      answers every GET with the path that was asked for
"""
import argparse
import ssl
import sys

import serve


class Files(serve.Handler):
    def answer(self):
        return 200, {"Content-Type": "text/plain"}, self.path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    given = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given.certificate, given.key)
    serve.serve(Files, given.directory, wrap=lambda listener: context.wrap_socket(listener, server_side=True))


if __name__ == "__main__":
    sys.exit(main())
