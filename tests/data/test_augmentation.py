import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from experiments.data.augmentation import default_augmentation
from experiments.data.homography import perspective, similarity, warped
from experiments.data.photograph_transform import RandomPhotograph, relit

NO = torch.zeros(1, dtype=torch.bool)


def smooth(height: int = 40, width: int = 52) -> Tensor:
    """A picture (1, 3, H, W) in 0..1 without hard edges, unlike its mirror images."""
    y, x = torch.meshgrid(torch.linspace(0, 3, height), torch.linspace(0, 4, width), indexing="ij")
    return torch.stack([(x + y).sin(), (x * y / 2).cos(), (x - 2 * y).sin()]).mul(0.4).add(0.5)[None]


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def middle(picture: Tensor) -> Tensor:
    return picture[..., 12:-12, 12:-12]


@pytest.mark.parametrize("degrees", [-10.0, 7.0, 90.0])
def test_rotation_is_torchvisions(degrees: float) -> None:
    picture = smooth()
    ours = warped(picture, similarity(torch.tensor([degrees]), torch.ones(1), NO))
    theirs = functional.rotate(picture, degrees, InterpolationMode.BILINEAR)
    torch.testing.assert_close(middle(ours), middle(theirs), atol=1e-4, rtol=0)


def test_zoom_is_torchvisions() -> None:
    picture = smooth()
    ours = warped(picture, similarity(torch.zeros(1), torch.tensor([1.1]), NO))
    theirs = functional.affine(picture, 0, [0, 0], 1.1, [0, 0], InterpolationMode.BILINEAR)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_perspective_is_torchvisions() -> None:
    picture, (height, width) = smooth(), (40, 52)
    inward = torch.tensor([[[0.1, 0.2], [0.15, 0.05], [0.0, 0.1], [0.2, 0.0]]])
    right, bottom = width - 1, height - 1  # torchvision counts from pixel centre to pixel centre
    start = [[0, 0], [right, 0], [right, bottom], [0, bottom]]
    sides, half = [(1, 1), (-1, 1), (-1, -1), (1, -1)], (width / 2, height / 2)
    offsets = (inward[0] * torch.tensor(sides) * torch.tensor(half)).tolist()
    ours = warped(picture, perspective(inward, height, width))
    end = [[x + dx, y + dy] for (x, y), (dx, dy) in zip(start, offsets, strict=True)]
    theirs = functional.perspective(picture, start, end, InterpolationMode.BILINEAR)
    torch.testing.assert_close(middle(ours), middle(theirs), atol=0.01, rtol=0)


def test_corners_move_to_where_perspective_puts_them() -> None:
    matrix = perspective(torch.tensor([[[0.2, 0.1], [0.0, 0.0], [0.1, 0.2], [0.0, 0.05]]]), 40, 60)[0]
    corners = torch.tensor([[-30.0, -20, 1], [30, -20, 1], [30, 20, 1], [-30, 20, 1]])
    moved = corners @ matrix.T
    expected = torch.tensor([[-24.0, -18], [30, -20], [27, 16], [-30, 19]])
    torch.testing.assert_close(moved[:, :2] / moved[:, 2:], expected)


def test_a_flip_is_exact_and_comes_before_the_rotation() -> None:
    picture, yes = smooth(), ~NO
    mirrored = warped(picture, similarity(torch.zeros(1), torch.ones(1), yes))
    torch.testing.assert_close(mirrored, picture.flip(-1), atol=1e-5, rtol=0)
    both = warped(picture, similarity(torch.tensor([9.0]), torch.ones(1), yes))
    torch.testing.assert_close(both, warped(picture.flip(-1), similarity(torch.tensor([9.0]), torch.ones(1), NO)))


def test_lighting_is_torchvisions() -> None:
    picture = smooth().mul(0.6)  # dark enough to clip nothing in between
    for brightness, contrast in ((1.2, 0.8), (0.8, 1.2), (1.0, 1.0)):
        theirs = functional.adjust_contrast(functional.adjust_brightness(picture, brightness), contrast)
        ours = relit(picture.clone(), torch.tensor([brightness]), torch.tensor([contrast]))
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)


def test_nothing_changes_when_nothing_is_probable() -> None:
    batch = torch.rand(5, 3, 24, 20)
    before = batch.clone()
    torch.testing.assert_close(RandomPhotograph(flip=0, probability=0)(batch), before, atol=1e-5, rtol=0)
    default_augmentation()(batch, seeded(0))
    assert torch.equal(batch, before)


def test_parameters_are_drawn_for_each_picture_within_their_bounds() -> None:
    transform = RandomPhotograph()
    transform.generator = seeded(3)
    drawn = transform.make_params([torch.empty(4000, 3, 1, 1)])
    assert abs(float(drawn["flip"].float().mean()) - 0.5) < 0.03
    bounds = {
        "angle": (-10, 10),
        "zoom": (1, 1.1),
        "inward": (0, 0.2),
        "brightness": (0.8, 1.2),
        "contrast": (0.8, 1.2),
    }
    for name, (low, high) in bounds.items():
        values, neutral = drawn[name], 1 if name in ("zoom", "brightness", "contrast") else 0
        changed = (values != neutral).view(4000, -1).any(1)
        assert abs(float(changed.float().mean()) - 0.75) < 0.03, name
        edge = (high - low) / 50
        assert low <= float(values.min()) < low + edge, name
        assert high - edge < float(values.max()) <= high, name
        assert len(values.view(4000, -1).unique(dim=0)) > 2900, name
    assert torch.equal(drawn["brightness"] != 1, drawn["contrast"] != 1)  # lighting is one of the four


@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_keeps_shape_and_range_and_draws_each_image_anew(channels: int) -> None:
    batch = torch.rand(1, channels, 24, 20, generator=seeded(0)).expand(6, -1, -1, -1)
    result = default_augmentation()(batch, seeded(0))
    assert result.shape == batch.shape
    assert result.dtype == torch.float32
    assert 0 <= float(result.min()) < float(result.max()) <= 1
    assert len({float(image.sum()) for image in result}) == 6


def test_augmentation_mirrors_half_of_the_images() -> None:
    left = torch.zeros(64, 1, 16, 16)
    left[..., :8] = 1
    result = default_augmentation()(left, seeded(0))
    mirrored = (result[..., 8:].mean((1, 2, 3)) > result[..., :8].mean((1, 2, 3))).sum()
    assert 20 <= int(mirrored) <= 44


def test_augmentation_leaves_no_black_corners() -> None:
    result = default_augmentation()(torch.full((200, 1, 32, 32), 0.5), seeded(0))
    assert float(result.min()) >= 0.5 * 0.8 - 1e-4  # the darkest light, and no darker


def test_augmentation_is_a_function_of_the_generator_and_leaves_the_global_state_alone() -> None:
    batch, augment = torch.rand(4, 3, 16, 16), default_augmentation()
    before = torch.get_rng_state()
    first = augment(batch, seeded(1))
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(5)
    assert torch.equal(first, augment(batch, seeded(1)))
    assert not torch.equal(first, augment(batch, seeded(2)))


def test_without_a_generator_augmentation_repeats_with_torchs_seed() -> None:
    batch, augment = torch.rand(4, 3, 16, 16), default_augmentation()
    torch.manual_seed(1)
    first = augment(batch)
    torch.manual_seed(1)
    assert torch.equal(first, augment(batch))
