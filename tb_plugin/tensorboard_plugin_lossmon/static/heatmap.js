// Layers over steps: one metric of each, and the names of the rows beside them.
import {get} from './api.js';
import {button, list} from './controls.js';
import {arrange, fill, h} from './dom.js';
import {clear, makeFigure, put, shade} from './figure.js';
import {savePicture} from './save.js';

const SPECIAL = ['not measured', 'zero', 'not finite'];
const LOWEST = 3; // The first level on the scale.
const MARK = {error: '✕', warning: '!', info: 'i'};

/** Return the heatmap inside `parent`; `changed` is called with the name of a setting. */
export function makeHeatmap(parent, axis, settings, {changed, select}) {
  const tools = h('div', {class: 'tools'});
  const message = h('p', {class: 'note', role: 'status'});
  const rows = h('div', {class: 'rows', role: 'group', 'aria-label': 'Layers'});
  const box = h('div', {class: 'plot heat', role: 'img', 'aria-label': 'Layers over the steps'});
  const readout = h('p', {class: 'readout'});
  const key = h('div', {class: 'key'});
  const scroll = h('div', {class: 'scroll'}, rows, box);
  const bar = h('div', {class: 'bar'}, h('h2', {}, 'Layers'), tools);
  fill(parent, bar, message, key, scroll, readout);
  const figure = makeFigure(box, axis.look);
  const map = {
    ...{tools, message, rows, readout, key, scroll, figure, axis, settings, changed, select},
    ...{answer: null, drawn: null, wanted: '', token: '', subject: null, finding: null, seek: false},
  };
  box.addEventListener('pointermove', (event) => read(map, event));
  box.addEventListener('pointerleave', () => void (readout.textContent = ''));
  box.addEventListener('click', (event) => pick(map, event));
  box.addEventListener('dblclick', () => axis.look(null));
  rows.addEventListener('keydown', walk);
  return {
    figure,
    show: (subject) => draw(map, subject),
    shade: (spans, finding) => mark(map, spans, finding),
  };
}

async function draw(map, subject) {
  const {axis, settings, figure} = map;
  map.subject = subject;
  const {run} = subject.runs[0];
  const [first, last] = axis.view ?? [];
  const {metric, level, open, row, left} = settings;
  const wanted = {run, look: subject.look, first, last, x: axis.x, metric, level, open, row, left};
  const key = JSON.stringify(wanted);
  const held = map.wanted === key;
  try {
    const answer = await get('heatmap', {...wanted, v: held ? map.token : undefined});
    if (!answer || answer.unchanged) return;
    map.message.textContent = answer.item ? '' : answer.reason;
    map.answer = answer.item ? answer : null;
    map.scroll.hidden = !answer.item;
    if (answer.item && !(await put(figure, answer.item))) return;
    if (!answer.item) clear(figure);
    Object.assign(map, {wanted: key, token: answer.v, drawn: run});
    controls(map, answer);
    names(map);
    legend(map);
  } catch (error) {
    map.message.textContent = `The layers could not be drawn: ${error.message}`;
  }
}

function controls(map, answer) {
  const {settings, subject} = map;
  const set = (name, convert) => (value) => {
    settings[name] = convert(value);
    if (name === 'level') Object.assign(settings, {open: [], row: 0});
    map.changed(name);
  };
  const metrics = subject.metrics.map(({name, label}) => [name, label]);
  const levels = Array.from({length: (answer.deepest ?? 0) + 1}, (_, at) => [at, folding(at)]);
  const metric = () => list('metric', 'Metric', metrics, settings.metric, set('metric', String));
  const level = () => list('level', 'Folding', levels, answer.level, set('level', Number));
  const fold = () => button('fold', 'Fold again', () => set('open', () => [])());
  const save = () => savePicture(map.figure, `layers ${subject.runs[0].run}`);
  const wanted = [
    ['metric', settings.metric, metric],
    levels.length > 1 && ['level', `${answer.level} ${levels.length}`, level],
    settings.open.length > 0 && ['fold', '', fold],
    answer.item && ['png', subject.runs[0].run, () => button('png-layers', 'PNG', save)],
  ];
  arrange(map.tools, wanted.filter(Boolean));
}

function folding(level) {
  return ['each parameter', 'by module', 'by block'][level] ?? `${level} levels folded`;
}

function names(map) {
  const {answer, rows, settings} = map;
  if (!answer) return void fill(rows);
  rows.style.setProperty('--row', `${answer.row_px}px`);
  rows.style.setProperty('width', `${settings.left - 6}px`);
  fill(rows, answer.rows.map((row, at) => line(map, row, at)));
  fill(map.message, pages(map));
  emphasise(map);
}

/** Return which rows these are, and buttons to the others, where a picture does not hold all. */
function pages(map) {
  const {settings, answer} = map;
  const {start, total, rows, page} = answer;
  if (rows.length === total) return [];
  const turn = (row) => () => {
    settings.row = row;
    map.changed('row');
  };
  const end = start + rows.length;
  return [
    button('rows-before', 'Rows before', turn(Math.max(start - page, 0)), {disabled: start === 0}),
    ` ${start + 1} to ${end} of ${total.toLocaleString('en')} `,
    button('rows-after', 'Rows after', turn(end), {disabled: end >= total}),
  ];
}

function line(map, row, at) {
  const {settings} = map;
  const room = Math.floor((settings.left - 34) / 6.4);
  const chosen = settings.layer === row.name;
  const first = chosen || (at === 0 && !map.answer.rows.some(({name}) => name === settings.layer));
  const opens = row.parts > 1 && map.answer.level > 0;
  const open = () => {
    settings.open = [...settings.open, row.name];
    map.changed('open');
  };
  return h(
    'div',
    {class: 'row', 'data-row': row.name},
    opens
      ? button(`open-${at}`, '▸', open, {
          ...{class: 'open', title: `Show the parts of ${row.label}`, tabindex: -1},
        })
      : h('span', {class: 'open'}),
    h(
      'button',
      {
        id: `row-${at}`,
        type: 'button',
        class: 'label',
        title: row.parts > 1 ? `${row.label}: ${row.parts} parameters, the worst is shown` : row.label,
        tabindex: first ? 0 : -1,
        'aria-pressed': String(chosen),
        onclick: () => map.select(chosen ? null : row.name),
        onkeydown: (event) => event.key === 'ArrowRight' && opens && open(),
      },
      cut(row.label, room),
    ),
    h('span', {class: 'named', 'aria-hidden': 'true'}),
  );
}

/** Return a name in at most so many characters: its end tells it from its neighbours. */
function cut(name, most) {
  return name.length <= most ? name : `…${name.slice(1 - most)}`;
}

function mark(map, spans, finding) {
  shade(map.figure, map.axis.places(spans));
  const other = map.finding?.rule !== finding?.rule;
  map.finding = finding;
  map.seek ||= other;
  if (other) emphasise(map);
}

/** Mark the rows that the finding names; bring the first into view where that is not done yet. */
function emphasise(map) {
  const {answer, rows, finding} = map;
  let first = null;
  (answer?.rows ?? []).forEach((row, at) => {
    const named = Boolean(finding) && row.named.includes(finding.rule);
    const element = rows.children[at];
    element?.classList.toggle('culprit', named);
    if (element) element.lastChild.textContent = named ? MARK[finding.severity] : '';
    if (named) first ??= element;
  });
  if (!map.seek || !answer || map.drawn !== map.subject.runs[0].run) return;
  map.seek = false;
  if (first) map.scroll.scrollTop = Math.max(first.offsetTop - 32, 0);
  else turnTo(map, answer.first_named[finding?.rule]);
}

/** Show the page with a row, which is none of those in the picture; go on to it when it has come. */
function turnTo(map, row) {
  if (row === undefined) return;
  map.seek = true;
  map.settings.row = row - (row % map.answer.page);
  map.changed('row');
}

/** Say what the cell below the pointer is. */
function read(map, event) {
  const cell = below(map, event);
  map.readout.textContent = cell
    ? `${cell.row.label} · ${place(map.axis, cell.x)} · ${map.answer.metric} ${meaning(map, cell.level)}`
    : '';
}

function pick(map, event) {
  const cell = below(map, event);
  if (cell) map.select(cell.row.name);
}

function meaning({answer}, level) {
  return level < LOWEST ? SPECIAL[level] : answer.scale[level - LOWEST];
}

function place({x}, value) {
  if (x === 'wall') return new Date(value).toISOString().slice(0, 19).replace('T', ' ');
  return x === 'step' ? `step ${Math.round(value).toLocaleString('en')}` : `${value.toFixed(1)} s`;
}

function below({figure, answer}, event) {
  if (!figure.shown || !answer) return null;
  const {view, model, place: element} = figure.shown;
  const {left, top} = element.getBoundingClientRect();
  const {bbox} = view.frame;
  const [dx, dy] = [event.clientX - left - bbox.left, event.clientY - top - bbox.top];
  if (dx < 0 || dy < 0 || dx >= bbox.width || dy >= bbox.height) return null;
  const {image, x, dw} = model.renderers.find(({name}) => name === 'levels').data_source.data;
  const [rows, columns] = image[0].shape;
  const {start, end} = model.x_range;
  const at = start + (dx / bbox.width) * (end - start);
  const column = Math.floor(((at - x[0]) / dw[0]) * columns);
  const row = Math.floor((dy / bbox.height) * rows);
  if (column < 0 || column >= columns) return null;
  return {row: answer.rows[row], x: at, level: image[0][(rows - 1 - row) * columns + column]};
}

function legend({key, answer}) {
  if (!answer) return void fill(key);
  const {palette, scale} = answer;
  const stops = palette.slice(LOWEST).filter((_, at) => at % 36 === 0);
  const ramp = h('span', {class: 'ramp', style: {background: `linear-gradient(90deg, ${stops})`}});
  const swatch = (background, sign, color) =>
    h('span', {class: 'swatch', style: {background, color}}, sign);
  fill(
    key,
    h('span', {}, scale[0], ramp, scale.at(-1)),
    h('span', {}, swatch(palette[1], '·', '#ffffff'), SPECIAL[1]),
    h('span', {}, swatch(palette[2], '×', 'var(--paper)'), SPECIAL[2]),
    h('span', {}, swatch(palette[0], '', ''), SPECIAL[0]),
  );
}

/** Move between rows with the arrow keys, Home and End. */
function walk(event) {
  const labels = [...event.currentTarget.querySelectorAll('.label')];
  const at = labels.indexOf(document.activeElement);
  const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: labels.length - 1}[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  labels[Math.max(0, Math.min(labels.length - 1, to))].focus();
}
