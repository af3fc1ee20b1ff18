"""YAML of strangers: plain keys and values alone, read without building anything that the file asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from reports.submissions.refusal import refusal
from suite.files import describe_irregular

LARGEST = 64 * 2**10
"""Bytes."""


def read_plain_yaml(folder: Path, name: str) -> dict[str, Any]:
    """The mapping of a YAML file in which nothing but plain keys and values may stand.

    Raises:
        ResultError: a tag, an anchor or an alias, a key twice, no mapping, not YAML.
    """

    def refused(what: str, found: object, remedy: str = "Write plain keys and values.") -> Exception:
        return refusal(name, what, expected="plain YAML", found=found, remedy=remedy)

    source = folder / name
    try:
        if irregular := describe_irregular(source):
            raise refused("file", f"it {irregular}")
        if source.stat().st_size > LARGEST:
            raise refused("size", f"more than {LARGEST // 2**10} KiB")
        text = source.read_text(encoding="utf-8")
        # Events come before anything is built: a tag or an alias is seen, never followed.
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise refused("anchor or alias", "&, *")
            tag = getattr(event, "tag", None)
            if tag:
                raise refused("tag", tag, "A tag asks the reader to build an object; none is followed.")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(node, yaml.MappingNode):
            raise refused("content", "no mapping")
        keys = [str(key.value) for key, _ in node.value]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise refused("key", f"{twice!r} twice", "Keep one.")
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        raise refused("content", " ".join(str(error).split())) from error
    return {str(key): value for key, value in content.items()}
