"""The till as customers and thieves meet it. What is in brackets is a security requirement."""

import tempfile
import unittest

from till import orders, web


class Orders(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        orders.prepare(self.folder)

    def test_total(self):
        """two lanterns cost twice as much as one"""
        self.assertEqual(orders.total("lantern", 2), 7800)

    def test_negative(self):
        """nobody orders less than nothing [TILL-1]"""
        for number in (0, -1, 51):
            self.assertRaises(ValueError, orders.total, "rope", number)

    def test_own_price(self):
        """prices are never taken from the customer [TILL-2]"""
        status, value = web.answer(self.folder, "/total?goods=rope&number=1&cents=1")
        self.assertEqual((status, value), (200, {"cents": 1250}))

    def test_crafted_name(self):
        """a crafted name finds nothing [TILL-3]"""
        orders.place(self.folder, "ada", "rope", 1)
        self.assertEqual(len(orders.of_customer(self.folder, "ada")), 1)
        self.assertEqual(orders.of_customer(self.folder, "x' or '1'='1"), [])
