"""TNO: military scenes from several cameras, the oldest set that the field still reports; no labels, all test.

There is no official selection: papers use 20 to 42 pairs. The table of a paper is comparable only on the same pairs.
"""

from __future__ import annotations

from datasets.layouts.folder import Folder


class TNO(Folder):
    """The usual extract of the TNO Image Fusion Dataset, as `vi` and `ir`."""

    name = "tno"
    tasks = ("quality",)
    title = "TNO: military scenes, 20 to 42 pairs in use, of many sizes, visible mostly grey, no labels"
    licence = "see the TNO Image Fusion Dataset on figshare; cite the paper"
    paper = "Toet, The TNO Multiband Image Data Collection, Data in Brief 15, 2017"
    suffixes = (".png", ".bmp")
    expected = (
        "  vi/01.png   (or visible, vis)\n"
        "  ir/01.png   (or infrared)\n"
        "All pairs are test; own splits: splits/{train,val,test}.txt, one id a line."
    )
