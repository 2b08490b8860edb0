"""The plain PyTorch side of `./dev bench`: the same computations as bench/Tunesmith.Bench, written the way one writes them.

Protocol, shared with our side: the program prepares, runs one warm-up step, prints `ready`, and then for every line `go` on standard input
runs one step and prints `<seconds> <work> <peak memory in MiB> <loss>`; `work` is tokens, rows or generated tokens. An empty line ends it.

    python3 steps.py CASE [--batch B] [--length T] [--layers N]
"""

import argparse
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

V, C, I, H, K, D = 49152, 576, 1536, 9, 3, 64  # SmolLM2-135M


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        kind = x.dtype
        x = x.float()
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)
        return self.weight * x.to(kind)


class LoraLinear(nn.Module):
    def __init__(self, base, rank=8, alpha=16):
        super().__init__()
        self.base = base
        base.weight.requires_grad_(False)
        self.a = nn.Parameter(torch.empty(rank, base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))
        self.scale = alpha / rank

    def forward(self, x):
        return self.base(x) + F.linear(F.linear(x, self.a), self.b) * self.scale


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
    return x * cos + turned * sin


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = RmsNorm(C), RmsNorm(C)
        self.q = nn.Linear(C, H * D, bias=False)
        self.k = nn.Linear(C, K * D, bias=False)
        self.v = nn.Linear(C, K * D, bias=False)
        self.o = nn.Linear(H * D, C, bias=False)
        self.gate = nn.Linear(C, I, bias=False)
        self.up = nn.Linear(C, I, bias=False)
        self.down = nn.Linear(I, C, bias=False)

    def forward(self, x, cos, sin, mask, cache=None):
        b, t, _ = x.shape
        h = self.norm1(x)
        q = rotate(self.q(h).view(b, t, H, D).transpose(1, 2), cos, sin)
        k = rotate(self.k(h).view(b, t, K, D).transpose(1, 2), cos, sin)
        v = self.v(h).view(b, t, K, D).transpose(1, 2)
        if cache is not None:
            if cache:
                k, v = torch.cat((cache[0], k), 2), torch.cat((cache[1], v), 2)
            cache[:] = [k, v]
        k, v = k.repeat_interleave(H // K, 1), v.repeat_interleave(H // K, 1)
        scores = q @ k.transpose(2, 3) / math.sqrt(D)
        if mask is not None:
            scores = scores + mask
        p = torch.softmax(scores, -1, dtype=torch.float32).to(q.dtype)
        x = x + self.o((p @ v).transpose(1, 2).reshape(b, t, H * D))
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.embed = nn.Embedding(V, C)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm = RmsNorm(C)

    def forward(self, ids, caches=None, past=0):
        t = ids.shape[1]
        angle = torch.arange(past, past + t)[:, None] / 1e5 ** (torch.arange(0, D, 2) / D)
        angle = torch.cat((angle, angle), -1)
        mask = torch.full((t, t), float("-inf")).triu(1) if t > 1 else None
        x = self.embed(ids)
        for i, block in enumerate(self.blocks):
            x = block(x, angle.cos(), angle.sin(), mask, None if caches is None else caches[i])
        return F.linear(self.norm(x), self.embed.weight)


class BertBlock(nn.Module):
    def __init__(self, c=384, heads=12, inner=1536):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(c, c) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(c, 1e-12), nn.LayerNorm(c, 1e-12)
        self.up, self.down = nn.Linear(c, inner), nn.Linear(inner, c)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, mask):
        b, t, c = x.shape
        q, k, v = (f(x).view(b, t, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        p = self.drop(torch.softmax(q @ k.transpose(2, 3) / math.sqrt(c // self.heads) + mask, -1))
        x = self.norm1(x + self.drop(self.o((p @ v).transpose(1, 2).reshape(b, t, c))))
        return self.norm2(x + self.drop(self.down(F.gelu(self.up(x)))))


class Bert(nn.Module):
    def __init__(self, c=384, layers=6):
        super().__init__()
        self.word, self.place, self.kind = nn.Embedding(30522, c), nn.Embedding(512, c), nn.Embedding(2, c)
        self.norm, self.drop = nn.LayerNorm(c, 1e-12), nn.Dropout(0.1)
        self.blocks = nn.ModuleList(BertBlock() for _ in range(layers))
        self.pool, self.head = nn.Linear(c, c), nn.Linear(c, 2)

    def forward(self, ids, mask):
        x = self.word(ids) + self.place(torch.arange(ids.shape[1])) + self.kind(torch.zeros_like(ids))
        x = self.drop(self.norm(x))
        mask = (1.0 - mask[:, None, None, :]) * torch.finfo(torch.float32).min
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.drop(torch.tanh(self.pool(x[:, 0]))))


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("case", choices=["full-fp32", "full-bf16", "lora-fp32", "lora-bf16", "minilm", "generate"])
    parse.add_argument("--batch", type=int, default=0)
    parse.add_argument("--length", type=int, default=0)
    parse.add_argument("--layers", type=int, default=30)
    a = parse.parse_args()
    torch.manual_seed(1)
    bf16 = a.case.endswith("bf16")
    if a.case == "minilm":
        b, t = a.batch or 32, a.length or 64
        model, ids = Bert(), torch.randint(0, 30522, (b, t))
        mask, labels = torch.ones(b, t), torch.randint(0, 2, (b,))
        work = b
    elif a.case == "generate":
        b, t = 1, a.length or 64
        model, ids = Llama(a.layers).eval(), torch.randint(0, V, (1, t))
        work = 32
    else:
        b, t = a.batch or 4, a.length or 512
        model, ids = Llama(a.layers), torch.randint(0, V, (b, t))
        work = b * t
        if a.case.startswith("lora"):
            for block in model.blocks:
                for name in ("q", "k", "v", "o", "gate", "up", "down"):
                    setattr(block, name, LoraLinear(getattr(block, name)))
            for name, p in model.named_parameters():
                if not name.endswith((".a", ".b")):
                    p.requires_grad_(False)
            if bf16:  # the frozen weights are stored in bf16, the adapter in fp32
                for p in model.parameters():
                    if not p.requires_grad:
                        p.data = p.data.bfloat16()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5)

    def generate():
        with torch.no_grad():
            caches = [[] for _ in range(a.layers)]
            logits = model(ids, caches)
            token = logits[:, -1:].argmax(-1)
            for i in range(work - 1):
                logits = model(token, caches, ids.shape[1] + i)
                token = logits[:, -1:].argmax(-1)
        return 0.0

    def train():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            if a.case == "minilm":
                loss = F.cross_entropy(model(ids, mask), labels)
            else:
                logits = model(ids)
                loss = F.cross_entropy(logits[:, :-1].reshape(-1, V).float(), ids[:, 1:].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    step = generate if a.case == "generate" else train
    step()
    print("ready", flush=True)
    for line in sys.stdin:
        if not line.strip():
            break
        start = time.perf_counter()
        loss = step()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{seconds:.4f} {work} {peak} {loss:.5f}", flush=True)


if __name__ == "__main__":
    main()
