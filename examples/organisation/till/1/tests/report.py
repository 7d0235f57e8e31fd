"""Runs the tests, writes a JUnit report and which lines they ran (LCOV); ends with 1 when one fails."""

import dis
import pathlib
import sys
import threading
import unittest
from xml.etree import ElementTree

SOURCES = {str(path.resolve()): path for path in sorted(pathlib.Path("till").glob("**/*.py"))}
ran = set()


def trace(frame, event, argument):
    file = frame.f_code.co_filename
    if file in SOURCES:
        ran.add((file, frame.f_lineno))
        return trace


def lines(code):
    """Lines of a piece of code, and of what is defined in it, that can be run."""
    inner = [one for const in code.co_consts if hasattr(const, "co_code") for one in lines(const)]
    return {line for _, line in dis.findlinestarts(code) if line}.union(inner)


def lcov(out):
    for file, path in SOURCES.items():
        own = sorted(lines(compile(path.read_bytes(), file, "exec")))
        rows = [f"DA:{line},{int((file, line) in ran)}" for line in own]
        out.write("\n".join([f"SF:{path}", *rows, "end_of_record\n"]))


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
    threading.settrace(trace)
    sys.settrace(trace)
    suite = unittest.defaultTestLoader.discover("tests", top_level_dir=".")
    result = unittest.TextTestRunner(resultclass=Result, verbosity=1).run(suite)
    sys.settrace(None)
    ElementTree.ElementTree(result.suite).write("tests.xml")
    with open("tests.lcov", "w") as out:
        lcov(out)
    sys.exit(not result.wasSuccessful())
