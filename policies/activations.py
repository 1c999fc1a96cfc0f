"""How much GPU memory what passes through a model takes: activations kept for the backward pass, logits, KV cache.

Counted tensor by tensor as autograd keeps them, in the way of Korthikanti et al., "Reducing Activation Recomputation in
Large Transformer Models" (https://arxiv.org/abs/2205.05198, section 4), for the layers of today: RMSNorm, grouped
queries, gated feed-forward networks, FlashAttention. All sizes in bytes.
"""

from policies.model_shape import Shape
from policies.workload import QUANTIZED, Precision, Workload

_SCORE = 9
"""Bytes that an attention score leaves without a fused kernel: softmax and dropout in 32 bits, and a mask."""

_LOGIT_16, _LOGIT_32 = 14, 16
"""Bytes of a logit in training: as computed, shifted by a token, its logarithm, the gradient; but for the first in
32 bits. Where the loss is computed in parts (Liger, Unsloth, torchtune) it is less."""

_FULL_SIZE_TENSORS, _DECODER_CHANNELS = 10, 256
"""Tensors of the image's full size that an autoencoder has at once. Calibrated: an image of a megapixel took 3.9 to
5.2 GB beside the loaded models (https://huggingface.co/blog/diffusers-quantization)."""


def training_bytes(work: Workload, shape: Shape) -> int:
    """Activations of a forward pass that the backward pass needs, and the logits.

    With checkpointing the input of every layer, and the logits or, when these are gone, the activations of a layer as
    they are computed again.
    """
    layer = work.tokens * _layer_bytes(work, shape)
    logits = work.tokens * shape.vocabulary * (_LOGIT_32 if work.activation_bytes == 4 else _LOGIT_16)
    if not work.recomputes:
        return shape.layers * layer + logits
    return work.tokens * shape.layers * shape.hidden * work.activation_bytes + max(layer, logits)


def _layer_bytes(work: Workload, shape: Shape) -> int:
    """What one token leaves in one layer."""
    each = work.activation_bytes
    norm = 4 if work.precision is Precision.FP32 else 2
    norms = 2 * shape.hidden * (4 + 2 * norm)  # input in 32 bits; normalized, and scaled
    attention = 2 * each * (shape.queries + shape.keys)  # queries, keys, values, result
    if work.eager:
        attention += _SCORE * shape.heads * work.context
    feed_forward = (4 if shape.gated else 2) * each * shape.inner * shape.active
    return norms + attention + feed_forward + _adapter_inputs(work, shape)


def _adapter_inputs(work: Workload, shape: Shape) -> int:
    """Dropout before an adapter leaves a copy of the layer's input, and a mask."""
    if not work.adapts:
        return 0
    if not work.every_layer:
        return 3 * 2 * shape.hidden
    attention = 3 * shape.hidden + shape.queries
    return 3 * (attention + ((shape.matrices - 1) * shape.hidden + shape.inner) * shape.active)


def inference_bytes(work: Workload, shape: Shape) -> int:
    """One layer's activations for the whole prompt, the last token's logits, and one matrix as it is dequantized."""
    layer = work.tokens * work.activation_bytes * (4 * shape.hidden + (shape.matrices * shape.inner) * shape.active)
    scores = work.batch * shape.heads * work.context**2 * _SCORE if work.eager else 0
    unpacked = 2 * shape.hidden * max(shape.inner, shape.queries) if work.held_in in QUANTIZED else 0
    return layer + scores + work.batch * shape.vocabulary * 4 + unpacked


def image_bytes(work: Workload) -> int:
    """The autoencoder's last blocks, which see the image in its full size."""
    return work.batch * work.pixels * _FULL_SIZE_TENSORS * _DECODER_CHANNELS * work.activation_bytes


def cache_bytes(work: Workload, shape: Shape) -> int:
    """Keys and values of every token in every layer (https://arxiv.org/abs/2309.06180, section 3), at 16 bits or more.

    A model that scores no tokens generates none, and has no cache.
    """
    if work.trains or not shape.vocabulary:
        return 0
    return 2 * work.tokens * shape.layers * shape.keys * work.activation_bytes
