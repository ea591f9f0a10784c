"""Convolutions with stride and dilation as convolutions with neither, on fewer or wider images.

Common factors of stride and dilation leave out pixels that no output sees. With dilation d, outputs d
apart see pixels d apart: d x d smaller images. With stride s, output o sees pixels s*o + j: with s x s
neighbouring pixels as channels of one, the kernel has 1/s of the taps in each direction.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float


@dataclass(frozen=True)
class Phases:
    """How a convolution is made dense; the same in both directions.

    Attributes:
      taps: of the kernel.
      step: pixels of which one is seen, the common factor.
      stride: after that.
      dilation: after that; images become dilation^2 as many.
      out_size: height and width of the output.
    """

    taps: int
    step: int
    stride: int
    dilation: int
    out_size: tuple[int, int]

    @classmethod
    def of(cls, taps: int, stride: int, dilation: int, out_size: tuple[int, int]) -> "Phases":
        step = math.gcd(stride, dilation)
        return cls(taps, step, stride // step, dilation // step, out_size)

    @classmethod
    def of_convolution(
        cls,
        images: tuple[int, ...],
        taps: int,
        stride: int,
        dilation: int,
        padding: Sequence[tuple[int, int]],
    ) -> "Phases":
        """As `of`, for images of a shape (number, height, width, channels) and their padding."""
        height, width = (
            (n + sum(pad) - dilation * (taps - 1) - 1) // stride + 1
            for n, pad in zip(images[1:3], padding, strict=True)
        )
        return cls.of(taps, stride, dilation, (height, width))

    @property
    def dense_taps(self) -> int:
        """Of the dense kernel."""
        return math.ceil(self.taps / self.stride)

    @property
    def dense_size(self) -> tuple[int, int]:
        """Height and width of the dense outputs."""
        height, width = (math.ceil(n / self.dilation) for n in self.out_size)
        return height, width

    def images(
        self, x: Float[Array, "n h w c"], padding: tuple[tuple[int, int], ...]
    ) -> Float[Array, "n2 h2 w2 c2"]:
        """What the dense convolution sees, without padding of its own."""
        s, d = self.stride, self.dilation
        sizes = [s * (n + self.dense_taps - 1) for n in self.dense_size]
        # As many pixels as the last phase reaches; what is missing is zero, and meets no output that stays.
        wanted = [self.step * (d * (size - 1) + s * (d - 1)) + 1 for size in sizes]
        pads = [
            (low, max(0, want - low - n))
            for (low, _), want, n in zip(padding, wanted, x.shape[1:3], strict=True)
        ]
        x = jnp.pad(x, ((0, 0), *pads, (0, 0)))[:, : wanted[0] : self.step, : wanted[1] : self.step]
        if d > 1 and s == 1:
            # As below, in one copy: every phase begins with its own pixel of d, and d * size pixels are wanted.
            n, _, _, c = x.shape
            x = x.reshape(n, sizes[0], d, sizes[1], d, c).transpose(2, 4, 0, 1, 3, 5)
            x = x.reshape(d * d * n, *sizes, c)
        elif d > 1:
            phases = [
                x[:, s * a :: d, s * b :: d][:, : sizes[0], : sizes[1]]
                for a in range(d)
                for b in range(d)
            ]
            x = jnp.concatenate(phases)
        if s > 1:
            n, _, _, c = x.shape
            x = x.reshape(n, sizes[0] // s, s, sizes[1] // s, s, c).transpose(0, 1, 3, 2, 4, 5)
            x = x.reshape(n, sizes[0] // s, sizes[1] // s, s * s * c)
        return x

    def kernel(self, kernel: Float[Array, "k k c f"]) -> Float[Array, "k2 k2 c2 f"]:
        """Of the dense convolution."""
        s, taps = self.stride, self.dense_taps
        if s == 1:
            return kernel
        rest = taps * s - self.taps
        _, _, c, features = kernel.shape
        kernel = jnp.pad(kernel, ((0, rest), (0, rest), (0, 0), (0, 0)))
        kernel = kernel.reshape(taps, s, taps, s, c, features).transpose(0, 2, 1, 3, 4, 5)
        return kernel.reshape(taps, taps, s * s * c, features)

    def outputs(self, y: Float[Array, "n2 h2 w2 f"]) -> Float[Array, "n h w f"]:
        """The convolution's outputs from those of the dense one."""
        d = self.dilation
        if d == 1:
            return y
        height, width = self.dense_size
        n, features = y.shape[0] // (d * d), y.shape[3]
        y = y.reshape(d, d, n, height, width, features).transpose(2, 3, 0, 4, 1, 5)
        return y.reshape(n, height * d, width * d, features)[
            :, : self.out_size[0], : self.out_size[1]
        ]
