"""Reading the variables of a TensorFlow checkpoint (version 2: .index and .data files) without TensorFlow.

The index is a sorted string table as LevelDB writes it, whose values are protocol buffers that say where in the data
files each tensor lies. Only what published fusion checkpoints use is read: whole, uncompressed numeric tensors.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from suite.errors import WeightsError

MAGIC = 0xDB4775248B80FB57
FOOTER_BYTES = 48
# tensorflow/core/framework/types.proto
DTYPES = {1: np.float32, 2: np.float64, 3: np.int32, 9: np.int64}


def is_checkpoint(path: Path) -> bool:
    """Whether `path` is a checkpoint's prefix, or one of its files."""
    return checkpoint_prefix(path).with_name(checkpoint_prefix(path).name + ".index").is_file()


def checkpoint_prefix(path: Path) -> Path:
    """`model.ckpt` of `model.ckpt`, `model.ckpt.index`, `model.ckpt.meta` or `model.ckpt.data-00000-of-00001`."""
    name = path.name
    for ending in (".index", ".meta"):
        name = name.removesuffix(ending)
    return path.with_name(name.split(".data-")[0])


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Every numeric variable by name, in the layout in which it was stored.

    Args:
        path: The prefix or one of its files.

    Raises:
        WeightsError: not a checkpoint, or one with features that are not read here.
    """
    prefix = checkpoint_prefix(path)
    index_file = prefix.with_name(prefix.name + ".index")
    try:
        index = index_file.read_bytes()
        entries = dict(_read_table(index))
        shards = _number(dict(_fields(entries.pop(b""))).get(1, 1))
        tensors = {}
        for name, entry in entries.items():
            tensor = _read_tensor(prefix, dict(_fields(entry)), shards, _shape(entry))
            if tensor is not None:
                tensors[name.decode()] = tensor
    except OSError as error:
        raise WeightsError(f"cannot read the TensorFlow checkpoint {prefix}: {error}.") from error
    except (struct.error, IndexError, KeyError, ValueError) as error:
        raise WeightsError(f"{index_file} is not a TensorFlow checkpoint of version 2: {error}.") from error
    return tensors


def _read_tensor(prefix: Path, entry: dict[int, int | bytes], shards: int, shape: list[int]) -> Tensor | None:
    dtype = DTYPES.get(_number(entry.get(1, 0)))
    if dtype is None or 7 in entry:
        return None
    shard = prefix.with_name(f"{prefix.name}.data-{_number(entry.get(3, 0)):05d}-of-{shards:05d}")
    with shard.open("rb") as data:
        data.seek(_number(entry.get(4, 0)))
        content = data.read(_number(entry.get(5, 0)))
    return torch.from_numpy(np.frombuffer(content, dtype=dtype).reshape(shape).copy())


def _read_table(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a sorted string table."""
    footer = table[-FOOTER_BYTES:]
    if len(footer) < FOOTER_BYTES or struct.unpack("<Q", footer[-8:])[0] != MAGIC:
        raise ValueError("it does not end with the table's magic number")
    position = 0
    handle = []
    for _ in range(4):
        value, position = _varint(footer, position)
        handle.append(value)
    for _, block in _read_block(table, handle[2], handle[3]):
        offset, position = _varint(block, 0)
        size, _ = _varint(block, position)
        yield from _read_block(table, offset, size)


def _read_block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    if table[offset + size] != 0:
        raise ValueError("its index is compressed")
    block = table[offset : offset + size]
    end = size - 4 - 4 * struct.unpack("<I", block[-4:])[0]
    position, key = 0, b""
    while position < end:
        shared, position = _varint(block, position)
        unshared, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + unshared]
        position += unshared
        yield key, block[position : position + length]
        position += length


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and raw values of a protocol buffer."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        value: int | bytes
        if kind == 0:
            value, position = _varint(message, position)
        elif kind == 2:
            length, position = _varint(message, position)
            value, position = message[position : position + length], position + length
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
            value, position = message[position : position + length], position + length
        else:
            raise ValueError(f"protocol buffer field of kind {kind}")
        yield tag >> 3, value


def _shape(entry: bytes) -> list[int]:
    shape = next((value for number, value in _fields(entry) if number == 2 and isinstance(value, bytes)), b"")
    dims = [value for number, value in _fields(shape) if number == 2 and isinstance(value, bytes)]
    return [_number(dict(_fields(dim)).get(1, 0)) for dim in dims]


def _varint(content: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def _number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("a protocol buffer field has another type than expected")
    return value
