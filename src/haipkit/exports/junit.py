"""Checks as JUnit XML, which CI systems show: a FAIL is a failure; what could not be decided or measured, an error."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

Case = tuple[str, str, str, str]
"""(name, title, verdict, reason)."""


def junit_xml(name: str, cases: Sequence[Case]) -> bytes:
    """One test suite with a case for each check."""
    failed = sum(verdict == "FAIL" for _, _, verdict, _ in cases)
    broken = sum(verdict not in ("PASS", "FAIL") for _, _, verdict, _ in cases)
    counts = {"tests": str(len(cases)), "failures": str(failed), "errors": str(broken)}
    root = ET.Element("testsuites")
    suite = ET.SubElement(root, "testsuite", {"name": name, **counts})
    for case, title, verdict, reason in cases:
        node = ET.SubElement(suite, "testcase", {"classname": name, "name": f"{case}: {title}"})
        if verdict != "PASS":
            tag = "failure" if verdict == "FAIL" else "error"
            ET.SubElement(node, tag, {"type": verdict, "message": f"{verdict}: {reason}"})
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()
