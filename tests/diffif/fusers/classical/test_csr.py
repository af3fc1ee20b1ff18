from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from diffif.fusers.classical.csr import lowpass, sparse_code
from tests.contracts.fuser_contract import make_pair


@pytest.fixture
def dictionary() -> torch.Tensor:
    filters = torch.randn(6, 5, 5, generator=torch.Generator().manual_seed(1))
    return filters / filters.flatten(1).norm(dim=1).view(-1, 1, 1)


def reconstruct(code: torch.Tensor, dictionary: torch.Tensor) -> torch.Tensor:
    size = (int(code.shape[-2]), int(code.shape[-1]))
    spectrum = torch.fft.rfft2(dictionary, s=size)[None] * torch.fft.rfft2(code)
    return torch.fft.irfft2(spectrum.sum(dim=1, keepdim=True), s=size)


def test_code_is_sparse_and_gives_the_image_back(dictionary: torch.Tensor) -> None:
    _, image = make_pair(32, 40)
    detail = image - image.mean()
    code = sparse_code(detail, dictionary, sparsity=0.01, iterations=100)
    assert (code != 0).float().mean() < 0.5
    assert (reconstruct(code, dictionary) - detail).norm() / detail.norm() < 0.15


def test_solution_is_that_of_sporco(dictionary: torch.Tensor) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cbpdn = pytest.importorskip("sporco.admm.cbpdn")
    _, image = make_pair(24, 28)
    detail = (image - image.mean()).double()
    options = cbpdn.ConvBPDN.Options({"MaxMainIter": 600, "RelStopTol": 1e-9, "AuxVarObj": False})
    solver = cbpdn.ConvBPDN(dictionary.double().permute(1, 2, 0).numpy(), detail[0, 0].numpy(), 0.05, options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = solver.solve()
    found = torch.from_numpy(np.moveaxis(np.squeeze(expected), -1, 0))[None]
    ours = sparse_code(detail, dictionary.double(), sparsity=0.05, iterations=600)

    def objective(code: torch.Tensor) -> float:
        error = reconstruct(code, dictionary.double()) - detail
        return float(error.square().sum() / 2 + 0.05 * code.abs().sum())

    # The minimum is flat: the two codes may differ where their objectives do not.
    assert objective(ours) == pytest.approx(objective(found), rel=5e-3)
    torch.testing.assert_close(
        reconstruct(ours, dictionary.double()), reconstruct(found, dictionary.double()), atol=5e-3, rtol=0
    )


def test_lowpass_keeps_a_constant_and_removes_texture() -> None:
    constant = torch.full((1, 1, 20, 24), 0.4)
    torch.testing.assert_close(lowpass(constant), constant)
    checks = (torch.arange(20)[:, None] + torch.arange(24)[None]).remainder(2).float()[None, None]
    assert lowpass(checks).std() < 0.1 * checks.std()
