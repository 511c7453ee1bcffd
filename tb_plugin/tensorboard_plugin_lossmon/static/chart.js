// The chart: a Bokeh figure made by the server, its controls, and what a finding does to it.
//
// Every change asks the server for a new figure, with as much detail as the steps in view allow,
// and puts it in the place of the old one when it is drawn: nothing flickers.
import {get} from './api.js';
import {fill, h} from './dom.js';

const SETTLE_MS = 200; // A drag is over when the range has been still for so long.
let loading = null;

/** Load BokehJS, as the server has it installed; the version is in the address, for the cache. */
export function loadBokeh(version) {
  loading ??= new Promise((resolve, reject) => {
    const onload = () => resolve(window.Bokeh);
    const onerror = () => reject(new Error('BokehJS could not be loaded'));
    document.head.append(h('script', {src: `./static/bokeh.js?v=${version}`, onload, onerror}));
  });
  loading.catch(() => {}); // Told where it is awaited.
  return loading;
}

/** Return the chart inside `parent`. */
export function makeChart(parent) {
  const title = h('h2', {class: 'tag'}, 'Loss');
  const tools = h('div', {class: 'tools'});
  const box = h('div', {class: 'plot', role: 'img', 'aria-label': 'The loss over the steps'});
  const message = h('p', {class: 'note', role: 'status'});
  fill(parent, h('div', {class: 'bar'}, title, tools), message, box);
  const chart = {
    ...{title, tools, box, message},
    subject: null, // {run, token, look, hue}
    y: 'auto',
    view: null, // First and last step in view; null for the whole run.
    spans: [], // Steps that are shaded.
    shown: null, // The figure in place, and the request that it answers.
    turn: 0, // Counts the requests: an answer that was overtaken is not drawn.
  };
  box.addEventListener('dblclick', () => look(chart, null));
  return {
    show: (subject) => show(chart, subject),
    shade: (spans) => shade(chart, spans),
    zoom: (spans) => look(chart, around(chart, spans)),
  };
}

function show(chart, subject) {
  if (subject.run !== chart.subject?.run) chart.view = null;
  chart.subject = subject;
  return draw(chart);
}

function shade(chart, spans) {
  chart.spans = spans;
  if (chart.shown) paintSpans(chart.shown.model, spans);
}

/** Bring steps into view: at once with the detail at hand, then with all there is. */
function look(chart, view) {
  if (String(view) === String(chart.view)) return;
  chart.view = view;
  if (view && chart.shown) chart.shown.model.x_range.setv({start: view[0], end: view[1]});
  draw(chart);
}

/** Return the steps to look at for `spans`: a little more on both sides, or the whole run. */
function around(chart, spans) {
  if (!spans.length || !chart.shown) return null;
  const first = Math.min(...spans.map((span) => span[0]));
  const last = Math.max(...spans.map((span) => span[1]));
  const pad = Math.max(Math.ceil((last - first) * 0.08), 20);
  const [start, end] = chart.shown.steps;
  const view = [Math.max(start, first - pad), Math.min(end, last + pad)];
  return view[1] - view[0] > 0.95 * (end - start) ? null : view;
}

async function draw(chart) {
  chart.turn += 1;
  const {token, ...subject} = chart.subject;
  const [first, last] = chart.view ?? [];
  const wanted = {...subject, y: chart.y, first, last};
  const key = JSON.stringify(wanted);
  try {
    const held = chart.shown?.key === key && chart.shown.token === token;
    const answer = await get('figure', {...wanted, v: held ? token : undefined});
    if (!answer || answer.unchanged) return;
    chart.message.textContent = answer.item ? '' : answer.reason;
    if (answer.item) await put(chart, answer, key);
    else clear(chart);
  } catch (error) {
    chart.message.textContent = `The chart could not be drawn: ${error.message}`;
  }
}

async function put(chart, answer, key) {
  const {turn} = chart;
  const Bokeh = await loading;
  const place = h('div', {class: 'figure next'});
  chart.box.append(place);
  const views = await Bokeh.embed.embed_item(answer.item, place);
  const {model} = views.get_by_id(answer.item.root_id);
  if (turn !== chart.turn) return drop({views, model, place});
  const old = chart.shown;
  chart.shown = {views, model, place, key, token: answer.v, steps: answer.steps};
  paintSpans(model, chart.spans);
  followDrags(chart, model.x_range);
  place.classList.remove('next');
  if (old) drop(old);
  chart.title.textContent = answer.tag;
  controls(chart, answer);
}

function paintSpans(model, spans) {
  const strips = model.renderers.find(({name}) => name === 'focus');
  strips.data_source.data = {
    x0: spans.map(([first, last]) => (first === last ? first - 0.5 : first)),
    x1: spans.map(([first, last]) => (first === last ? last + 0.5 : last)),
  };
}

function followDrags(chart, range) {
  let timer = 0;
  range.change.connect(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (chart.shown?.model.x_range !== range) return;
      const first = Math.max(0, Math.floor(range.start));
      look(chart, [first, Math.max(first + 1, Math.ceil(range.end))]);
    }, SETTLE_MS);
  });
}

function drop({views, model, place}) {
  views.clear();
  const at = window.Bokeh.documents.indexOf(model.document);
  if (at >= 0) window.Bokeh.documents.splice(at, 1);
  place.remove();
}

function clear(chart) {
  if (chart.shown) drop(chart.shown);
  chart.shown = null;
  fill(chart.tools);
}

function controls(chart, {log, can_log: canLog}) {
  const whole = {
    id: 'whole',
    type: 'button',
    disabled: chart.view === null,
    onclick: () => look(chart, null),
  };
  const axes = [scale(chart, 'linear', 'Linear', !log, true), scale(chart, 'log', 'Log', log, canLog)];
  fill(
    chart.tools,
    h('button', whole, 'Whole run'),
    h('span', {class: 'group', role: 'group', 'aria-label': 'Vertical axis'}, axes),
  );
}

function scale(chart, name, label, pressed, possible) {
  const properties = {
    id: `y-${name}`,
    type: 'button',
    'aria-pressed': String(pressed),
    disabled: !possible,
    title: possible ? null : 'The loss is not above 0 everywhere',
    onclick: () => {
      chart.y = name;
      draw(chart);
    },
  };
  return h('button', properties, label);
}
