"""FMI of four kinds of feature over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.fmi import measure_fmi_dct, measure_fmi_gradient, measure_fmi_pixel, measure_fmi_wavelet


class FMIPixel(FusionMetric):
    """Feature mutual information of grey levels."""

    name = "fmi_pixel"
    label = "FMI pixel"
    higher_is_better = True
    value_range = (0.0, 1.0)
    undefined = "never"
    citation = "Haghighat and Razian, IEEE Conf. Application of Information and Communication Technologies, 2014"
    smallest_side = 3
    measure = staticmethod(measure_fmi_pixel)


class FMIGradient(FusionMetric):
    """Feature mutual information of horizontal gradients."""

    name = "fmi_gradient"
    label = "FMI gradient"
    higher_is_better = True
    value_range = (0.0, 1.0)
    undefined = "never"
    citation = "Haghighat and Razian, IEEE Conf. Application of Information and Communication Technologies, 2014"
    smallest_side = 3
    measure = staticmethod(measure_fmi_gradient)


class FMIDCT(FusionMetric):
    """Feature mutual information of cosine transforms."""

    name = "fmi_dct"
    label = "FMI DCT"
    higher_is_better = True
    value_range = (0.0, 1.0)
    undefined = "never"
    citation = "Haghighat and Razian, IEEE Conf. Application of Information and Communication Technologies, 2014"
    smallest_side = 3
    measure = staticmethod(measure_fmi_dct)


class FMIWavelet(FusionMetric):
    """Feature mutual information of Meyer wavelet coefficients."""

    name = "fmi_wavelet"
    label = "FMI wavelet"
    higher_is_better = True
    value_range = (0.0, 1.0)
    undefined = "never"
    citation = "Haghighat and Razian, IEEE Conf. Application of Information and Communication Technologies, 2014"
    smallest_side = 3
    measure = staticmethod(measure_fmi_wavelet)
