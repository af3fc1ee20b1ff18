"""Dataset names and the classes that read them; looked up only when asked, so that listing imports nothing heavy."""

from __future__ import annotations

from os import PathLike

from datasets.base import Labels, PairedDataset
from datasets.layouts.survey import SurveyedLayout
from datasets.reading import PLAIN, PairOptions, parse_dataset
from suite.errors import SettingsError, UnknownName
from suite.outside import import_subclass

DATASETS = {
    "llvip": "datasets.layouts.llvip:LLVIP",
    "msrs": "datasets.layouts.msrs:MSRS",
    "fmb": "datasets.layouts.fmb:FMB",
    "m3fd": "datasets.layouts.m3fd:M3FD",
    "mfnet": "datasets.layouts.mfnet:MFNet",
    "flir-aligned": "datasets.layouts.flir_aligned:FLIRAligned",
    "kaist": "datasets.layouts.kaist:KAIST",
    "dronevehicle": "datasets.layouts.dronevehicle:DroneVehicle",
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

    What is said about its pairs after @ makes no difference here.

    Raises:
        UnknownName: no such dataset.
        SettingsError: package.module:Class that cannot be imported, or is no SurveyedLayout.
    """
    name = name.partition("@")[0]
    if name not in DATASETS and ":" not in name:
        hint = "Own pairs: --dataset folder --root DIR, or package.module:Class."
        raise UnknownName("dataset", name, known=DATASETS, hint=hint)
    return import_subclass(DATASETS.get(name, name), SurveyedLayout, "the dataset")


def open_layout(spec: str, root: str | PathLike[str], options: PairOptions = PLAIN) -> SurveyedLayout:
    """The dataset at `root`, ready to be surveyed.

    Args:
        spec: Its name, perhaps with what is to be known about its pairs: `folder@resize=infrared`.
        root: Its folder.
        options: The same, already taken apart; not beside a spec that says something itself.

    Raises:
        UnknownName: no such dataset, or no such option.
        SettingsError: an unusable option, or options in two places.
    """
    name, said = parse_dataset(spec)
    if said != PLAIN and options != PLAIN:
        raise SettingsError(f"give{options.spell()} either as options or after {name}@, not both")
    return get_layout(name)(root, options if said == PLAIN else said)


def load_dataset(name: str, root: str | PathLike[str] | None, split: str, task: Labels) -> PairedDataset:
    """The samples of one split, checked for layout and labels, no image opened.

    Args:
        name: As for `open_layout`.
        root: Folder of the dataset.
        split: train, val or test.
        task: Whose labels to read.

    Raises:
        UnknownName: no such dataset.
        SettingsError: no root given, or the dataset lacks that split or task.
        DatasetError: the folder does not hold what it should.
    """
    if root is None:
        raise SettingsError(f"--dataset {name} needs --root DIR, the folder that holds:\n{get_layout(name).expected}")
    return open_layout(name, root).load(split, task)
