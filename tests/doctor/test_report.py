"""A diagnosis, printed."""

from __future__ import annotations

import contextlib
import io

import pytest

import bqvision as bv
from bqvision import Check, CheckStatus, Diagnosis

FOUND = Diagnosis(
    checks=(
        Check(name="project", status=CheckStatus.OK, message="my-project"),
        Check(
            name="dataset",
            status=CheckStatus.FAILED,
            message="there is none",
            command="CREATE SCHEMA a\nOPTIONS ();",
        ),
        Check(name="bucket", status=CheckStatus.UNKNOWN, message="it may not be seen"),
        Check(name="reservation", status=CheckStatus.NOTE, message="see the docs"),
    )
)


def test_printed_it_is_a_table_with_commands() -> None:
    """One line for each check, the command below it, and how it stands at the end."""
    assert str(FOUND) == (
        "✓ project      my-project\n"
        "✗ dataset      there is none\n"
        "    CREATE SCHEMA a\n"
        "    OPTIONS ();\n"
        "? bucket       it may not be seen\n"
        "i reservation  see the docs\n"
        "4 checks: 1 ok, 1 failed, 1 unknown, 1 to note"
    )


def test_where_the_signs_can_not_be_shown_others_are() -> None:
    """An output in ASCII gets ASCII, also where a message is not."""
    named = Diagnosis(checks=(*FOUND.checks, Check(name="account", status=CheckStatus.OK, message="jürgen")))
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as stream, contextlib.redirect_stdout(stream):
        print(named, flush=True)
        printed = raw.getvalue().decode("ascii").splitlines()
    assert printed[0] == "+ project      my-project"
    assert printed[1] == "x dataset      there is none"
    assert printed[6] == "+ account      j?rgen"


def test_in_a_notebook_it_is_html_that_holds_no_other_html() -> None:
    """What stands in a message is text there."""
    check = Check(name="a<b", status=CheckStatus.FAILED, message="<script>", command="<i>")
    html = Diagnosis(checks=(check,))._repr_html_()
    assert "<script>" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;" in html
    assert "a&lt;b" in html


def test_a_terminal_obeys_nothing_in_it() -> None:
    """Control characters are replaced."""
    check = Check(name="dataset", status=CheckStatus.OK, message="films\x1b[2J", command="echo \x07")
    assert "\x1b" not in str(Diagnosis(checks=(check,)))
    assert "\x07" not in str(Diagnosis(checks=(check,)))


def test_it_is_ok_if_nothing_failed() -> None:
    """What is unknown is no failure, and is told beside."""
    assert not FOUND.ok
    assert [check.name for check in FOUND.failed] == ["dataset"]
    assert [check.name for check in FOUND.unknown] == ["bucket"]
    assert Diagnosis(checks=FOUND.checks[2:]).ok


def test_a_check_is_had_by_its_name() -> None:
    """One that is not there is refused with those that are."""
    assert FOUND["bucket"].status is CheckStatus.UNKNOWN
    with pytest.raises(bv.InvalidInputError, match=r"no check 'buckets'.*project, dataset, bucket"):
        FOUND["buckets"]
