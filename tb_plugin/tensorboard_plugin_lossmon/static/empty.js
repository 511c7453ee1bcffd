// What there is to see before the first run: how to get one.
import {fill, h} from './dom.js';
import {outside} from './runs.js';

const CODE = `mon = lossmon.watch(model, optimizer, criterion=loss_fn, logdir="runs/a")
mon.step(loss)   # in the loop, after optimizer.step()`;

/** Draw it, with the reason why nothing was found. */
export function drawEmpty(parent, listing) {
  fill(
    parent,
    h('h1', {}, 'No runs yet'),
    h('p', {}, 'Add two lines to a training:'),
    h('pre', {}, h('code', {}, CODE)),
    h('p', {}, 'or run a script as it is:'),
    h('pre', {}, h('code', {}, 'lossmon run train.py')),
    h('p', {}, 'Runs appear here at the next reload.'),
    listing.notes.map((note) => h('p', {class: 'note'}, note)),
    listing.outside.map(outside),
  );
}
