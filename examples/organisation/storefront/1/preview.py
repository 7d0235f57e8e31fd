"""Serves the packed page: python3 storefront.pyz PORT"""

import sys
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

PAGE = zipfile.ZipFile(sys.argv[0]).read("public/index.html")
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


class Preview(BaseHTTPRequestHandler):
    server_version, sys_version = "storefront", ""

    def do_GET(self):
        body = PAGE if self.path == "/" else b"there is no such page"
        self.send_response(200 if self.path == "/" else 404)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Preview).serve_forever()
