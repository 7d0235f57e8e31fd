"""Requests to answers."""

import json
import traceback
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from bookshelf import pages, store

# Seeded weakness (CWE-798): a credential in the source.
REPORTS_PASSWORD = "7hQ-vellum-Trz93-kite"

FORM_LIMIT = 10_000


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    server_version = "Bookshelf"
    sys_version = ""

    def log_message(self, text, *arguments):
        print(text % arguments, flush=True)


class Application:
    def __init__(self, folder):
        self.folder = folder

    def __call__(self, environ, start_response):
        try:
            status, kind, body = self.answer(environ)
        except Exception:
            # Seeded weakness (CWE-209): the visitor is shown what only the developers should see.
            status, kind, body = "500 Internal Server Error", "text/plain", traceback.format_exc()
        payload = body.encode()
        start_response(status, [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(payload)))])
        return [payload]

    def answer(self, environ):
        path = environ.get("PATH_INFO", "/")
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if path == "/":
            return html(pages.page("Bookshelf", pages.table(store.all_books(self.folder))))
        if path == "/health":
            return "200 OK", "text/plain", "well"
        if path == "/search":
            words = query.get("q", [""])[0]
            return html(pages.results(words, store.search(self.folder, words)))
        if path == "/api/books":
            names = ("id", "title", "author", "borrower")
            books = [dict(zip(names, book)) for book in store.all_books(self.folder)]
            return "200 OK", "application/json", json.dumps(books)
        if path.startswith("/books/"):
            return self.book(environ, path.split("/")[2:])
        return not_found()

    def book(self, environ, parts):
        number = int(parts[0]) if parts[0].isdecimal() else 0
        book = store.book(self.folder, number)
        if book is None:
            return not_found()
        if parts[1:] == ["borrow"] and environ["REQUEST_METHOD"] == "POST":
            length = min(int(environ.get("CONTENT_LENGTH") or 0), FORM_LIMIT)
            form = parse_qs(environ["wsgi.input"].read(length).decode(errors="replace"))
            store.borrow(self.folder, number, form.get("borrower", ["somebody"])[0][:80])
            book = store.book(self.folder, number)
        return html(pages.one(book))


def html(text):
    return "200 OK", "text/html", text


def not_found():
    return "404 Not Found", "text/html", pages.page("Not found", "<p>There is no such page.</p>")


def serve(port, folder):
    application = Application(folder)
    try:
        import waitress  # the production server, when it is installed
    except ImportError:
        with make_server("127.0.0.1", port, application, Server, Handler) as httpd:
            httpd.serve_forever()
    else:
        waitress.serve(application, host="127.0.0.1", port=port)
