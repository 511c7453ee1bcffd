"""zero_grad() is called once before the loop instead of in every step.

The mistake that https://github.com/pytorch/pytorch/issues/47175 asks PyTorch to warn of.
"""

import torch
from _task import arguments, progress, text
from torch import nn

args = arguments(__doc__, steps=400)
corpus = text(1500, length=16)


class CharRNN(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.lstm = nn.LSTM(embed_size, hidden_size, batch_first=True)
        self.linear = nn.Linear(hidden_size, vocab_size)

    def forward(self, x):
        out, _ = self.lstm(self.embedding(x))
        return self.linear(out)


model = CharRNN(vocab_size=24, embed_size=16, hidden_size=48)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)

optimizer.zero_grad()
for step in range(args.steps):
    rows = torch.randint(len(corpus), (32,))
    inputs, targets = corpus[rows, :-1], corpus[rows, 1:]
    if args.fixed:
        optimizer.zero_grad()
    logits = model(inputs)
    loss = loss_fn(logits.reshape(-1, 24), targets.reshape(-1))
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
