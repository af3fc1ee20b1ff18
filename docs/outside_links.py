"""A hook of mkdocs: links to files of the repository that are no pages of the site become the names of those files.

In the repository they lead somewhere, which tests/test_docs.py checks; on the site they would lead nowhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """The page with its links to other pages alone; mkdocs calls this for every page."""
    docs, source = Path(config["docs_dir"]).resolve(), Path(page.file.abs_src_path).parent

    def replaced(link: re.Match[str]) -> str:
        text, target = link[1], link[2].partition("#")[0]
        path = (source / target).resolve()
        if "://" in target or not target or path.is_relative_to(docs):
            return link[0]
        name = path.relative_to(docs.parent).as_posix()
        return f"`{name}`" if text.strip("`") in (target, name) else f"{text} (`{name}` in the repository)"

    return LINK.sub(replaced, markdown)
