// The list of runs: one is shown at a time.
import {counted, fill, h} from './dom.js';

/** Return the colour of each run, by TensorBoard's order of its own names. */
export function hues(runs, names, colours) {
  const order = new Map(names.map((name, at) => [name, at]));
  return new Map(
    runs.map(({run, hosts}, at) => {
      const known = hosts.find((name) => order.has(name));
      return [run, (known === undefined ? at : order.get(known)) % colours];
    }),
  );
}

/** Return the run to open first: the most severe, and of those the one written to last. */
export function worst(runs) {
  const rank = {error: 0, warning: 1, info: 2};
  const key = (run) => [rank[run.severity] ?? 3, -run.last_wall];
  return [...runs].sort((a, b) => key(a)[0] - key(b)[0] || key(a)[1] - key(b)[1])[0];
}

/** Draw the list. */
export function drawRuns(parent, listing, {selected, colour, select}) {
  const filter = parent.querySelector('.filter')?.value ?? '';
  const list = h('div', {class: 'list', role: 'radiogroup', 'aria-label': 'Run'});
  for (const run of listing.runs) list.append(line(run, run.run === selected, colour, select));
  for (const name of listing.pending) {
    const reading = h('span', {class: 'status'}, 'reading …');
    list.append(h('div', {class: 'run pending'}, h('span', {class: 'name'}, broken(name)), reading));
  }
  const notes = listing.outside.map((name) =>
    h('p', {class: 'note'}, `${name}: not read, for a link in it leads out of the logdir`),
  );
  fill(parent, heading(listing, filter, list), list, ...notes);
  narrow(list, filter);
  list.querySelector('.chosen')?.scrollIntoView({block: 'nearest'});
}

function heading(listing, filter, list) {
  const field = h('input', {
    id: 'filter',
    class: 'filter',
    type: 'search',
    placeholder: 'Filter runs',
    'aria-label': 'Filter runs',
    oninput: (event) => narrow(list, event.target.value),
  });
  field.value = filter;
  const count = listing.runs.length + listing.pending.length;
  return [h('h2', {}, counted(count, 'run')), count > 6 ? field : null];
}

function narrow(list, text) {
  const wanted = text.toLowerCase();
  for (const item of list.children) {
    item.hidden = !item.querySelector('.name').textContent.toLowerCase().includes(wanted);
  }
}

function line(run, checked, colour, select) {
  const id = `run-${run.run}`;
  const radio = h('input', {type: 'radio', name: 'run', id, onchange: () => select(run.run)});
  radio.checked = checked;
  return h(
    'label',
    {class: checked ? 'run chosen' : 'run', title: counted(run.steps, 'step')},
    radio,
    h('span', {class: 'dot', style: {background: colour(run.run)}}),
    h('span', {class: 'name'}, broken(run.label)),
    h('span', {class: `status ${run.status}`}, words(run.status)),
    h('span', {class: 'cause'}, run.cause ?? ''),
    ['live', 'stalled', 'dead'].includes(run.liveness) && h('span', {class: 'life'}, run.liveness),
  );
}

/** Return a name that is broken after its slashes where it is too long for a line. */
function broken(label) {
  return label.split(/(?<=\/)/).flatMap((part) => [part, h('wbr')]);
}

/** Return a status as words. */
export function words(status) {
  return status.replaceAll('-', ' ');
}
