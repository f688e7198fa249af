"""Attention and whole small encoders, as PyTorch code and transformers spell them."""

import math

import torch
import transformers
from torch import nn
from torch.nn import functional as F

from .fixture import Function, exported, graph

HEADS, SIZE, WIDTH = 2, 8, 16


class SelfAttention(nn.Module):
    """The projections of BERT around a function of (query, key, value, mask)."""

    def __init__(self, core, packed: bool = False):
        super().__init__()
        self.core = core
        self.packed = packed
        if packed:
            self.projection = nn.Linear(WIDTH, 3 * WIDTH)
        else:
            self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.output = nn.Linear(WIDTH, WIDTH)

    def forward(self, x, mask=None):
        parts = self.projection(x).chunk(3, -1) if self.packed else (self.query(x), self.key(x), self.value(x))
        q, k, v = (part.view(x.shape[0], x.shape[1], HEADS, SIZE).transpose(1, 2) for part in parts)
        y = self.core(q, k, v) if mask is None else self.core(q, k, v, mask)
        return self.output(y.transpose(1, 2).reshape(x.shape))


def eager(q, k, v):
    return torch.matmul(torch.softmax(torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(SIZE), -1), v)


def eager_scaled_first(q, k, v):
    return (q * SIZE**-0.5 @ k.transpose(-2, -1)).softmax(-1) @ v


def extended_mask(q, k, v, mask):
    """As transformers did up to version 4: one minus the mask, times the lowest float."""
    extended = (1.0 - mask[:, None, None, :].to(q.dtype)) * torch.finfo(q.dtype).min
    return torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(SIZE) + extended, -1) @ v


def filled_mask(q, k, v, mask):
    scores = (q / math.sqrt(SIZE)) @ k.transpose(2, 3)
    return scores.masked_fill((mask == 0)[:, None, None, :], float("-inf")).softmax(-1) @ v


def einsum(q, k, v):
    return torch.einsum("bhqk,bhkd->bhqd", torch.einsum("bhqd,bhkd->bhqk", q, k).mul(SIZE**-0.5).softmax(-1), v)


def sdpa(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


def causal(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


def boolean_mask(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=(mask != 0)[:, None, None, :])


def additive_mask(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def rotated(x):
    first, second = x.chunk(2, -1)
    return torch.cat([-second, first], -1)


def rotary(q, k, v):
    angles = torch.outer(torch.arange(q.shape[2]).float(), 10000 ** (-torch.arange(0, SIZE, 2).float() / SIZE))
    cos, sin = (torch.cat([value, value], -1) for value in (angles.cos(), angles.sin()))
    return F.scaled_dot_product_attention(q * cos + rotated(q) * sin, k * cos + rotated(k) * sin, v)


def padded(batch: int, length: int, real: int):
    return lambda: (torch.arange(length)[None] < real).long().expand(batch, length).contiguous()


BOTH = {0: {0: "batch", 1: "sequence"}}
exported("attention_eager", lambda: SelfAttention(eager), (2, 7, WIDTH))
exported("attention_eager_scaled_first", lambda: SelfAttention(eager_scaled_first, packed=True), (2, 7, WIDTH))
exported("attention_einsum", lambda: SelfAttention(einsum), (2, 7, WIDTH))
exported("attention_sdpa", lambda: SelfAttention(sdpa), (2, 7, WIDTH))
exported("attention_sdpa_opset13", lambda: SelfAttention(sdpa), (2, 7, WIDTH), opset=14)
exported("attention_sdpa_causal", lambda: SelfAttention(causal), (2, 7, WIDTH))
exported("attention_rotary", lambda: SelfAttention(rotary), (1, 9, WIDTH))
exported("attention_extended_mask", lambda: SelfAttention(extended_mask), (2, 7, WIDTH), padded(2, 7, 4))
exported("attention_filled_mask", lambda: SelfAttention(filled_mask), (2, 7, WIDTH), padded(2, 7, 4))
exported("attention_boolean_mask", lambda: SelfAttention(boolean_mask), (2, 7, WIDTH), padded(2, 7, 4))
exported("attention_additive_mask", lambda: SelfAttention(additive_mask), (2, 7, WIDTH), (2, 1, 7, 7))
exported(
    "attention_eager_dynamic",
    lambda: SelfAttention(eager),
    (2, 7, WIDTH),
    dynamic=BOTH,
    more=[[(1, 3, WIDTH)], [(3, 13, WIDTH)]],
)
exported("attention_sdpa_dynamic", lambda: SelfAttention(sdpa), (2, 7, WIDTH), dynamic=BOTH, more=[[(1, 12, WIDTH)]])
exported("attention_sdpa_dynamo", lambda: SelfAttention(sdpa), (2, 7, WIDTH), opset=18, dynamo=True)
exported(
    "attention_sdpa_dynamo_dynamic",
    lambda: SelfAttention(sdpa),
    (2, 7, WIDTH),
    opset=18,
    dynamo=True,
    dynamic=BOTH,
    more=[[(3, 5, WIDTH)]],
)
exported(
    "attention_grouped_query",
    lambda: Function(
        lambda q, k, v: sdpa(
            q, *(t[:, :, None].expand(-1, -1, 2, -1, -1).reshape(q.shape[0], 4, -1, 8) for t in (k, v))
        )
    ),
    (1, 4, 6, 8),
    (1, 2, 6, 8),
    (1, 2, 6, 8),
)
exported("attention_cross", lambda: Function(sdpa), (2, 2, 5, 8), (2, 2, 11, 8), (2, 2, 11, 6))
exported(
    "attention_past_key_values",
    lambda: Function(lambda q, k, v, pk, pv: sdpa(q, torch.cat([pk, k], 2), torch.cat([pv, v], 2))),
    *[(1, 2, 1, 8)] * 3,
    *[(1, 2, 6, 8)] * 2,
)


class MultiHead(nn.Module):
    def __init__(self, weights: bool, **options):
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, **options)
        self.weights = weights

    def forward(self, x):
        found = self.attention(x, x, x, need_weights=self.weights)
        return found if self.weights else found[0]


exported("multihead_attention", lambda: MultiHead(False, batch_first=True), (2, 7, WIDTH))
exported("multihead_attention_weights", lambda: MultiHead(True, batch_first=True), (2, 7, WIDTH))
exported("multihead_attention_sequence_first", lambda: MultiHead(False), (7, 2, WIDTH))
exported(
    "multihead_attention_bias_kv",
    lambda: MultiHead(True, batch_first=True, add_bias_kv=True, bias=False),
    (2, 7, WIDTH),
)
exported(
    "transformer_encoder_post_norm",
    lambda: nn.TransformerEncoderLayer(WIDTH, HEADS, 32, activation="gelu", batch_first=True),
    (2, 7, WIDTH),
    opset=18,
    dynamo=True,
)
exported(
    "transformer_encoder_pre_norm",
    lambda: nn.TransformerEncoderLayer(WIDTH, HEADS, 32, norm_first=True, batch_first=True),
    (2, 7, WIDTH),
    opset=18,
    dynamo=True,
)


class WindowAttention(nn.Module):
    """Shifted windows of 4x4 on an 8x8 image, as Swin has them."""

    def __init__(self):
        super().__init__()
        self.attention = SelfAttention(eager)

    def forward(self, x):
        x = torch.roll(x, (-2, -2), (1, 2))
        b, h, w, c = x.shape
        windows = x.view(b, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        y = self.attention(windows).view(b, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return torch.roll(y, (2, 2), (1, 2))


class PatchEmbedding(nn.Module):
    """The first layer of a vision transformer: patches, class token, positions."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.randn(1, 10, WIDTH))

    def forward(self, x):
        patches = self.patches(x).flatten(2).transpose(1, 2)
        return torch.cat([self.token.expand(x.shape[0], -1, -1), patches], 1) + self.positions


exported("attention_windows", WindowAttention, (1, 8, 8, WIDTH))
exported("patch_embedding", PatchEmbedding, (2, 3, 12, 12), dynamic={0: {0: "batch"}}, more=[[(3, 3, 12, 12)]])

TINY = {
    "hidden_size": 16,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "intermediate_size": 32,
    "vocab_size": 40,
    "max_position_embeddings": 24,
}


class LastHidden(nn.Module):
    """A model of transformers as a function of tensors."""

    def __init__(self, kind, config, attention: str, keys: list[str]):
        super().__init__()
        config._attn_implementation = attention
        self.model = kind(config)
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.normal_(0, 0.3)
        self.keys = keys

    def forward(self, *values):
        return self.model(**dict(zip(self.keys, values)), return_dict=False)[0]


def ids(batch: int, length: int, real: int, padding: int):
    def make():
        found = torch.randint(3, 40, (batch, length))
        found[:, real:] = padding
        return found

    return make


TEXT = ["input_ids", "attention_mask"]
TEXT_AXES = {0: {0: "batch", 1: "sequence"}, 1: {0: "batch", 1: "sequence"}}
for attention in ("eager", "sdpa"):
    for opset in (13, 17) if attention == "eager" else (14, 17):
        exported(
            f"bert_{attention}_opset{opset}",
            lambda attention=attention: LastHidden(
                transformers.BertModel, transformers.BertConfig(**TINY), attention, TEXT
            ),
            ids(1, 9, 6, 0),
            padded(1, 9, 6),
            opset=opset,
        )
exported(
    "bert_dynamic",
    lambda: LastHidden(transformers.BertModel, transformers.BertConfig(**TINY), "sdpa", TEXT),
    ids(1, 9, 6, 0),
    padded(1, 9, 6),
    dynamic=TEXT_AXES,
    more=[[ids(2, 14, 14, 0), padded(2, 14, 14)]],
)
exported(
    "roberta_dynamic",
    lambda: LastHidden(transformers.RobertaModel, transformers.RobertaConfig(**TINY, type_vocab_size=1), "sdpa", TEXT),
    ids(1, 9, 6, 1),
    padded(1, 9, 6),
    dynamic=TEXT_AXES,
    more=[[ids(2, 14, 11, 1), padded(2, 14, 11)]],
)
exported(
    "bert_dynamo",
    lambda: LastHidden(transformers.BertModel, transformers.BertConfig(**TINY), "sdpa", TEXT),
    ids(1, 9, 6, 0),
    padded(1, 9, 6),
    opset=18,
    dynamo=True,
)
exported(
    "distilbert",
    lambda: LastHidden(
        transformers.DistilBertModel,
        transformers.DistilBertConfig(
            vocab_size=40, max_position_embeddings=24, n_layers=1, n_heads=2, dim=16, hidden_dim=32
        ),
        "eager",
        TEXT,
    ),
    ids(1, 9, 6, 0),
    padded(1, 9, 6),
)
graph(
    "attention_operator_opset23",
    """g (float[1,2,5,8] q, float[1,2,6,8] k, float[1,2,6,8] v) => (float[1,2,5,8] y) { y = Attention(q, k, v) }""",
    lambda random: [(1, 2, 5, 8), (1, 2, 6, 8), (1, 2, 6, 8)],
    opset=23,
    ir=11,
)
