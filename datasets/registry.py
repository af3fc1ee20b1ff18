"""Dataset names and the classes that read them; looked up only when asked, so that listing imports nothing heavy."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from datasets.base import PairedDataset, Task
from datasets.errors import SettingsError, UnknownName
from datasets.survey import SurveyedLayout

DATASETS = {
    "llvip": "datasets.llvip:LLVIP",
    "msrs": "datasets.msrs:MSRS",
    "fmb": "datasets.fmb:FMB",
    "m3fd": "datasets.m3fd:M3FD",
    "roadscene": "datasets.roadscene:RoadScene",
    "tno": "datasets.tno:TNO",
    "harvard-ct-mri": "datasets.harvard:HarvardCTMRI",
    "harvard-pet-mri": "datasets.harvard:HarvardPETMRI",
    "harvard-spect-mri": "datasets.harvard:HarvardSPECTMRI",
    "harvard": "datasets.harvard:Harvard",
    "folder": "datasets.folder:Folder",
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
