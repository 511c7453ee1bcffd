"""The decoder ends in a sigmoid as for pictures in [0, 1], but these curves go from -5 to 5."""

import torch
from _task import arguments, batches, profiles, progress
from torch import nn

args = arguments(__doc__, steps=400)


def build(width=32, hidden=64, code=6):
    encoder = nn.Sequential(
        nn.Linear(width, hidden), nn.ReLU(True), nn.Linear(hidden, hidden), nn.ReLU(True)
    )
    bottleneck = nn.Linear(hidden, code)
    decoder = nn.Sequential(
        nn.Linear(code, hidden), nn.ReLU(True), nn.Linear(hidden, hidden), nn.ReLU(True)
    )
    output = [nn.Linear(hidden, width)]
    if not args.fixed:
        output.append(nn.Sigmoid())
    return nn.Sequential(encoder, bottleneck, decoder, *output)


curves = profiles(3000)
model = build()
criterion = nn.MSELoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for step, (x,) in enumerate(batches(curves, steps=args.steps, size=64)):
    reconstruction = model(x)
    loss = criterion(reconstruction, x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    progress(step, args.steps, loss)
