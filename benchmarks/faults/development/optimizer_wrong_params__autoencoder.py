"""Weights and biases are replaced by new parameters after the optimizer took the old ones."""

import torch
import torch.nn.functional as F
from _task import arguments, batches, profiles, progress
from torch import nn

args = arguments(__doc__, steps=400)


class Autoencoder(nn.Module):
    def __init__(self, width=32, code=6):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(width, 64), nn.GELU(), nn.Linear(64, code))
        self.decoder = nn.Sequential(nn.Linear(code, 64), nn.GELU(), nn.Linear(64, width))

    def forward(self, x):
        return self.decoder(self.encoder(x))


def init_weights(module):
    if isinstance(module, nn.Linear):
        weight = torch.empty_like(module.weight)
        nn.init.xavier_uniform_(weight)
        bias = torch.zeros(module.out_features)
        if args.fixed:
            module.weight.data.copy_(weight)
            module.bias.data.copy_(bias)
        else:
            module.weight = nn.Parameter(weight)
            module.bias = nn.Parameter(bias)


def main():
    curves = profiles(3000)
    model = Autoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=150, gamma=0.5)
    model.apply(init_weights)

    for step, (batch,) in enumerate(batches(curves, steps=args.steps, size=64)):
        loss = F.mse_loss(model(batch), batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
        progress(step, args.steps, loss)


if __name__ == "__main__":
    main()
