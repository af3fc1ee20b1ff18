"""A submission, broken in every way that comes to mind: each is refused with file, found, expected and remedy."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.submissions.reading import read_submission
from reports.submissions.verification import verify
from suite.errors import ResultError
from tests.reports.submissions.conftest import change_json, change_manifest, record_of


def change_value(folder: Path) -> None:
    change_json(record_of(folder, "quality"), lambda c: c["rows"][0].update(value=c["rows"][0]["value"] + 0.001))


def change_detection(folder: Path) -> None:
    change_json(record_of(folder, "detect"), lambda c: c["rows"][0].update(value=c["rows"][0]["value"] + 0.01))


def raise_detection_with_its_interval(folder: Path) -> None:
    from suite.statistics.intervals import score_interval

    path = record_of(folder, "detect")
    boot = json.loads((path.parent / "artefacts" / "bootstrap.json").read_text())
    import numpy as np

    low, high = score_interval(0.95, np.array(boot["replicates"]["map50"]), boot["num_images"])
    change_json(path, lambda c: c["rows"][0].update(value=0.95, ci_low=low, ci_high=high))


def change_interval(folder: Path) -> None:
    change_json(record_of(folder, "quality"), lambda c: c["rows"][0].update(ci_low=c["rows"][0]["ci_low"] + 0.005))


def change_count(folder: Path) -> None:
    change_json(record_of(folder, "quality"), lambda c: c["rows"][0].update(n=1000))


def change_setting(folder: Path) -> None:
    change_json(record_of(folder, "detect"), lambda c: c["settings"]["settings"].update(epochs=100))


def drop_single_images(folder: Path) -> None:
    (record_of(folder, "quality").parent / "per_image.csv").unlink()


def other_schema(folder: Path) -> None:
    change_json(record_of(folder, "cost"), lambda c: c.update(schema=1))


def corrupted_sources(folder: Path) -> None:
    change_json(record_of(folder, "quality"), lambda c: c["rows"][0].update(condition="infrared.shift:4px"))


def other_fuser(folder: Path) -> None:
    change_json(record_of(folder, "cost"), lambda c: c["rows"][0].update(fuser="diffif"))


def other_version_of_the_method(folder: Path) -> None:
    from suite.settings import fingerprint

    path = record_of(folder, "cost")

    def change(content: dict) -> None:
        content["settings"]["method"]["fingerprint"] = "abcdefabcdef"
        content["cell_id"] = f"cost-{fingerprint(content['settings'])}"

    change_json(path, change)
    path.parent.rename(path.parent.with_name(json.loads(path.read_text())["cell_id"]))


def repeat_key(folder: Path) -> None:
    path = record_of(folder, "cost")
    path.write_text(path.read_text().replace('"schema"', '"task": "cost", "schema"', 1))


def html_in_a_note(folder: Path) -> None:
    change_json(record_of(folder, "cost"), lambda c: c["notes"].append("<script>alert(1)</script>"))


def formula_in_a_metric(folder: Path) -> None:
    change_json(record_of(folder, "cost"), lambda c: c["rows"][0].update(metric='=HYPERLINK("http://x")'))


def infinite_value(folder: Path) -> None:
    change_json(record_of(folder, "cost"), lambda c: c["rows"][1].update(value=float("inf")))


def image_out_of_the_folder(folder: Path) -> None:
    path = folder / "digests.csv"
    path.write_text(path.read_text().replace(",200003,", ",../../200003,"))


def forget_a_digest(folder: Path) -> None:
    path = folder / "digests.csv"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if ",200003," not in line))


def link_to_elsewhere(folder: Path) -> None:
    path = folder / "records" / "per_image.csv"
    path.symlink_to("/etc/passwd")


def linked_folder(folder: Path) -> None:
    (folder / "records" / "cost-000000000000").symlink_to("/etc", target_is_directory=True)


def pipe(folder: Path) -> None:
    (folder / "digests.csv").unlink()
    os.mkfifo(folder / "digests.csv")


def program(folder: Path) -> None:
    (folder / "setup.py").write_text("raise SystemExit('run')")


def pickled_table(folder: Path) -> None:
    (record_of(folder, "quality").parent / "per_image.parquet").write_bytes(b"PAR1PAR1")


def oversize(folder: Path) -> None:
    with (folder / "submission.yaml").open("a") as opened:
        opened.write("# " + "x" * 70_000)


def yaml_tag(folder: Path) -> None:
    path = folder / "submission.yaml"
    path.write_text(
        path.read_text().replace("remarks: ''", "remarks: !!python/object/apply:os.system ['touch /tmp/x']")
    )


def yaml_alias(folder: Path) -> None:
    path = folder / "submission.yaml"
    path.write_text(path.read_text().replace("paper: none", "paper: &a none").replace("weights: none", "weights: *a"))


def yaml_key_twice(folder: Path) -> None:
    with (folder / "submission.yaml").open("a") as opened:
        opened.write("method: better\n")


def unknown_field(folder: Path) -> None:
    change_manifest(folder, rank=1)


def html_in_the_paper(folder: Path) -> None:
    change_manifest(folder, paper='A <img src=x onerror="alert(1)"> method')


def formula_in_the_licence(folder: Path) -> None:
    change_manifest(folder, licence='=cmd|"/c calc"!A1')


def script_as_address(folder: Path) -> None:
    change_manifest(folder, code="javascript:alert(1)")


def path_in_the_name(folder: Path) -> None:
    change_manifest(folder, method="../../index")


def name_of_a_source(folder: Path) -> None:
    change_manifest(folder, method="visible")


def path_of_a_machine(folder: Path) -> None:
    change_manifest(folder, commands=["python -m downstream.quality --root /home/someone/data"])


def nothing_about_weights(folder: Path) -> None:
    change_manifest(folder, weights="")


def impossible_year(folder: Path) -> None:
    change_manifest(folder, year=20225)


def no_records(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder / "records")


BROKEN: dict[Callable[[Path], None], str] = {
    change_value: r"quality-\w+/result.json: vif, mean of 12 images: expected 0\.\d+, found 0\.\d+\. A number was ch",
    change_detection: r"detect-\w+/result.json: map50, 95 % interval from its replicates: expected \[.*found \[",
    raise_detection_with_its_interval: r"map50, value: expected near 0\.\d+, the mean of its replicates, found 0\.95",
    change_interval: r"vif, 95 % interval: expected \[0\.",
    change_count: r"vif, n: expected 12, found 1000",
    change_setting: r"cell_id: expected detect-\w+, which follows from its settings, found detect-\w+\. A sett",
    drop_single_images: r"vif, values of single images: expected one per image, found none",
    other_schema: r"cost-\w+/result.json: schema: expected 2, found 1\. Compute the cell again with this version",
    other_fuser: r"parameters, fuser: expected average, found diffif\. All rows of a submission are of its fuser",
    corrupted_sources: r"quality-\w+/result.json: vif, condition: expected , found infrared.shift:4px",
    other_version_of_the_method: r"fingerprint of the fuser: expected .*found .*two versions of the method",
    repeat_key: r"result.json: content: expected JSON, found the key 'task' stands twice",
    html_in_a_note: r"notes\[1\]: expected plain text, found markup '<s'",
    formula_in_a_metric: r"rows\[0\]\.metric: expected plain text, found a formula for a spreadsheet",
    infinite_value: r"ms/480x640: expected numbers, found .*inf",
    image_out_of_the_folder: r"digests.csv: line 5, id: expected a path inside the folder, found '../../200003'",
    forget_a_digest: r"images of synthetic-test: expected a digest of each of 12, found none of 200003",
    link_to_elsewhere: r"records/per_image.csv: file: expected a regular file inside the folder, found a symbolic link",
    linked_folder: r"records/cost-000000000000: file: expected a regular file .*found a symbolic link",
    pipe: r"digests.csv: file: expected a regular file .*found a pipe",
    program: r"setup.py: file: expected one of submission.yaml.*found another name\. Remove it",
    pickled_table: r"per_image.parquet: file: expected one of .*found another name",
    oversize: r"submission.yaml: size: expected at most 64 KiB, found \d+ KiB",
    yaml_tag: r"submission.yaml: tag: expected plain YAML, found tag:yaml.org,2002:python/object/apply:os.system",
    yaml_alias: r"submission.yaml: anchor or alias: expected plain YAML",
    yaml_key_twice: r"submission.yaml: key: expected plain YAML, found 'method' twice",
    unknown_field: r"submission.yaml: fields: expected format, method.*found unknown setting 'rank'",
    html_in_the_paper: r"submission.yaml: paper: expected plain text, found markup '<i'",
    formula_in_the_licence: r"submission.yaml: licence: expected plain text, found a formula",
    script_as_address: r"submission.yaml: code: expected plain text, found markup 'javascript:'",
    path_in_the_name: r"submission.yaml: method: expected 1 to 60 letters.*Choose a plainer name",
    name_of_a_source: r"submission.yaml: method: expected a name of its own, found visible",
    path_of_a_machine: r"commands\[0\]: expected no path of a machine, found /home/someone/data",
    nothing_about_weights: r"submission.yaml: weights: expected text, found nothing\. An https address with a SHA-256",
    impossible_year: r"submission.yaml: year: expected 1970 to 2100, or null, found 20225",
    no_records: r"records: records: expected 1 to 2000, found 0",
}


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda function: function.__name__)
def test_a_broken_submission_is_refused_with_its_reason(submission: Path, break_it: Callable[[Path], None]) -> None:
    break_it(submission)
    with pytest.raises(ResultError) as refused:
        read_submission(submission)
    assert re.search(BROKEN[break_it], str(refused.value), flags=re.DOTALL), str(refused.value)


def test_a_missing_image_is_refused(submission: Path) -> None:
    (submission / "images" / "synthetic-test" / "200005.png").unlink()
    with pytest.raises(ResultError, match=r"synthetic-test/200005: fused image: expected a file, found none"):
        verify(submission)


def test_a_changed_pixel_is_refused(submission: Path) -> None:
    from PIL import Image

    path = submission / "images" / "synthetic-test" / "200005.png"
    with Image.open(path) as image:
        changed = image.copy()
    changed.putpixel((3, 2), (0, 0, 0))
    changed.save(path)
    with pytest.raises(ResultError, match=r"200005: SHA-256 of its pixels: expected \w{64}, found \w{64}\. Fuse again"):
        verify(submission)


def test_what_is_no_image_is_refused(submission: Path) -> None:
    (submission / "images" / "synthetic-test" / "200000.png").write_bytes(b"GIF89a<script>")
    with pytest.raises(ResultError, match=r"200000.png is no fused image"):
        verify(submission)


def test_what_is_no_image_is_refused_where_a_library_has_replaced_the_opener(
    submission: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    def open_or_ask_for_a_package(*args: object, **kwargs: object) -> None:
        raise ModuleNotFoundError("No module named 'pi_heif'")

    monkeypatch.setattr(Image, "open", open_or_ask_for_a_package)
    with pytest.raises(ResultError, match="is no fused image: cannot identify"):
        verify(submission)


def test_a_good_submission_is_accepted(submission: Path) -> None:
    read = read_submission(submission)
    assert (len(read.records), read.num_derived, read.num_stated) == (4, 5, 3)
    assert {row.fuser for record in read.records for row in record.rows} == {"average"}


def test_messages_show_nothing_raw(submission: Path) -> None:
    change_manifest(submission, method="\x1b[2J" + "A" * 500)
    with pytest.raises(ResultError) as refused:
        read_submission(submission)
    assert "\x1b" not in str(refused.value)
    assert "A" * 200 not in str(refused.value)
