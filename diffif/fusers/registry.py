"""From what a user writes after --fuser to a Fuser.

average                      a name from the table
diffif@steps=2,seed=1        the same with settings
folder:PATH                  images that any outside method wrote, matched by name
onnx:PATH                    a network in ONNX format
package.module:Class         anyone's Python; a subclass of Fuser
"""

from __future__ import annotations

from typing import Any, get_type_hints

from diffif.fusers.base import Fuser
from suite.errors import UnknownName
from suite.outside import import_subclass
from suite.settings import convert_value, parse_assignments

FUSERS = {
    "diffif": "diffif.fusers.diffusion.diffif:DiffIFFuser",
    "visible": "diffif.fusers.controls.visible:Visible",
    "infrared": "diffif.fusers.controls.infrared:Infrared",
    "noise": "diffif.fusers.controls.noise:Noise",
    "goal-ascent": "diffif.fusers.controls.goal_ascent:GoalAscent",
    "average": "diffif.fusers.controls.average:Average",
    "max": "diffif.fusers.controls.maximum:Maximum",
    "laplacian": "diffif.fusers.classical.laplacian:Laplacian",
    "rp": "diffif.fusers.classical.ratio_pyramid:RatioPyramid",
    "dwt": "diffif.fusers.classical.dwt:DWT",
    "dtcwt": "diffif.fusers.classical.dtcwt:DTCWT",
    "msvd": "diffif.fusers.classical.msvd:MSVD",
    "adf": "diffif.fusers.classical.adf:ADF",
    "fpde": "diffif.fusers.classical.fpde:FPDE",
    "gtf": "diffif.fusers.classical.gtf:GTF",
    "gff": "diffif.fusers.classical.gff:GFF",
    "ifevip": "diffif.fusers.classical.ifevip:IFEVIP",
    "vsm-wls": "diffif.fusers.classical.vsm_wls:VSMWLS",
    "latlrr": "diffif.fusers.classical.latlrr:LatLRR",
    "csr": "diffif.fusers.classical.csr:CSR",
    "tardal": "diffif.fusers.deep.tardal:TarDAL",
    "tardal+": "diffif.fusers.deep.tardal:TarDALPlus",
    "tardal++": "diffif.fusers.deep.tardal:TarDALPlusPlus",
    "u2fusion": "diffif.fusers.deep.u2fusion:U2Fusion",
    "densefuse": "diffif.fusers.deep.densefuse:DenseFuse",
    "ddfm": "diffif.fusers.diffusion.ddfm:DDFM",
    "ifcnn": "diffif.fusers.deep.ifcnn:IFCNN",
    "didfuse": "diffif.fusers.deep.didfuse:DIDFuse",
    "seafusion": "diffif.fusers.deep.seafusion:SeAFusion",
    "medcnn": "diffif.fusers.deep.medcnn:MedCNN",
    "sdnet": "diffif.fusers.deep.sdnet:SDNet",
    "auif": "diffif.fusers.deep.auif:AUIF",
    "ydtr": "diffif.fusers.deep.ydtr:YDTR",
    "datfuse": "diffif.fusers.deep.datfuse:DATFuse",
    "lrrnet": "diffif.fusers.deep.lrrnet:LRRNet",
    "lightfusion3": "diffif.fusers.deep.lightfusionnet3:LightFusionNet3",
    "itfuse": "diffif.fusers.deep.itfuse:ITFuse",
    "mmdrfuse": "diffif.fusers.deep.mmdrfuse:MMDRFuse",
    "sfdfusion": "diffif.fusers.deep.sfdfusion:SFDFusion",
    "refusion": "diffif.fusers.deep.refusion:ReFusion",
    "sage": "diffif.fusers.deep.sage:SAGE",
    "gifnet": "diffif.fusers.deep.gifnet:GIFNet",
    "lutfuse": "diffif.fusers.deep.lutfuse:LUTFuse",
    "matr": "diffif.fusers.deep.matr:MATR",
    "gesenet": "diffif.fusers.deep.gesenet:GeSeNet",
    "sdnet-mif": "diffif.fusers.deep.sdnet:SDNetMedical",
    "refusion-mif": "diffif.fusers.deep.refusion:ReFusionMedical",
}

PREFIXES = {
    "folder": "diffif.fusers.outside.imported:ImportedFolder",
    "onnx": "diffif.fusers.outside.onnx:OnnxNetwork",
}

OWN_HINT = "Outside methods: folder:PATH, onnx:PATH, package.module:Class."


def get_fuser(name: str) -> type[Fuser]:
    """The class behind a table name or behind package.module:Class.

    Raises:
        UnknownName: not in the table; suggests the nearest.
        SettingsError: package.module:Class that cannot be imported, or is no Fuser.
    """
    if name not in FUSERS and ":" not in name:
        raise UnknownName("fuser", name, known=FUSERS, hint=OWN_HINT)
    return import_subclass(FUSERS.get(name, name), Fuser, "the fuser")


def build_fuser(spec: str, *, device: str = "cpu", weights: str | None = None) -> Fuser:
    """A ready fuser.

    Args:
        spec: What the user wrote after --fuser; see the module's docstring.
        device: "cpu", "cuda", "cuda:1", ...
        weights: A file for fusers with published weights or a checkpoint; None: look where the fuser says.

    Raises:
        UnknownName, SettingsError: the spec is not usable.
        WeightsError, CheckpointError: what it needs is missing.
    """
    head, _, tail = spec.partition("@")
    options: dict[str, Any] = dict(parse_assignments(tail.split(","))) if tail else {}
    prefix, colon, rest = head.partition(":")
    if colon and prefix in PREFIXES:
        cls = import_subclass(PREFIXES[prefix], Fuser, "the fuser")
        options["path"] = rest
    else:
        cls = get_fuser(head)
    if weights is not None:
        options["weights"] = weights
    return _construct(cls, spec, options, device)


def _construct(cls: type[Fuser], spec: str, options: dict[str, Any], device: str) -> Fuser:
    hints = get_type_hints(cls.__init__)
    accepted = [name for name in hints if name not in ("device", "settings", "return")]
    for option in options:
        if option not in accepted:
            raise UnknownName(f"setting of fuser {spec.partition('@')[0]}", option, known=accepted or ["(it has none)"])
    return cls(device=device, **{name: convert_value(hints[name], value, name) for name, value in options.items()})
