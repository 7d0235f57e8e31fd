"""The shelf as its visitors meet it."""

import tempfile
import unittest
from wsgiref.util import setup_testing_defaults

from bookshelf import store
from bookshelf.server import Application


class Visits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        store.prepare(folder.name)
        self.folder = folder.name
        self.application = Application(folder.name)

    def get(self, path, query=""):
        environ = {"PATH_INFO": path, "QUERY_STRING": query}
        setup_testing_defaults(environ)
        seen = []
        body = b"".join(self.application(environ, lambda status, headers: seen.append(status)))
        return seen[0], body.decode()

    def test_the_first_page_lists_the_books(self):
        status, body = self.get("/")
        self.assertEqual(status, "200 OK")
        self.assertIn("The Sea Around Us", body)

    def test_search_finds_by_title(self):
        _, body = self.get("/search", "q=Pattern")
        self.assertIn("Christopher Alexander", body)
        self.assertNotIn("Rachel Carson", body)

    def test_a_book_is_borrowed_once_and_given_back(self):
        self.assertTrue(store.borrow(self.folder, 1, "Ada"))
        self.assertFalse(store.borrow(self.folder, 1, "Grace"))
        self.assertTrue(store.give_back(self.folder, 1))

    def test_an_unknown_page_is_told_so(self):
        self.assertEqual(self.get("/nothing")[0], "404 Not Found")

    def test_it_is_well(self):
        self.assertEqual(self.get("/health"), ("200 OK", "well"))


if __name__ == "__main__":
    unittest.main()
