"""Requests to answers."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from till import orders

PAYMENT_PASSWORD = os.environ.get("TILL_PAYMENT_PASSWORD", "")

HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def answer(folder, target):
    """Status and value for a path with its query."""
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.path == "/health":
        return 200, {"well": True, "key": "TILL_KEY_FILE" in os.environ}
    if parts.path == "/prices":
        return 200, orders.PRICES
    if parts.path == "/orders":
        return 200, orders.of_customer(folder, query.get("customer", ""))
    if parts.path == "/total":
        try:
            return 200, {"cents": orders.total(query.get("goods", ""), int(query.get("number", "1")))}
        except ValueError:
            return 400, {"error": "no such order"}
    return 404, {"error": "not found"}


class Handler(BaseHTTPRequestHandler):
    folder = "."
    server_version, sys_version = "till", ""

    def do_GET(self):
        try:
            status, value = answer(self.folder, self.path)
        except Exception:
            status, value = 500, {"error": "something went wrong here"}
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, content in HEADERS.items():
            self.send_header(name, content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(port, folder):
    Handler.folder = folder
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
