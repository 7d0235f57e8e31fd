"""A small shop with a database, once with weaknesses and once without.

Usage: shop.py vulnerable|safe [OTHER_ADDRESS]. Prints the port it listens on. OTHER_ADDRESS is
linked and redirected to, so that a test can see whether anyone follows.
"""

import html
import json
import sqlite3
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

WEAK = sys.argv[1] == "vulnerable"
OTHER = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:9"

db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
db.executescript(
    """
    create table item (id integer primary key, name text, price integer);
    insert into item values (1, 'chair', 40), (2, 'table', 90), (3, 'lamp', 25);
    """
)

SPEC = {
    "openapi": "3.0.3",
    "info": {"title": "shop", "version": "1"},
    "paths": {
        "/api/items/{id}": {
            "get": {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]},
            "delete": {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]},
        },
        "/api/find": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"name": {"type": "string", "example": "chair"}}}
                        }
                    }
                }
            }
        },
    },
}

HOME = f"""<!doctype html><html><head><title>Shop</title></head><body>
<a href="/search?q=chair">search</a> <a href="/items/1">chair</a> <a href="/items/2">table</a>
<a href="/go?next=/search">go</a> <a href="/logout">log out</a> <a href="{OTHER}/linked">elsewhere</a>
<a href="/away">away</a> <a href="/files/">files</a> <iframe src="{OTHER}/framed"></iframe>
<form action="/login" method="post"><input name="user"><input type="password" name="password">
<input type="hidden" name="csrf" value="t0ken"></form>
<form action="{OTHER}/posted" method="post"><input name="user"></form>
<form action="/price"><input name="below" type="number" value="50"></form></body></html>"""


def select(weak, strong, values):
    """Runs the statement with the values put into its text, or handed over."""
    if WEAK:
        return db.execute(weak.format(*values)).fetchall()
    return db.execute(strong, values).fetchall()


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # one packet for head and body, else the kernel waits between them

    def version_string(self):
        return "Shop/1.4.2 Python" if WEAK else "shop"

    def log_message(self, *arguments):
        pass

    def do_TRACE(self):
        if WEAK:
            self.answer(200, str(self.headers), "message/http")
        else:
            self.answer(405, "no", "text/plain")

    def do_DELETE(self):
        db.execute("delete from item")
        self.answer(200, "{}", "application/json")

    def do_GET(self):
        self.route()

    def do_POST(self):
        self.route()

    def route(self):
        try:
            self.dispatch()
        except BrokenPipeError:
            pass
        except Exception:
            text = traceback.format_exc() if WEAK else "Something went wrong."
            self.answer(500, text, "text/plain")

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length") or 0)).decode(errors="replace")

    def dispatch(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        path = unquote(url.path)
        if self.command == "POST":
            return self.post(path)
        if path == "/":
            return self.page(HOME)
        if path == "/openapi.json":
            return self.answer(200, json.dumps(SPEC), "application/json")
        if path == "/robots.txt":
            return self.answer(200, "User-agent: *\nDisallow: /hidden?name=x\n", "text/plain")
        if path == "/search":
            return self.search(query.get("q", ""))
        if path == "/hidden":
            name = query.get("name", "")
            return self.page(f'<input value="{name if WEAK else html.escape(name)}">'.replace("<i>", ""))
        if path == "/price":
            return self.price(query.get("below", ""))
        if path.startswith("/items/"):
            return self.item(path.removeprefix("/items/"))
        if path.startswith("/api/items/"):
            return self.api_item(path.removeprefix("/api/items/"))
        if path == "/go":
            target = query.get("next", "/")
            if not WEAK and (not target.startswith("/") or target.startswith(("//", "/\\"))):
                target = "/"
            return self.redirect(target)
        if path == "/away":
            return self.redirect(OTHER + "/redirected")
        if WEAK and path == "/.git/HEAD":
            return self.answer(200, "ref: refs/heads/main\n", "text/plain")
        if WEAK and path == "/files/":
            return self.page("<title>Directory listing for /files/</title><a href=notes.txt>notes.txt</a>")
        if WEAK:
            return self.answer(404, "<h1>not found</h1>", "text/html")
        # As single-page applications do: the same page for every path.
        return self.page("<title>Shop</title><p>DB_PASSWORD=x is not here</p>")

    def search(self, words):
        rows = select(
            "select name, price from item where name like '%{0}%'",
            "select name, price from item where instr(name, ?)",
            (words,),
        )
        shown = words if WEAK else html.escape(words)
        self.page(f"<h1>Results for {shown}</h1><ul>" + "".join(f"<li>{n} {p}</li>" for n, p in rows) + "</ul>")

    def price(self, below):
        # Errors are swallowed: only the answer's content follows the condition.
        try:
            rows = select("select name from item where price < {0}", "select name from item where price < cast(? as integer)", (below,))
        except sqlite3.Error:
            rows = []
        self.page("<ul>" + "".join(f"<li>{name}</li>" for (name,) in rows) + "</ul>")

    def item(self, number):
        if not number.isdecimal():
            return self.answer(404, "<h1>not found</h1>", "text/html")
        rows = db.execute("select name, price from item where id = ?", (int(number) % 1000,)).fetchall()
        self.page(f"<h1>{rows[0][0]}</h1>" if rows else "<h1>none</h1>")

    def api_item(self, number):
        if not WEAK and not (number.isdecimal() and len(number) < 9):
            return self.answer(404, "{}", "application/json")
        rows = select("select name from item where id = {0}", "select name from item where id = ?", (number,))
        self.answer(200 if rows else 404, json.dumps(rows), "application/json")

    def post(self, path):
        text = self.body()
        if path == "/api/find":
            try:
                name = str(json.loads(text).get("name", ""))
            except (ValueError, AttributeError):
                if WEAK:
                    raise
                return self.answer(400, "{}", "application/json")
            rows = select("select name from item where name = '{0}'", "select name from item where name = ?", (name,))
            return self.answer(200, json.dumps(rows), "application/json")
        if path == "/login":
            user = parse_qs(text, keep_blank_values=True).get("user", [""])[0]
            shown = user if WEAK else html.escape(user)
            return self.page(f"<p>No such user: {shown}</p>")
        self.answer(404, "{}", "application/json")

    def redirect(self, target):
        target = target.replace("\r", "").replace("\n", "").encode("ascii", "ignore").decode()
        self.answer(302, "", "text/plain", {"Location": target})

    def page(self, text):
        cookie = "session=abc" if WEAK else "session=abc; HttpOnly; SameSite=Lax; Secure"
        self.answer(200, text, "text/html; charset=utf-8", {"Set-Cookie": cookie})

    def answer(self, status, text, kind, headers=()):
        payload = text.encode(errors="replace")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(payload)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        origin = self.headers.get("origin")
        if WEAK and origin:
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Credentials", "true")
        if not WEAK:
            self.send_header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(payload)


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    if len(sys.argv) > 4:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
