"""What every fuser promises. A new fuser's test subclasses this and says how to build one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from diffif.fusers.base import Fuser

ODD_SIZES = [(37, 51), (48, 33), (65, 40)]


def make_pair(height: int, width: int, *, batch: int = 1, grey: bool = False, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Smooth random scenes with a bright spot in the infrared, in [0, 1]: textures that no method finds degenerate."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((batch, 4, 1 + height // 6, 1 + width // 6), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)
    texture = 0.1 * torch.rand((batch, 4, height, width), generator=generator)
    scene = (0.8 * smooth + texture).clamp(0, 1)
    visible, infrared = scene[:, :3], scene[:, 3:] * 0.5
    infrared[..., height // 3 : height // 2, width // 3 : width // 2] = 0.95
    if grey:
        visible = visible[:, :1].expand(-1, 3, -1, -1)
    return visible.contiguous(), infrared


class FuserContract:
    """Subclass and override `fuser` (a fixture); `ids` go to every call, so that imported images can be tested too."""

    tolerance = 1e-5
    """How far a batch may differ from its images fused alone: other sizes choose other convolution kernels."""

    @pytest.fixture
    def fuser(self) -> Fuser:
        raise NotImplementedError

    @pytest.mark.parametrize(("height", "width"), ODD_SIZES)
    @pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
    def test_output_has_the_size_and_range_of_the_input(
        self, fuser: Fuser, height: int, width: int, grey: bool
    ) -> None:
        visible, infrared = make_pair(height, width, grey=grey)
        fused = fuser.fuse(visible, infrared, ids=["0"])
        assert fused.shape == visible.shape
        assert fused.dtype == torch.float32
        assert bool(torch.isfinite(fused).all())
        assert fused.min() >= 0
        assert fused.max() <= 1

    def test_batch_of_four_equals_four_batches_of_one(self, fuser: Fuser) -> None:
        visible, infrared = make_pair(37, 51, batch=4)
        ids = ["0", "1", "2", "3"]
        together = fuser.fuse(visible, infrared, ids=ids)
        alone = [fuser.fuse(visible[i : i + 1], infrared[i : i + 1], ids=ids[i : i + 1]) for i in range(4)]
        torch.testing.assert_close(together, torch.cat(alone), atol=self.tolerance, rtol=0)

    def test_fusing_twice_gives_the_same_pixels_and_leaves_the_inputs_alone(self, fuser: Fuser) -> None:
        visible, infrared = make_pair(37, 51)
        kept = visible.clone(), infrared.clone()
        first, second = (fuser.fuse(visible, infrared, ids=["0"]) for _ in range(2))
        assert torch.equal(first, second)
        assert torch.equal(visible, kept[0])
        assert torch.equal(infrared, kept[1])

    def test_class_facts_are_complete(self, fuser: Fuser) -> None:
        assert fuser.name
        assert fuser.label
        assert fuser.kind in ("control", "classical", "deep", "diffusion", "imported")
        assert fuser.paper or fuser.kind in ("control", "imported")
        assert fuser.num_parameters is None or fuser.num_parameters >= 0
        assert len(fuser.fingerprint) == 12
        assert fuser.fingerprint == fuser.fingerprint
