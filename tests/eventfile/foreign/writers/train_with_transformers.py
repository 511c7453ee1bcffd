"""Train with transformers' Trainer, `report_to="tensorboard"`.

Usage: train_with_transformers.py FOLDER
"""

import os
import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import Trainer, TrainingArguments


class Regression(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        output = self.net(x)
        return {"loss": nn.functional.mse_loss(output, labels), "logits": output}


def main(folder: Path) -> None:
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(folder / "run")
    torch.manual_seed(0)
    x = torch.randn(960, 8)
    rows = [{"x": a, "labels": b} for a, b in zip(x, x @ torch.randn(8, 1), strict=True)]
    arguments = TrainingArguments(
        output_dir=str(folder / "out"),
        report_to=["tensorboard"],
        use_cpu=True,
        learning_rate=1e-2,
        per_device_train_batch_size=16,
        num_train_epochs=1,
        logging_steps=1,
        eval_strategy="steps",
        eval_steps=20,
        save_strategy="no",
        disable_tqdm=True,
        seed=0,
    )
    Trainer(model=Regression(), args=arguments, train_dataset=rows, eval_dataset=rows[:64]).train()


main(Path(sys.argv[1]))
