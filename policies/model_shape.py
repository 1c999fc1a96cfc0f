"""What a transformer looks like, as far as its memory depends on it: counts of parameters from layers and widths."""

from dataclasses import dataclass
from math import isqrt

_TYPICAL_VOCABULARY = 128_256
_TYPICAL_HEAD = 128
_TYPICAL_DEPTH_TO_WIDTH = 128


@dataclass(frozen=True, slots=True)
class Shape:
    """Figures as a model's `config.json` has them.

    Attributes:
        layers: encoder and decoder layers together.
        hidden: width of the residual stream.
        heads: query heads.
        kv_heads: key and value heads, fewer than `heads` with grouped queries.
        head: width of one head.
        inner: width of the feed-forward network (of one expert where there are several).
        vocabulary: tokens that the output layer scores; 0 for a model that scores none, e.g. a classifier.
        gated: three matrices in the feed-forward network (SwiGLU, GeGLU) instead of two.
        tied: embedding and output layer are one matrix.
        experts: feed-forward networks of a layer.
        active: those of them that a token goes through.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head: int
    inner: int
    vocabulary: int
    gated: bool = True
    tied: bool = False
    experts: int = 1
    active: int = 1

    @property
    def queries(self) -> int:
        """Width of all query heads together."""
        return self.heads * self.head

    @property
    def keys(self) -> int:
        """Width of all key heads together; the values are as wide."""
        return self.kv_heads * self.head

    @property
    def matrices(self) -> int:
        """Matrices of one feed-forward network."""
        return 3 if self.gated else 2

    @property
    def embedding_parameters(self) -> int:
        """Parameters of the embedding and of the output layer. Quantization leaves them as they are."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def parameters(self) -> int:
        """All parameters but norms, biases and positions, which are below a hundredth."""
        attention = 2 * self.hidden * (self.queries + self.keys)
        feed_forward = self.matrices * self.hidden * self.inner * self.experts
        return self.layers * (attention + feed_forward) + self.embedding_parameters

    def adapter_parameters(self, rank: int, *, every_layer: bool) -> int:
        """Parameters of LoRA's two thin matrices at the query and value projections, or at every linear layer."""
        attention = 2 * self.hidden + self.queries + self.keys
        if every_layer:
            attention *= 2
            attention += self.matrices * (self.hidden + self.inner) * self.experts
        return self.layers * rank * attention


def typical_shape(parameters: int) -> Shape:
    """What a decoder of that many parameters usually looks like, where nobody named one.

    12 x layers x width^2 parameters (https://arxiv.org/abs/2001.08361) with 128 of width to a layer, as Llama has it;
    every head with keys and values of its own, and Llama 3's vocabulary: older models need less.
    """
    hidden = max(_cube_root(parameters * _TYPICAL_DEPTH_TO_WIDTH // 12), _TYPICAL_HEAD)
    heads = max(hidden // _TYPICAL_HEAD, 1)
    return Shape(
        layers=max(hidden // _TYPICAL_DEPTH_TO_WIDTH, 1),
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head=_TYPICAL_HEAD,
        inner=hidden * 8 // 3,
        vocabulary=_TYPICAL_VOCABULARY,
        tied=True,
    )


def _cube_root(number: int) -> int:
    low, high = 0, isqrt(number) + 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low
