// Two runs beside each other: the shown one, and one of those whose loss is drawn too.
import {get} from './api.js';
import {list} from './controls.js';
import {fill, h} from './dom.js';
import {clear, makeFigure, put} from './figure.js';

/** Return the comparison inside `parent`, hidden until a second run is ticked. */
export function makeComparison(parent, axis, settings, changed) {
  const tools = h('div', {class: 'tools'});
  const reads = h('p', {class: 'reads'});
  const message = h('p', {class: 'note', role: 'status'});
  const box = h('div', {class: 'plot small', role: 'img', 'aria-label': 'The difference of the losses'});
  const tables = h('div', {class: 'tables'});
  fill(parent, h('div', {class: 'bar'}, h('h2', {}, 'Comparison'), tools), reads, message, box, tables);
  parent.hidden = true;
  const figure = makeFigure(box, (view) => axis.x === 'step' && axis.look(view));
  const compare = {
    ...{parent, tools, reads, message, box, tables, figure, axis, settings, changed},
    ...{wanted: '', token: ''},
  };
  return {figure, show: (subject) => draw(compare, subject)};
}

async function draw(compare, subject) {
  const {parent, axis, settings, figure, message} = compare;
  const [shown, ...others] = subject.runs;
  const other = others.find(({run}) => run === settings.against) ?? others[0];
  parent.hidden = !other;
  if (!other) return void clear(figure);
  const [first, last] = axis.x === 'step' ? (axis.view ?? axis.whole ?? []) : [];
  const wanted = {run: [other.run, shown.run], look: subject.look, first, last, left: settings.left};
  const key = JSON.stringify(wanted);
  const held = compare.wanted === key ? compare.token : undefined;
  choose(compare, others, other);
  try {
    const answer = await get('compare', {...wanted, v: held});
    if (!answer || answer.unchanged) return;
    Object.assign(compare, {wanted: key, token: answer.v});
    compare.reads.textContent = answer.reads.join(', ');
    message.textContent = answer.reason;
    compare.box.hidden = !answer.item;
    fill(compare.tables, settingsTable(answer, other, shown), layersTable(answer, other, shown));
    if (answer.item) await put(figure, answer.item);
    else clear(figure);
  } catch (error) {
    message.textContent = `The runs could not be compared: ${error.message}`;
  }
}

function choose({tools, settings, changed}, others, other) {
  const options = others.map(({run, label}) => [run, `less ${label}`]);
  const chosen = (run) => {
    settings.against = run;
    changed('against');
  };
  fill(tools, list('against', 'Compared with', options, other.run, chosen));
}

function settingsTable({settings, more_settings: more}, other, shown) {
  if (!settings.length) return h('p', {class: 'note'}, 'Nothing that is recorded of their set-up differs.');
  return table('Set up otherwise', ['setting', other.label, shown.label], settings, more);
}

function layersTable({layers, metrics, more_layers: more}, other, shown) {
  if (!layers.length) return null;
  const heading = `Last quarter, ${shown.label} by ${other.label}`;
  return table(heading, ['parameter', ...metrics], layers, more);
}

function table(heading, head, rows, more) {
  const cells = (tag, row) => h('tr', {}, row.map((text) => h(tag, {}, text)));
  return h(
    'details',
    {open: rows.length <= 12},
    h('summary', {id: `table-${head[0]}`}, `${heading} (${rows.length + more})`),
    h(
      'div',
      {class: 'wide'},
      h('table', {}, h('thead', {}, cells('th', head)), h('tbody', {}, rows.map((row) => cells('td', row)))),
    ),
    more > 0 && h('p', {class: 'note'}, `and ${more} more`),
  );
}
