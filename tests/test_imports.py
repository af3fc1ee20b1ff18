"""Imports point one way: suite <- datasets <- diffif <- downstream, and reports reads records through suite alone.

Read from the syntax tree, so that an import hidden in a function counts too.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("suite", "datasets", "diffif", "downstream", "reports")
LEVELS = {
    "suite": (),
    "datasets": ("suite",),
    "diffif": ("suite", "datasets"),
    "downstream": ("suite", "datasets", "diffif"),
    "reports": ("suite",),
}
METRICS_MAY_IMPORT = {"suite.errors", "suite.outside", "datasets.images"}
METRICS_COMMAND = tuple(f"diffif/metrics/{name}.py" for name in ("__main__", "argument_order", "files", "score_tables"))
"""`python -m diffif.metrics` scores files: these read and write them, the metrics themselves take tensors."""
LIGHT = ("suite.errors", "suite.command", "suite.settings", "suite.records", "datasets.base", "diffif", "downstream")


def module_of(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    path = REPOSITORY.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imported_by(source: str, module: str, *, package: bool) -> Iterator[tuple[int, str]]:
    """(line, module of ours) for every import in a file, relative ones made absolute."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: None if package else -1]
            parents = base[: len(base) - node.level + 1] if node.level else []
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            # `from suite import errors` imports suite.errors.
            names = [
                f"{origin}.{alias.name}" if is_module(f"{origin}.{alias.name}") else origin for alias in node.names
            ]
        for name in names:
            if name.split(".")[0] in PACKAGES:
                yield node.lineno, name


def all_imports(folder: str) -> list[tuple[str, str]]:
    """("file:line", imported module) for every import of ours below a folder."""
    found = []
    for path in sorted((REPOSITORY / folder).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        package = path.name == "__init__.py"
        for line, name in imported_by(source, module_of(path), package=package):
            found.append((f"{path.relative_to(REPOSITORY)}:{line}", name))
    assert found, f"nothing of ours is imported in {folder}: is the folder still there?"
    return found


def import_graph() -> dict[str, set[str]]:
    """Module -> the modules of ours that its file imports."""
    graph: dict[str, set[str]] = {}
    for package in PACKAGES:
        for where, name in all_imports(package):
            graph.setdefault(module_of(REPOSITORY / where.rsplit(":", 1)[0]), set()).add(name)
    return graph


def shortest_circle(graph: Mapping[str, Set[str]]) -> list[str]:
    """The modules of a shortest circle of imports, the first again at the end; empty where there is none."""
    found = (circle_through(start, graph) for start in sorted(graph))
    return min((circle for circle in found if circle), key=len, default=[])


def circle_through(start: str, graph: Mapping[str, Set[str]]) -> list[str]:
    """A shortest way along imports from a module back to itself; empty where there is none."""
    seen, ways = set[str](), [[start]]
    for way in ways:
        for name in sorted(graph.get(way[-1], set())):
            if name == start:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def test_no_file_imports_itself_by_way_of_others() -> None:
    """Imports inside functions and for type checking alone count; a package as parent of its modules does not."""
    circle = shortest_circle(import_graph())
    assert not circle, " -> ".join(circle)


def test_the_shortest_circle_is_named() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"c"}, "e": {"a"}}
    assert shortest_circle(graph) == ["c", "d", "c"]
    assert shortest_circle({"a": {"a"}}) == ["a", "a"]
    assert shortest_circle({"a": {"b", "c"}, "b": {"c"}}) == []


@pytest.mark.parametrize("package", sorted(LEVELS))
def test_packages_import_only_what_lies_below(package: str) -> None:
    allowed = {package, *LEVELS[package]}
    assert [(where, name) for where, name in all_imports(package) if name.split(".")[0] not in allowed] == []


def test_metrics_import_of_ours_only_errors_names_from_outside_and_the_one_place_that_knows_colour() -> None:
    imports = [found for found in all_imports("diffif/metrics") if found[0].split(":")[0] not in METRICS_COMMAND]
    foreign = [(where, name) for where, name in imports if not name.startswith("diffif.metrics")]
    assert [(where, name) for where, name in foreign if name not in METRICS_MAY_IMPORT] == []


def test_the_metrics_command_is_not_imported_by_the_metrics() -> None:
    imports = [found for found in all_imports("diffif/metrics") if found[0].split(":")[0] not in METRICS_COMMAND]
    command = {path.removesuffix(".py").replace("/", ".") for path in METRICS_COMMAND}
    assert [where for where, name in imports if name in command] == []


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_load_no_heavy_library(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'torch', 'cv2', 'pandas', 'ultralytics'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


ONE_ROOM = {
    "segmentation_models_pytorch": ("downstream/segment/smp/", "tests/downstream/segment/smp/"),
    "ultralytics": ("downstream/detect/yolo/", "tests/downstream/detect/yolo/"),
}
"""Library -> the only folders that may import it."""


@pytest.mark.parametrize("library", sorted(ONE_ROOM))
def test_a_library_of_networks_is_imported_in_its_own_room_alone(library: str) -> None:
    places = []
    for folder in (*PACKAGES, "tests", "benchmarks"):
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                if any(name.split(".")[0] == library for name in names):
                    places.append(path.relative_to(REPOSITORY).as_posix())
    assert places
    assert [place for place in places if not place.startswith(ONE_ROOM[library])] == []


def test_every_module_imports_without_the_extras() -> None:
    extras = ("ray", "submitit", "onnx", "onnxruntime", "diffusers", "pytest", "sklearn", "pycocotools", "playwright")
    command = [sys.executable, "tests/import_every_module.py", *extras]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout) == (0, "every module imports\n")


def test_datasets_is_ours() -> None:
    import datasets

    assert datasets.__file__ is not None
    assert Path(datasets.__file__).parent == REPOSITORY / "datasets"


def test_imports_of_every_form_are_seen() -> None:
    source = (
        "import suite.errors as e\n"
        "from suite import errors\n"
        "from . import methods\n"
        "def f():\n    from diffif.fusers.base import Fuser\n"
        "import numpy\n"
    )
    seen = [name for _, name in imported_by(source, "downstream.plan", package=False)]
    assert seen == ["suite.errors", "suite.errors", "downstream.methods", "diffif.fusers.base"]
