"""What a check finds in a dataset, by kind."""

from __future__ import annotations

from datasets.checks import check_dataset
from datasets.layouts.survey import SurveyedLayout
from datasets.problems import Problem, ProblemKind, Remark


def found(layout: SurveyedLayout, task: str) -> dict[ProblemKind, list[Problem]]:
    by_kind: dict[ProblemKind, list[Problem]] = {}
    for problem in check_dataset(layout, task, subset=True).problems:  # type: ignore[arg-type]
        by_kind.setdefault(problem.kind, []).append(problem)
    return by_kind


def remarks(layout: SurveyedLayout, task: str) -> dict[str, list[Remark]]:
    by_kind: dict[str, list[Remark]] = {}
    for remark in check_dataset(layout, task, subset=True).remarks:  # type: ignore[arg-type]
        by_kind.setdefault(remark.kind, []).append(remark)
    return by_kind
