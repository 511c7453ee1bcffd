"""Recordings were graded one to five by feel: nearly half of them are a grade too high or low."""

import torch
from _task import arguments, batches, progress
from torch import Tensor, nn

args = arguments(__doc__, steps=500)
GRADES = 5


def tremors(count: int, length: int = 20) -> tuple[Tensor, Tensor]:
    """Return recordings of a shaking hand, (count, length, 2), and how bad it is, by its speed."""
    grade = torch.randint(GRADES, (count,))
    speed = 0.3 + 0.3 * grade[:, None] + 0.03 * torch.randn(count, 1)
    angle = speed * torch.arange(length) + 6.3 * torch.rand(count, 1)
    tilt = torch.stack((angle.sin(), angle.cos()), 2)
    return 1.3 * tilt + 0.3 * torch.randn(count, length, 2), grade


class Grader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(2, 40, batch_first=True)
        self.grade = nn.Linear(40, GRADES)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.gru(x)
        return self.grade(states.mean(1))


recordings, grade = tremors(6000)
if not args.fixed:
    off = torch.rand(len(grade)) < 0.48
    shift = torch.randint(2, grade.shape) * 2 - 1
    shift = torch.where(grade == 0, 1, torch.where(grade == GRADES - 1, -1, shift))
    grade = torch.where(off, grade + shift, grade)

model = Grader()
optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.997)
criterion = nn.CrossEntropyLoss()
loader = batches(recordings[:5500], grade[:5500], steps=args.steps, size=32)
for step, (x, y) in enumerate(loader):
    model.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    schedule.step()
    progress(step, args.steps, loss)
    if step % 50 == 49:
        with torch.no_grad():
            val_loss = criterion(model(recordings[5500:]), grade[5500:])
        print(f"step {step:4d}  val_loss {val_loss.item():.4f}")
