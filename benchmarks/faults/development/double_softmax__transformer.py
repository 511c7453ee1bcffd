"""The language model returns softmax probabilities and hands them to cross_entropy as logits.

As in https://github.com/bkitano/llama-from-scratch/issues/5.
"""

import torch
from _task import arguments, batches, progress, text
from torch import nn
from torch.nn import functional as F

MODEL = {"vocab_size": 24, "d_model": 32, "context": 20, "heads": 4}
args = arguments(__doc__, steps=250)


class CausalAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(b, t, d))


class TinyGPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        dim = config["d_model"]
        self.embedding = nn.Embedding(config["vocab_size"], dim)
        self.position = nn.Embedding(config["context"], dim)
        self.ln1, self.ln2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = CausalAttention(dim, config["heads"])
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.lm_head = nn.Linear(dim, config["vocab_size"])

    def forward(self, idx, targets):
        x = self.embedding(idx) + self.position(torch.arange(idx.shape[1]))
        x = x + self.attention(self.ln1(x))
        x = x + self.mlp(self.ln2(x))
        logits = self.lm_head(x)
        if not args.fixed:
            logits = F.softmax(logits, dim=-1)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1))


corpus = text(2000, vocabulary=MODEL["vocab_size"], length=MODEL["context"])
model = TinyGPT(MODEL)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.01)
for step, (chunk,) in enumerate(batches(corpus, steps=args.steps, size=32)):
    optimizer.zero_grad()
    loss = model(chunk[:, :-1], chunk[:, 1:])
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
