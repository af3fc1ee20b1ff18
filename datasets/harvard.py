"""Harvard AANLIB brain slices: CT, PET or SPECT with MRI, the usual data of medical image fusion; no labels.

The CT, PET or SPECT image takes the visible's place and MRI the infrared's, as in Diff-IF's medical recipe: PET and
SPECT are pseudo-coloured, so their chroma is kept and their Y is fused with MRI, just as with a visible image.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from datasets.base import Task
from datasets.split_folders import SplitFolders
from datasets.survey import SurveyedLayout, find_dir, require_dir

SLICE_DIGITS = 3
ROLES = "{functional} takes the visible's place (its chroma is kept), MRI the infrared's"


LICENCE = "AANLIB (Harvard Medical School); terms not stated by the copies in use; research use"
PAPER = "Johnson and Becker, The Whole Brain Atlas, 1999"


def case_of(name: str) -> str:
    """The case: the name without the three digits of the slice."""
    return name[:-SLICE_DIGITS]


class HarvardModality(SplitFolders):
    """What the three modality pairs have in common."""

    licence = LICENCE
    paper = PAPER
    suffixes = (".png",)
    infrared_names = ("MRI",)

    def home(self) -> Path:
        """The folder `<modality>-MRI` where the root holds several, else the root."""
        return find_dir(self.root, (f"{self.visible_names[0]}-MRI",)) or self.root

    def group_of(self, sample_id: str) -> str:
        """See `case_of`."""
        return case_of(sample_id)

    def facts(self, split: str, task: Task) -> Mapping[str, str]:
        """How validation was made, and which modality takes which place."""
        return {**super().facts(split, task), "modalities": ROLES.format(functional=self.visible_names[0])}


def _expected(modality: str) -> str:
    return (
        f"  [{modality}-MRI/]{{train,test}}/{modality}/16003.png   (or CT-PET-SPECT)\n"
        f"  [{modality}-MRI/]{{train,test}}/MRI/16003.png"
    )


class HarvardCTMRI(HarvardModality):
    """CT with MRI."""

    name = "harvard-ct-mri"
    title = "Harvard CT-MRI: brain slices, 256x256, both grey, no labels"
    visible_names = ("CT", "CT-PET-SPECT")
    expected = _expected("CT")


class HarvardPETMRI(HarvardModality):
    """PET with MRI."""

    name = "harvard-pet-mri"
    title = "Harvard PET-MRI: brain slices, 256x256, PET in pseudo-colour, no labels"
    visible_names = ("PET", "CT-PET-SPECT")
    expected = _expected("PET")


class HarvardSPECTMRI(HarvardModality):
    """SPECT with MRI."""

    name = "harvard-spect-mri"
    title = "Harvard SPECT-MRI: brain slices, 256x256, SPECT in pseudo-colour, no labels"
    visible_names = ("SPECT", "CT-PET-SPECT")
    expected = _expected("SPECT")


class Harvard(SurveyedLayout):
    """The three modality pairs as one dataset, on which one medical model is trained.

    Ids carry the modality (`CT-16003`), since the same names occur in all three; a case goes to one split as a whole,
    whichever modalities show it.
    """

    name = "harvard"
    title = "Harvard CT-MRI, PET-MRI and SPECT-MRI together, as one medical model is trained on them, no labels"
    licence = LICENCE
    paper = PAPER
    suffixes = (".png",)
    expected = "\n".join(_expected(modality).replace("[", "").replace("]", "") for modality in ("CT", "PET", "SPECT"))

    def folder_pairs(self, split: str) -> Mapping[str, tuple[Path, Path]]:
        """The folders of each modality pair; all three must be there.

        Raises:
            DatasetError: one is not.
        """
        return {f"{part.visible_names[0]}-": part.folders(split) for part in self._parts()}

    def group_of(self, sample_id: str) -> str:
        """See `case_of`."""
        return case_of(sample_id.partition("-")[2])

    def facts(self, split: str, task: Task) -> Mapping[str, str]:
        """How validation was made, and which modality takes which place."""
        return {**super().facts(split, task), "modalities": ROLES.format(functional="CT, PET or SPECT")}

    def _parts(self) -> list[HarvardModality]:
        kinds: tuple[type[HarvardModality], ...] = (HarvardCTMRI, HarvardPETMRI, HarvardSPECTMRI)
        return [kind(require_dir(self, self.root, (f"{kind.visible_names[0]}-MRI",))) for kind in kinds]
