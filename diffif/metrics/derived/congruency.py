"""Phase congruency of a plane: where the Fourier components are in step, whatever the contrast.

Kovesi's measure with log-Gabor filters, the noise threshold estimated from the finest scale.
Source: Kovesi, Videre 1(3), 1999, and Digital Image Computing: Techniques and Applications, 2003.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from diffif.metrics.derived.planes import Plane

NUM_SCALES = 4
BANDWIDTH, ANGULAR_RATIO = 0.55, 1.2
NOISE_DEVIATIONS, NOISE_RESCALING = 2.0, 1.7
SPREAD_CUTOFF, SPREAD_SHARPNESS = 0.5, 10.0
LOW_PASS_CUTOFF, LOW_PASS_ORDER = 0.45, 15
EPSILON = 1e-4


@dataclass(frozen=True)
class FilterBank:
    """The choices in which published uses of phase congruency differ."""

    num_orientations: int = 6
    shortest_wave: float = 3.0
    """Pixels per period at the finest scale."""
    wave_factor: float = 2.1
    """From one scale to the next."""
    stretched_low_pass: bool = False
    """Whether the low-pass filter too takes an odd axis to reach one half."""


KOVESI = FilterBank()


def phase_congruency(plane: Plane) -> tuple[Tensor, Tensor, Tensor]:
    """Congruency over all orientations, its greatest and its least moment, each (B, H, W), float64."""
    x = plane.levels.to(torch.float64)
    height, width = x.shape[-2:]
    spectrum = torch.fft.fft2(x)
    energy, amplitude = torch.zeros_like(x), torch.zeros_like(x)
    square_x, square_y, product = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    for orientation in range(KOVESI.num_orientations):
        filters = _filters(height, width, orientation, KOVESI, x.device)
        weighted, total = _weighted_energy(spectrum, filters)
        energy, amplitude = energy + weighted, amplitude + total
        congruency = weighted / (total + torch.finfo(x.dtype).tiny)
        angle = orientation * math.pi / KOVESI.num_orientations
        along, across = congruency * math.cos(angle), congruency * math.sin(angle)
        square_x, square_y, product = square_x + along**2, square_y + across**2, product + along * across
    square_x, square_y = square_x / (KOVESI.num_orientations / 2), square_y / (KOVESI.num_orientations / 2)
    spread = torch.hypot(product / KOVESI.num_orientations, square_x - square_y) + EPSILON
    moments = square_x + square_y
    return energy / (amplitude + EPSILON), (moments + spread) / 2, (moments - spread) / 2


def unweighted_congruency(x: Tensor, bank: FilterBank) -> Tensor:
    """Congruency of (B, H, W), float64, without the weight for wide spectra; nan where nothing responds."""
    spectrum = torch.fft.fft2(x)
    energy, amplitude = torch.zeros_like(x), torch.zeros_like(x)
    for orientation in range(bank.num_orientations):
        excess, amplitudes = _energy(spectrum, _filters(*x.shape[-2:], orientation, bank, x.device))
        energy, amplitude = energy + excess, amplitude + amplitudes.sum(dim=1)
    return energy / amplitude


def _weighted_energy(spectrum: Tensor, filters: Tensor) -> tuple[Tensor, Tensor]:
    """Energy above the noise, weighted by how wide the spectrum is, and the summed amplitude, each (B, H, W)."""
    energy, amplitudes = _energy(spectrum, filters)
    total = amplitudes.sum(dim=1)
    width = total / (amplitudes.amax(dim=1) + EPSILON) / NUM_SCALES
    return torch.sigmoid(SPREAD_SHARPNESS * (width - SPREAD_CUTOFF)) * energy, total


def _energy(spectrum: Tensor, filters: Tensor) -> tuple[Tensor, Tensor]:
    """Energy above the noise, (B, H, W), and the amplitude at each scale, (B, scales, H, W)."""
    responses = torch.fft.ifft2(spectrum.unsqueeze(1) * filters)
    amplitudes = responses.abs()
    summed = responses.sum(dim=1)
    direction = (summed / (summed.abs() + EPSILON)).unsqueeze(1)
    aligned = responses.real * direction.real + responses.imag * direction.imag
    crossed = responses.real * direction.imag - responses.imag * direction.real
    energy = (aligned - crossed.abs()).sum(dim=1) - _noise_threshold(amplitudes[:, 0], filters)
    return energy.clamp(min=0), amplitudes


def _noise_threshold(finest: Tensor, filters: Tensor) -> Tensor:
    """(B, 1, 1): energy that noise alone would reach, from the median response at the finest scale."""
    noise_power = _median(finest.square().flatten(1)) / math.log(2) / filters[0].square().sum()
    # Kovesi sums products of the filters' real parts over the image. By Parseval that is a sum over the spectrum,
    # where taking the real part means averaging each frequency with its opposite.
    opposite = filters.flip((-2, -1)).roll((1, 1), (-2, -1))
    even = ((filters + opposite) / 2).flatten(1)
    sums = even @ even.mT
    squares = sums.diagonal().sum()
    pairs = (sums.sum() - squares) / 2
    tau = (noise_power * (squares + 2 * pairs)).sqrt()
    threshold = tau * (math.sqrt(math.pi / 2) + NOISE_DEVIATIONS * math.sqrt(2 - math.pi / 2))
    return (threshold / NOISE_RESCALING)[:, None, None]


def _median(x: Tensor) -> Tensor:
    """Of each row; the mean of the two middle values where their number is even (torch takes the lower)."""
    ordered, size = x.sort(dim=1).values, x.shape[1]
    return (ordered[:, (size - 1) // 2] + ordered[:, size // 2]) / 2


@lru_cache(maxsize=32)
def _filters(height: int, width: int, orientation: int, bank: FilterBank, device: torch.device) -> Tensor:
    """(scales, H, W), float64, zero frequency at the corner."""
    down, across = _axis(height, device).unsqueeze(1), _axis(width, device).unsqueeze(0)
    radius = torch.hypot(down, across)
    radius[0, 0] = 1.0
    angle = torch.atan2(-down, across) - orientation * math.pi / bank.num_orientations
    distance = torch.atan2(angle.sin(), angle.cos()).abs()
    deviation = math.pi / bank.num_orientations / ANGULAR_RATIO
    angular = torch.exp(-(distance**2) / (2 * deviation**2)) * _low_pass(height, width, bank, device)
    waves = [bank.shortest_wave * bank.wave_factor**scale for scale in range(NUM_SCALES)]
    radial = [torch.exp(-((radius * wave).log() ** 2) / (2 * math.log(BANDWIDTH) ** 2)) for wave in waves]
    filters = torch.stack(radial) * angular
    filters[:, 0, 0] = 0.0
    return filters


def _axis(size: int, device: torch.device) -> Tensor:
    """Frequencies from 0 on; an odd axis is stretched to reach one half, as in Kovesi's code."""
    steps = size - 1 if size % 2 else size
    frequencies: Tensor = torch.fft.fftfreq(size, dtype=torch.float64, device=device)
    return frequencies * (size / steps)


def _low_pass(height: int, width: int, bank: FilterBank, device: torch.device) -> Tensor:
    if bank.stretched_low_pass:
        down, across = _axis(height, device), _axis(width, device)
    else:
        down, across = (torch.fft.fftfreq(side, dtype=torch.float64, device=device) for side in (height, width))
    radius = torch.hypot(down.unsqueeze(1), across.unsqueeze(0))
    return 1 / (1 + (radius / LOW_PASS_CUTOFF) ** (2 * LOW_PASS_ORDER))
