"""Every command that reads files meets every bad file: one clear block, status 1, no traceback, no hang, no harm."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from datasets.__main__ import main as datasets_main
from datasets.layouts.llvip import LLVIP
from datasets.registry import load_dataset
from diffif.__main__ import main as diffif_main
from suite.errors import ImageError
from tests.datasets.hostile import BAD_IMAGES, BAD_XML, BAD_YOLO, GOOD_XML
from tests.datasets.miniatures import make_image, voc, write_image, write_label

PATIENCE_SECONDS = 60
"""Far beyond what any of these takes; a hang on a pipe or a bomb would never end."""


def run_bounded(command: str, words: list[str], seconds: int = PATIENCE_SECONDS) -> tuple[int, str]:
    """Exit status and output of a command in a process of its own, which is ended where it hangs."""
    context = multiprocessing.get_context("fork")
    answer = context.SimpleQueue()
    process = context.Process(target=_run, args=(command, words, answer))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        pytest.fail(f"{command} {' '.join(words)} did not end")
    assert process.exitcode == 0
    status, output = answer.get()
    return status, output


def _run(command: str, words: list[str], answer: multiprocessing.SimpleQueue) -> None:  # type: ignore[type-arg]
    import contextlib
    import io

    # No test may fill the machine's memory, whatever a file asks for.
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30, 12 * 2**30))
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            status = {"datasets": datasets_main, "diffif": diffif_main}[command](words)
        except BaseException as error:
            status, _ = 99, output.write(f"Traceback {type(error).__name__}: {error}")
    answer.put((status, output.getvalue()[-20000:]))


def assert_one_clear_block(status: int, output: str, name: str) -> None:
    assert "Traceback" not in output, output
    assert status == 1, output
    assert name in output, output


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    for name in ("bad", "good"):
        write_image(tmp_path / "vi" / f"{name}.png", make_image(name, 3, (48, 64)))
        write_image(tmp_path / "ir" / f"{name}.png", make_image(name, 1, (48, 64)))
    return tmp_path


@pytest.mark.parametrize("kind", BAD_IMAGES)
@pytest.mark.parametrize("command", ["check", "fuse"])
def test_a_bad_image_is_named_by_every_command_that_reads_it(pairs: Path, kind: str, command: str) -> None:
    path, out = pairs / "ir" / "bad.png", pairs / "out"
    path.unlink()
    BAD_IMAGES[kind](path)
    if command == "check":
        words = ["check", "folder", "--root", str(pairs)]
        assert_one_clear_block(*run_bounded("datasets", words), "bad")
        return
    words = ["fuse", str(pairs / "vi"), str(pairs / "ir"), "--out", str(out), "--fuser", "average"]
    assert_one_clear_block(*run_bounded("diffif", words), "bad")
    assert (out / "good.png").is_file()


@pytest.mark.parametrize("kind", ["a folder called like an image", "a named pipe", "a device", "a PNG of 8 GiB"])
def test_fingerprints_read_no_pipes_and_no_giants(pairs: Path, kind: str) -> None:
    dataset = load_dataset("folder", pairs, "test", "quality")
    path = pairs / "ir" / "bad.png"
    path.unlink()
    BAD_IMAGES[kind](path)
    with pytest.raises(ImageError, match="bad"):
        _ = dataset.fingerprint


def llvip(root: Path, suffix: str) -> Path:
    for name in ("190001", "190002"):
        write_image(root / "visible/test" / f"{name}.jpg", make_image(name, 3))
        write_image(root / "infrared/test" / f"{name}.jpg", make_image(name, 1))
        if suffix == ".xml":
            write_label(root / "Annotations" / f"{name}.xml", voc(("person", 2, 3, 12, 20)))
        else:
            write_label(root / "labels/test" / f"{name}.txt", "0 0.5 0.5 0.2 0.5\n")
    path = root / ("Annotations/190001.xml" if suffix == ".xml" else "labels/test/190001.txt")
    path.unlink()
    return path


@pytest.mark.parametrize(
    ("suffix", "kind"), [(".xml", kind) for kind in BAD_XML] + [(".txt", kind) for kind in BAD_YOLO]
)
def test_a_bad_label_is_named(tmp_path: Path, suffix: str, kind: str) -> None:
    (BAD_XML if suffix == ".xml" else BAD_YOLO)[kind](llvip(tmp_path / "data", suffix))
    words = ["check", "llvip", "--root", str(tmp_path / "data"), "--subset"]
    assert_one_clear_block(*run_bounded("datasets", words), "190001")


@pytest.mark.parametrize("kind", GOOD_XML)
def test_labels_in_the_encodings_of_annotation_tools_are_read(tmp_path: Path, kind: str) -> None:
    GOOD_XML[kind](llvip(tmp_path, ".xml"))
    dataset = LLVIP(tmp_path).load("test", "detect")
    assert dataset[0].target == dataset[1].target


def test_more_pixels_may_be_allowed(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFIF_MAX_PIXELS", "1000")
    status, output = run_bounded("datasets", ["check", "folder", "--root", str(pairs)])
    assert_one_clear_block(status, output, "DIFFIF_MAX_PIXELS=3072")
    monkeypatch.setenv("DIFFIF_MAX_PIXELS", "3072")
    assert run_bounded("datasets", ["check", "folder", "--root", str(pairs)])[0] == 0
    monkeypatch.setenv("DIFFIF_MAX_PIXELS", "many")
    assert_one_clear_block(*run_bounded("datasets", ["check", "folder", "--root", str(pairs)]), "number of pixels")


@pytest.mark.slow
def test_a_terminal_that_knows_no_unicode_shows_every_message(pairs: Path) -> None:
    write_image(pairs / "vi" / "größe红.png", make_image("x", 3, (48, 64)))
    done = subprocess.run(
        [sys.executable, "-m", "datasets", "check", "folder", "--root", str(pairs)],
        capture_output=True,
        env={"PATH": "", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 1
