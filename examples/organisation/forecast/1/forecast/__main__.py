"""Serves the forecast: python3 forecast.pyz PORT"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from model import forecast

SOLD = [12, 15, 11, 18, 21, 17, 19]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        value = {"well": True} if self.path == "/health" else {"next": forecast(SOLD)}
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
