"""Dataset names and the classes that read them; looked up only when asked, so that listing imports nothing heavy."""

from __future__ import annotations

from importlib import import_module
from os import PathLike

from datasets.base import PairedDataset, Task
from datasets.layouts.survey import SurveyedLayout
from suite.errors import SettingsError, UnknownName

DATASETS = {
    "llvip": "datasets.layouts.llvip:LLVIP",
    "msrs": "datasets.layouts.msrs:MSRS",
    "fmb": "datasets.layouts.fmb:FMB",
    "m3fd": "datasets.layouts.m3fd:M3FD",
    "roadscene": "datasets.layouts.roadscene:RoadScene",
    "tno": "datasets.layouts.tno:TNO",
    "harvard-ct-mri": "datasets.layouts.harvard:HarvardCTMRI",
    "harvard-pet-mri": "datasets.layouts.harvard:HarvardPETMRI",
    "harvard-spect-mri": "datasets.layouts.harvard:HarvardSPECTMRI",
    "harvard": "datasets.layouts.harvard:Harvard",
    "folder": "datasets.layouts.folder:Folder",
    "synthetic": "datasets.synthetic.dataset:Synthetic",
}


def get_layout(name: str) -> type[SurveyedLayout]:
    """The class that reads the dataset `name`: one of the table, or anyone's `package.module:Class`.

    Raises:
        UnknownName: no such dataset.
        SettingsError: package.module:Class that cannot be imported, or is no SurveyedLayout.
    """
    if name not in DATASETS and ":" not in name:
        hint = "Own pairs: --dataset folder --root DIR, or package.module:Class."
        raise UnknownName("dataset", name, known=DATASETS, hint=hint)
    module, _, attribute = DATASETS.get(name, name).partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"cannot import dataset {name!r}: {error}. Expected package.module:Class.") from error
    if not (isinstance(found, type) and issubclass(found, SurveyedLayout)):
        raise SettingsError(f"{name} is not a subclass of datasets.layouts.survey.SurveyedLayout.")
    return found


def load_dataset(name: str, root: str | PathLike[str] | None, split: str, task: Task) -> PairedDataset:
    """The samples of one split, checked for layout and labels, no image opened.

    Raises:
        UnknownName: no such dataset.
        SettingsError: no root given, or the dataset lacks that split or task.
        DatasetError: the folder does not hold what it should.
    """
    layout = get_layout(name)
    if root is None:
        raise SettingsError(f"--dataset {name} needs --root DIR, the folder that holds:\n{layout.expected}")
    return layout(root).load(split, task)
