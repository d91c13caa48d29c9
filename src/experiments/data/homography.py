"""Batches of pictures moved by one 3 x 3 matrix each: flip, rotation, zoom and perspective at one resampling.

Points are columns (x, y, 1), in pixels from the picture's centre, x to the right and y down.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def similarity(angle: Tensor, zoom: Tensor, mirror: Tensor) -> Tensor:
    """Matrices (B, 3, 3): first mirrored left-right (where `mirror`, bool, is set), then rotated, then enlarged.

    Args:
        angle: (B,) degrees, counter-clockwise as seen.
        zoom: (B,) factors; above 1 the edges leave the picture.
        mirror: (B,).
    """
    cos, sin = zoom * angle.deg2rad().cos(), zoom * angle.deg2rad().sin()
    sign = 1.0 - 2.0 * mirror
    zero, one = torch.zeros_like(zoom), torch.ones_like(zoom)
    rows = [cos * sign, sin, zero, -sin * sign, cos, zero, zero, zero, one]
    return torch.stack(rows, -1).view(-1, 3, 3)


def perspective(inward: Tensor, height: int, width: int) -> Tensor:
    """Matrices (B, 3, 3) that move the picture's corners towards its centre.

    Args:
        inward: (B, 4, 2), how far in x and y as a share of half the width and height; corners in the order top left,
            top right, bottom right, bottom left.
        height: of the picture, pixels.
        width: of the picture, pixels.

    Source: P. Heckbert, "Fundamentals of Texture Mapping and Image Warping" (1989), 2.2.3, square to quadrilateral.
    """
    half = inward.new_tensor([width / 2, height / 2])
    outermost = inward.new_tensor([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    (x0, x1, x2, x3), (y0, y1, y2, y3) = (outermost * (1 - inward) * half).permute(2, 1, 0).unbind()
    dx1, dx2, dx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, dy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    area = dx1 * dy2 - dx2 * dy1
    g, h = (dx * dy2 - dx2 * dy) / area, (dx1 * dy - dx * dy1) / area
    rows = [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, torch.ones_like(g)]
    to_unit_square = inward.new_tensor([[1 / width, 0, 0.5], [0, 1 / height, 0.5], [0, 0, 1]])
    return torch.stack(rows, -1).view(-1, 3, 3) @ to_unit_square


def warped(batch: Tensor, matrices: Tensor) -> Tensor:
    """The pictures (B, C, H, W) with every point moved by its matrix (B, 3, 3); bilinear, mirrored at the edges."""
    height, width = batch.shape[-2:]
    # For each pixel of the result the place to read from, in grid_sample's units: -1 to 1 from edge to edge.
    scale = matrices.new_tensor([2 / width, 2 / height, 1]).diag()
    inverse = (scale @ torch.linalg.inv(matrices)).to(batch)
    x = torch.arange(width, device=batch.device, dtype=batch.dtype) + (0.5 - width / 2)
    y = torch.arange(height, device=batch.device, dtype=batch.dtype) + (0.5 - height / 2)
    by_column = inverse[:, None, :, 0] * x[:, None]  # (B, W, 3)
    by_row = inverse[:, None, :, 1] * y[:, None] + inverse[:, None, :, 2]  # (B, H, 3)
    points = by_column[:, None] + by_row[:, :, None]  # (B, H, W, 3)
    grid = points[..., :2] / points[..., 2:]
    return grid_sample(batch, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
