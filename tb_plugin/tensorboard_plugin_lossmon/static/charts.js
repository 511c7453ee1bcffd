// All charts of a run, one below the other over one axis: the loss, the layers, one of them.
import {makeAxis} from './axis.js';
import {makeChart} from './chart.js';
import {makeComparison} from './compare.js';
import {h} from './dom.js';
import {reach} from './figure.js';
import {makeHeatmap} from './heatmap.js';
import {makeLayer} from './layer.js';
import {makeMachine} from './machine.js';

/** Room in pixels left of every chart, so that a step is at the same place in all of them. */
const LEFT = {wide: 132, narrow: 92};

/** Return the charts inside `parent`; `changed` is called when what they show has changed. */
export function makeCharts(parent, changed) {
  const narrow = window.matchMedia('(max-width: 720px)');
  const settings = {y: 'auto', smooth: null, metric: 'grad', level: null, open: [], row: 0, layer: null};
  settings.against = null; // The run that the shown one is compared with.
  settings.left = narrow.matches ? LEFT.narrow : LEFT.wide;
  const charts = {settings, subject: null, shaded: {spans: [], finding: null}, run: null};
  charts.axis = makeAxis(() => moved(charts, changed));
  const parts = ['chart', 'layers', 'layer', 'machine', 'compare'].map((name) => h('section', {class: name}));
  parent.append(...parts);
  const select = (layer) => {
    settings.layer = layer;
    again(charts, ['map', 'layer'], changed);
  };
  const set = (name) => adjust(charts, name, changed);
  charts.loss = makeChart(parts[0], charts.axis, settings, set);
  charts.compare = makeComparison(parts[4], charts.axis, settings, set);
  charts.map = makeHeatmap(parts[1], charts.axis, settings, {changed: set, select});
  charts.machine = makeMachine(parts[3], charts.axis, settings);
  charts.layer = makeLayer(parts[2], charts.axis, settings, {select});
  narrow.addEventListener('change', () => {
    settings.left = narrow.matches ? LEFT.narrow : LEFT.wide;
    if (charts.subject) draw(charts);
  });
  return Object.assign(charts, {
    show: (subject) => show(charts, subject),
    shade: (spans, finding) => shadeAll(charts, spans, finding),
    zoom: (spans) => charts.axis.look(charts.axis.around(spans)),
  });
}

function adjust(charts, name, changed) {
  if (name === 'x') {
    charts.axis.x = charts.settings.x;
    Object.assign(charts.axis, {view: null, knots: null});
    again(charts, ['loss', 'compare', 'map', 'layer', 'machine'], changed);
  } else {
    const chart = {y: 'loss', smooth: 'loss', against: 'compare'}[name] ?? 'map';
    again(charts, [chart], changed);
  }
}

/** Draw a run, and what else is to be in its chart; another run is seen whole, and all its rows. */
async function show(charts, subject) {
  const {run} = subject.runs[0];
  if (charts.run !== null && charts.run !== run) {
    charts.axis.view = null;
    Object.assign(charts.settings, {level: null, open: [], row: 0, layer: null});
  }
  charts.run = run;
  charts.subject = subject;
  await draw(charts);
}

/** Draw all charts at once; a comparison after the loss, which says how far the axis reaches. */
async function draw(charts) {
  const {subject} = charts;
  const first = ['loss', 'map', 'layer', 'machine'].map((name) => charts[name].show(subject));
  await first[0];
  shadeAll(charts, charts.shaded.spans, charts.shaded.finding);
  await Promise.all([...first, charts.compare.show(subject)]);
}

async function again(charts, names, changed) {
  changed();
  for (const name of names) await charts[name].show(charts.subject);
  shadeAll(charts, charts.shaded.spans, charts.shaded.finding);
}

function moved(charts, changed) {
  changed();
  const {view} = charts.axis;
  if (view) for (const name of ['loss', 'map', 'layer']) reach(charts[name].figure, view);
  if (view) charts.machine.reach(view);
  if (charts.subject) draw(charts);
}

function shadeAll(charts, spans, finding) {
  charts.shaded = {spans, finding};
  charts.loss.shade(spans);
  charts.map.shade(spans, finding);
  charts.layer.shade(spans);
  charts.machine.shade(spans);
}
