"""Harvard AANLIB brain slices: CT, PET or SPECT with MRI, the usual data of medical image fusion; no labels.

The CT, PET or SPECT image takes the visible's place and MRI the infrared's, as in Diff-IF's medical recipe: PET and
SPECT are pseudo-coloured, so their chroma is kept and their Y is fused with MRI, just as with a visible image.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from datasets.base import Task
from datasets.split_folders import SplitFolders
from datasets.survey import find_dir

SLICE_DIGITS = 3
ROLES = "{functional} takes the visible's place (its chroma is kept), MRI the infrared's"


class Harvard(SplitFolders):
    """What the three modality pairs have in common."""

    licence = "AANLIB (Harvard Medical School); terms not stated by the copies in use; research use"
    paper = "Johnson and Becker, The Whole Brain Atlas, 1999"
    suffixes = (".png",)
    infrared_names = ("MRI",)

    def home(self) -> Path:
        """The folder `<modality>-MRI` where the root holds several, else the root."""
        return find_dir(self.root, (f"{self.visible_names[0]}-MRI",)) or self.root

    def group_of(self, sample_id: str) -> str:
        """The case: the name without the three digits of the slice."""
        return sample_id[:-SLICE_DIGITS]

    def facts(self, split: str, task: Task) -> Mapping[str, str]:
        """How validation was made, and which modality takes which place."""
        return {**super().facts(split, task), "modalities": ROLES.format(functional=self.visible_names[0])}


def _expected(modality: str) -> str:
    return (
        f"  [{modality}-MRI/]{{train,test}}/{modality}/16003.png   (or CT-PET-SPECT)\n"
        f"  [{modality}-MRI/]{{train,test}}/MRI/16003.png"
    )


class HarvardCTMRI(Harvard):
    """CT with MRI."""

    name = "harvard-ct-mri"
    title = "Harvard CT-MRI: brain slices, 256x256, both grey, no labels"
    visible_names = ("CT", "CT-PET-SPECT")
    expected = _expected("CT")


class HarvardPETMRI(Harvard):
    """PET with MRI."""

    name = "harvard-pet-mri"
    title = "Harvard PET-MRI: brain slices, 256x256, PET in pseudo-colour, no labels"
    visible_names = ("PET", "CT-PET-SPECT")
    expected = _expected("PET")


class HarvardSPECTMRI(Harvard):
    """SPECT with MRI."""

    name = "harvard-spect-mri"
    title = "Harvard SPECT-MRI: brain slices, 256x256, SPECT in pseudo-colour, no labels"
    visible_names = ("SPECT", "CT-PET-SPECT")
    expected = _expected("SPECT")
