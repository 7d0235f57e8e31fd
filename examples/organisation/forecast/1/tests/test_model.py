"""What is always sold alike will be sold alike."""

import unittest

from forecast.model import forecast


class Model(unittest.TestCase):
    def test_steady(self):
        self.assertEqual(forecast([5, 5, 5]), 5)

    def test_newer_days_count_more(self):
        self.assertGreater(forecast([1, 9]), forecast([9, 1]))
