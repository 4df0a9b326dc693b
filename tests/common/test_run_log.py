"""Reading log.jsonl: half a line at the end is left out, anything else that is wrong is named."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from fastpass.common.run_log import read_run_log
from fastpass.errors import ReadFailed


def _log(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(content)
    return path


def test_records_in_order(tmp_path: Path) -> None:
    path = _log(tmp_path, b'{"step": 1, "loss": 2.5}\n{"step": 2, "loss": NaN, "note": "x"}\n')
    first, second = read_run_log(path)
    assert first == {"step": 1, "loss": 2.5}
    assert math.isnan(second["loss"])
    assert second["note"] == "x"
    assert read_run_log(_log(tmp_path, b"")) == []


@pytest.mark.parametrize("tail", [b'{"step": 2, "lo', b'{"step": 2}', b"\0\0\0", b'{"st\xc3'])
def test_half_a_line_at_the_end_is_left_out(tmp_path: Path, tail: bytes) -> None:
    assert read_run_log(_log(tmp_path, b'{"step": 1}\n' + tail)) == [{"step": 1}]


@pytest.mark.parametrize(
    "line", [b"rubbish", b"7", b"[]", b"\xff\xfe", b"{}", b'{"step": "one"}', b"\0\0"]
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: bytes) -> None:
    path = _log(tmp_path, b'{"step": 1}\n' + line + b'\n{"step": 2}\n')
    with pytest.raises(ReadFailed, match=r"log\.jsonl, line 2 is no record"):
        read_run_log(path)
    path = _log(tmp_path, b'{"step": 1}\n' + line + b"\n")  # a whole line: no crash leaves that
    with pytest.raises(ReadFailed, match=r"log\.jsonl, line 2 is no record"):
        read_run_log(path)


def test_a_log_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ReadFailed, match=r"cannot read .*log\.jsonl"):
        read_run_log(tmp_path / "log.jsonl")
