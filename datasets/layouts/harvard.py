"""Harvard AANLIB brain slices: CT, PET or SPECT with MRI, the usual data of medical image fusion; no labels.

The CT, PET or SPECT image takes the visible's place and MRI the infrared's, as in Diff-IF's medical recipe: PET and
SPECT are pseudo-coloured, so their chroma is kept and their Y is fused with MRI, just as with a visible image.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from datasets.base import Labels
from datasets.layouts.folders import find_dir, require_dir
from datasets.layouts.split_folders import SplitFolders
from datasets.layouts.survey import SurveyedLayout

SLICE_DIGITS = 3
ROLES = "{functional} takes the visible's place (its chroma is kept), MRI the infrared's"


class HarvardSlices(SurveyedLayout):
    """What every Harvard dataset has in common."""

    licence = "AANLIB (Harvard Medical School); terms not stated by the copies in use; research use"
    paper = "Johnson and Becker, The Whole Brain Atlas, 1999"
    suffixes = (".png",)
    functional: ClassVar[str]
    """The modality or modalities in the visible's place."""

    def group_of(self, sample_id: str) -> str:
        """The case: the name without the three digits of the slice."""
        return sample_id[:-SLICE_DIGITS]

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """How validation was made, and which modality takes which place."""
        return {**super().facts(split, task), "modalities": ROLES.format(functional=self.functional)}


class HarvardModality(HarvardSlices, SplitFolders):
    """One modality with MRI."""

    infrared_names = ("MRI",)

    def home(self) -> Path:
        """The folder `<modality>-MRI` where the root holds several, else the root."""
        return find_dir(self.root, (f"{self.functional}-MRI",)) or self.root


def _expected(modality: str, home: str) -> str:
    return f"  {home}{{train,test}}/{modality}/16003.png   (or CT-PET-SPECT)\n  {home}{{train,test}}/MRI/16003.png"


class HarvardCTMRI(HarvardModality):
    """CT with MRI."""

    name = "harvard-ct-mri"
    title = "Harvard CT-MRI: brain slices, 256x256, both grey, no labels"
    functional = "CT"
    visible_names = ("CT", "CT-PET-SPECT")
    expected = _expected("CT", "[CT-MRI/]")


class HarvardPETMRI(HarvardModality):
    """PET with MRI."""

    name = "harvard-pet-mri"
    title = "Harvard PET-MRI: brain slices, 256x256, PET in pseudo-colour, no labels"
    functional = "PET"
    visible_names = ("PET", "CT-PET-SPECT")
    expected = _expected("PET", "[PET-MRI/]")


class HarvardSPECTMRI(HarvardModality):
    """SPECT with MRI."""

    name = "harvard-spect-mri"
    title = "Harvard SPECT-MRI: brain slices, 256x256, SPECT in pseudo-colour, no labels"
    functional = "SPECT"
    visible_names = ("SPECT", "CT-PET-SPECT")
    expected = _expected("SPECT", "[SPECT-MRI/]")


class Harvard(HarvardSlices):
    """The three modality pairs as one dataset, on which one medical model is trained.

    Ids carry the modality (`CT-16003`), since the same names occur in all three; a case goes to one split as a whole,
    whichever modalities show it.
    """

    name = "harvard"
    title = "Harvard CT-MRI, PET-MRI and SPECT-MRI together, as one medical model is trained on them, no labels"
    functional = "CT, PET or SPECT"
    parts: ClassVar[tuple[type[HarvardModality], ...]] = (HarvardCTMRI, HarvardPETMRI, HarvardSPECTMRI)
    expected = "\n".join(_expected(part.functional, f"{part.functional}-MRI/") for part in parts)

    def folder_pairs(self, split: str) -> Mapping[str, tuple[Path, Path]]:
        """The folders of each modality pair; all three must be there.

        Raises:
            DatasetError: one is not.
        """
        homes = [require_dir(self, self.root, (f"{part.functional}-MRI",)) for part in self.parts]
        return {f"{part.functional}-": part(home).folders(split) for part, home in zip(self.parts, homes, strict=True)}

    def group_of(self, sample_id: str) -> str:
        """The case, whichever modality shows it."""
        return super().group_of(sample_id.partition("-")[2])
