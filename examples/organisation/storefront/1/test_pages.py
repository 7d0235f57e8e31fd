"""The page has what visitors look for, and nothing that it must not have."""

import pathlib
import unittest


class Pages(unittest.TestCase):
    def test_page(self):
        text = pathlib.Path("public/index.html").read_text()
        self.assertIn("<h1>Quayside</h1>", text)
        self.assertNotIn("<script>", text)
