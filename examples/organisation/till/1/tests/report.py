"""Runs the tests and writes a JUnit report; ends with 1 when one fails."""

import sys
import unittest
from xml.etree import ElementTree


class Result(unittest.TextTestResult):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.suite = ElementTree.Element("testsuite", name="tests")

    def startTest(self, test):
        super().startTest(test)
        name = test.shortDescription() or test.id().split(".")[-1]
        self.case = ElementTree.SubElement(self.suite, "testcase", classname=type(test).__name__, name=name)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        ElementTree.SubElement(self.case, "failure", message=str(error[1]))

    addError = addFailure


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.discover("tests", top_level_dir=".")
    result = unittest.TextTestRunner(resultclass=Result, verbosity=1).run(suite)
    ElementTree.ElementTree(result.suite).write("tests.xml")
    sys.exit(not result.wasSuccessful())
