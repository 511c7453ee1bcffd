// The list of runs: the findings of one are shown, and the losses of as many as are ticked.
import {counted, fill, h, arrange} from './dom.js';

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

/** Draw the list; what has not changed in it stays as it is. */
export function drawRuns(parent, listing, {selected, ticked = [], colour, select, tick = () => {}}) {
  const {heading, filter, list, notes} = frame(parent);
  const count = listing.runs.length + listing.pending.length;
  heading.textContent = counted(count, 'run');
  filter.hidden = count <= 6;
  arrange(list, [
    ...listing.runs.map((run) => [`run ${run.run}`, shown(run), () => line(run, select, tick)]),
    ...listing.pending.map((name) => [`pending ${name}`, name, () => pending(name)]),
  ]);
  for (const run of listing.runs) {
    const item = document.getElementById(`run-${run.run}`).closest('.run');
    mark(item, run.run === selected, ticked.includes(run.run), colour(run.run));
  }
  fill(notes, listing.outside.map(outside));
  narrow(list, filter.value);
  list.querySelector('.chosen')?.scrollIntoView({block: 'nearest'});
}

/** Return the parts of the list, made at the first call. */
function frame(parent) {
  if (!parent.firstChild) {
    const list = h('div', {class: 'list', role: 'radiogroup', 'aria-label': 'Run'});
    const filter = h('input', {
      class: 'filter',
      type: 'search',
      placeholder: 'Filter by name, status, cause (regex)',
      'aria-label': 'Filter runs',
      oninput: (event) => narrow(list, event.target.value, event.target),
    });
    parent.append(h('h2'), filter, list, h('div', {class: 'notes'}));
  }
  const [heading, filter, list, notes] = parent.children;
  return {heading, filter, list, notes};
}

/** Return all that a line says, as one text. */
function shown(run) {
  return JSON.stringify([run.label, run.status, run.cause, run.liveness, run.steps]);
}

function mark(item, chosen, drawn, hue) {
  item.classList.toggle('chosen', chosen);
  item.querySelector('input[type=radio]').checked = chosen;
  const box = item.querySelector('input[type=checkbox]');
  box.checked = chosen || drawn;
  box.disabled = chosen;
  item.querySelector('.dot').style.background = hue;
}

function pending(name) {
  return h(
    'div',
    {class: 'run pending'},
    h('span', {class: 'name'}, broken(name)),
    h('span', {class: 'status'}, 'reading …'),
  );
}

/** Return the note on a run that is not read. */
export function outside(name) {
  return h('p', {class: 'note'}, `${name}: not read, for a link in it leads out of the logdir`);
}

/** Hide the runs that a regular expression does not find in their name, status or cause. */
function narrow(list, text, field = null) {
  const found = pattern(text);
  field?.setAttribute('aria-invalid', String(found === null));
  for (const item of list.children) {
    item.hidden = found !== null && !found.test(item.dataset.words ?? item.textContent);
  }
}

/** Return the expression, or null while it is not one: then all runs stay. */
function pattern(text) {
  try {
    return new RegExp(text, 'i');
  } catch {
    return null;
  }
}

function line(run, select, tick) {
  const id = `run-${run.run}`;
  const live = ['live', 'stalled', 'dead'].includes(run.liveness);
  const draw = (event) => tick(run.run, event.target.checked);
  return h(
    'div',
    {class: 'run', 'data-words': [run.label, words(run.status), run.cause].join(' ')},
    h('span', {class: 'dot'}),
    h(
      'label',
      {title: counted(run.steps, 'step')},
      h('input', {type: 'radio', name: 'run', id, onchange: () => select(run.run)}),
      h('span', {class: 'name'}, broken(run.label)),
      h('span', {class: `status ${run.status}`}, words(run.status)),
      h('span', {class: 'cause'}, run.cause ?? ''),
      live && h('span', {class: 'life'}, run.liveness),
    ),
    h('input', {
      ...{type: 'checkbox', title: 'Draw its loss too', onchange: draw},
      'aria-label': `Draw the loss of ${run.label}`,
    }),
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
