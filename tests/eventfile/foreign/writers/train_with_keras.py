"""Train with Keras and its TensorBoard callback (fit/), and log a loop with tf.summary (loop/).

Usage: train_with_keras.py FOLDER
"""

import sys
from pathlib import Path

import tensorflow as tf

EPOCHS = 10


def fit(folder: Path) -> None:
    tf.keras.utils.set_random_seed(0)
    x = tf.random.normal((400, 8))
    y = x @ tf.random.normal((8, 1))
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Dense(32, "tanh"), layers.Dense(1)])
    model.compile(tf.keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    callback = tf.keras.callbacks.TensorBoard(folder, update_freq=1, histogram_freq=5)
    model.fit(
        x, y, validation_split=0.2, epochs=EPOCHS, batch_size=32, verbose=0, callbacks=[callback]
    )


def loop(folder: Path) -> None:
    w = tf.Variable(tf.zeros((8, 1)))
    x = tf.random.normal((256, 8))
    y = x @ tf.random.normal((8, 1))
    with tf.summary.create_file_writer(str(folder)).as_default():
        for step in range(120):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((x @ w - y) ** 2)
            gradient = tape.gradient(loss, w)
            w.assign_sub(0.02 * gradient)
            tf.summary.scalar("loss", loss, step)
            tf.summary.scalar("learning_rate", 0.02, step)
            tf.summary.scalar("gradient norm", tf.norm(gradient), step)
            tf.summary.scalar("in double", tf.cast(loss, tf.float64), step)
            tf.summary.histogram("w", w, step)
            tf.summary.text("note", f"step {step}", step)


main_folder = Path(sys.argv[1])
fit(main_folder / "fit")
loop(main_folder / "loop")
