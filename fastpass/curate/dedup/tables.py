"""Tables on disk: the only place that knows PyArrow. A file is there whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.common.files import written_path
from fastpass.common.names import shown_name
from fastpass.errors import BadPack, MissingBackend

Columns = dict[str, Any]  # name -> NumPy array, or a list of texts; codes are uint8 [N, bytes]


def require_arrow() -> Any:
    """The module pyarrow. Raises MissingBackend."""
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise MissingBackend(
            "Parquet is written with the package pyarrow: pip install 'fastpass[curate]'"
        ) from error
    return pa


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """A table for others: texts as people see them (``shown_name``). Raises WriteFailed."""
    _write(path, columns, lambda pa, texts: pa.array([*map(shown_name, texts)], type=pa.string()))


def write_part(path: Path, columns: Mapping[str, Any]) -> None:
    """A table for ``read_tables``: texts keep every byte. Raises WriteFailed."""
    _write(path, columns, lambda pa, texts: pa.array(name_bytes(texts), type=pa.binary()))


def name_bytes(texts: Sequence[str]) -> list[bytes]:
    """The bytes of names that Python has read from a file system or a tar."""
    return [text.encode("utf-8", "surrogateescape") for text in texts]


def _write(path: Path, columns: Mapping[str, Any], text_array: Callable[[Any, Any], Any]) -> None:
    pa = require_arrow()
    arrays = {
        name: _as_arrow(pa, values) if isinstance(values, np.ndarray) else text_array(pa, values)
        for name, values in columns.items()
    }
    with written_path(path) as temporary:
        pa.parquet.write_table(pa.table(arrays), temporary, compression="zstd")


def _as_arrow(pa: Any, values: npt.NDArray[Any]) -> Any:
    if values.ndim == 2:
        number, num_bytes = values.shape
        data = pa.py_buffer(np.ascontiguousarray(values).tobytes())
        return pa.FixedSizeBinaryArray.from_buffers(pa.binary(num_bytes), number, [None, data])
    return pa.array(values)


def read_tables(paths: Sequence[Path]) -> Columns:
    """Rows of all tables of ``write_part``, one behind the other. Raises BadPack."""
    pa = require_arrow()
    tables = []
    for path in paths:
        try:
            tables.append(pa.parquet.read_table(path))
        except (OSError, pa.ArrowException) as error:
            raise BadPack(f"{path} is no table of ours: {error}") from error
    table = pa.concat_tables(tables).combine_chunks()
    return {name: _from_arrow(pa, table.column(name)) for name in table.column_names}


def _from_arrow(pa: Any, column: Any) -> Any:
    if pa.types.is_fixed_size_binary(column.type):
        width = column.type.byte_width
        joined = b"".join(
            chunk.buffers()[1].to_pybytes()[
                chunk.offset * width : (chunk.offset + len(chunk)) * width
            ]
            for chunk in column.chunks
        )
        return np.frombuffer(joined, dtype=np.uint8).reshape(-1, width)
    if pa.types.is_binary(column.type):
        return [text.decode("utf-8", "surrogateescape") for text in column.to_pylist()]
    return column.to_numpy()
