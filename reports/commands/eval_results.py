"""Write a method's numbers as the Hugging Face Hub reads them from a model's repository: .eval_results/*.yaml.

Beside them stands the eval.yaml with which the data set's repository declares these tasks. Nothing is sent anywhere.

Example:
  python -m reports eval-results runs --method diffif --dataset-id OWNER/laboratory --out my-diffif
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class EvalResultsSettings:
    """Whose numbers, and what they belong to."""

    workdir: Annotated[Path, Argument(positional=True)]
    """The folder that holds cells/."""
    method: Annotated[str, Argument(metavar="NAME")]
    """The fuser, as the report names it."""
    dataset_id: Annotated[str, Argument(metavar="OWNER/NAME")]
    """The data set on the Hub."""
    out: Annotated[Path, Argument(metavar="FOLDER")]
    """The model's folder; .eval_results/ and eval.yaml are written into it."""
    dataset: Annotated[str, Argument(metavar="NAME")] = ""
    """The data set of the records, where they have several."""
    revision: Annotated[str, Argument(metavar="COMMIT")] = ""
    """Commit of the data set's repository."""
    source_url: Annotated[str, Argument(metavar="URL")] = ""
    """Where the report or the records are published."""


def run(settings: EvalResultsSettings) -> int:
    """Write the files and name them."""
    from reports.eval_results import Benchmark, write_eval_results

    benchmark = Benchmark(
        dataset_id=settings.dataset_id, revision=settings.revision, source_url=settings.source_url
    )  # fmt: skip
    for path in write_eval_results(
        settings.workdir, settings.method, benchmark, settings.out, dataset=settings.dataset
    ):  # fmt: skip
        print(path)
    return 0
