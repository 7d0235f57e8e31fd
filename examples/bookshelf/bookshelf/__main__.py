"""Starts the service: python3 bookshelf.pyz --port 8080 --data /var/lib/bookshelf"""

import argparse

from bookshelf import server, store


def main():
    parser = argparse.ArgumentParser(prog="bookshelf")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--data", default=".")
    arguments = parser.parse_args()
    store.prepare(arguments.data)
    server.serve(arguments.port, arguments.data)


if __name__ == "__main__":
    main()
