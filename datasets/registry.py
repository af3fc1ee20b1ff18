"""Dataset names and the classes that read them; looked up only when asked, so that listing imports nothing heavy."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

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
    """The class that reads the dataset `name`.

    Raises:
        UnknownName: no such dataset.
    """
    if name not in DATASETS:
        raise UnknownName("dataset", name, known=DATASETS, hint="Own pairs: --dataset folder --root DIR.")
    module, _, attribute = DATASETS[name].partition(":")
    found: type[SurveyedLayout] = getattr(import_module(module), attribute)
    return found


def load_dataset(name: str, root: Path | None, split: str, task: Task) -> PairedDataset:
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
