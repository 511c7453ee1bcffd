// The chart: a Bokeh figure made by the server, its controls, and what a finding does to it.
import {get} from './api.js';
import {fill, h} from './dom.js';

let loading = null;

/** Load BokehJS, as the server has it installed; the version is in the address, for the cache. */
export function loadBokeh(version) {
  loading ??= new Promise((resolve, reject) => {
    const onload = () => resolve(window.Bokeh);
    const onerror = () => reject(new Error('BokehJS could not be loaded'));
    document.head.append(h('script', {src: `./static/bokeh.js?v=${version}`, onload, onerror}));
  });
  return loading;
}

/** Return the chart inside `parent`. */
export function makeChart(parent) {
  const title = h('h2', {class: 'tag'}, 'Loss');
  const tools = h('div', {class: 'tools'});
  const box = h('div', {class: 'plot', tabindex: '-1'});
  const message = h('p', {class: 'note'});
  fill(parent, h('div', {class: 'bar'}, title, tools), message, box);
  const chart = {title, tools, box, message, wanted: null, shown: null, y: 'auto', spans: []};
  box.addEventListener('dblclick', () => whole(chart));
  return {
    show: (wanted) => show(chart, wanted),
    focus: (spans) => focus(chart, spans),
  };
}

async function show(chart, wanted) {
  chart.wanted = wanted;
  const {run, token, look, hue} = wanted;
  const same = chart.shown && sameView(chart.shown, wanted, chart.y);
  const v = same ? token && chart.shown.token : undefined;
  const answer = await get('figure', {run, look, hue, y: chart.y, v});
  if (!answer || answer.unchanged) return;
  chart.message.textContent = answer.item ? '' : answer.reason;
  if (!answer.item) {
    clear(chart);
    return;
  }
  await embed(chart, answer, same);
  chart.shown.wanted = {...wanted, y: chart.y};
  chart.shown.token = answer.v;
  controls(chart, answer);
  chart.title.textContent = answer.tag;
}

function sameView({wanted}, {run, look, hue}, y) {
  return wanted?.run === run && wanted.look === look && wanted.hue === hue && wanted.y === y;
}

/** Draw the new figure behind the old one, then put it in its place: nothing flickers. */
async function embed(chart, answer, keepZoom) {
  const Bokeh = await loading;
  const place = h('div', {class: 'figure next'});
  chart.box.append(place);
  const views = await Bokeh.embed.embed_item(answer.item, place);
  const model = views.get_by_id(answer.item.root_id).model;
  const old = chart.shown;
  const range = model.x_range;
  const home = [range.start, range.end];
  chart.shown = {views, model, place, home, token: '', wanted: null};
  shade(chart);
  if (old && keepZoom && isZoomed(old)) zoom(chart, old.model.x_range.start, old.model.x_range.end);
  range.change.connect(() => offerWhole(chart));
  place.classList.remove('next');
  if (old) drop(old);
}

function drop(shown) {
  shown.views.clear();
  const at = window.Bokeh.documents.indexOf(shown.model.document);
  if (at >= 0) window.Bokeh.documents.splice(at, 1);
  shown.place.remove();
}

function clear(chart) {
  if (chart.shown) drop(chart.shown);
  chart.shown = null;
  fill(chart.tools);
}

function controls(chart, answer) {
  const scale = (name, label, pressed, disabled) =>
    h(
      'button',
      {
        type: 'button',
        id: `y-${name}`,
        'aria-pressed': String(pressed),
        disabled,
        title: disabled ? 'The loss is not above 0 everywhere' : `${label} axis`,
        onclick: () => {
          chart.y = name;
          report(chart, show(chart, chart.wanted));
        },
      },
      label,
    );
  const whole_ = h(
    'button',
    {type: 'button', id: 'whole', class: 'whole', onclick: () => whole(chart)},
    'Whole run',
  );
  fill(
    chart.tools,
    whole_,
    h(
      'span',
      {class: 'group', role: 'group', 'aria-label': 'Vertical axis'},
      scale('linear', 'Linear', !answer.log, false),
      scale('log', 'Log', answer.log, !answer.can_log),
    ),
  );
  offerWhole(chart);
}

async function report(chart, promise) {
  try {
    await promise;
  } catch (error) {
    chart.message.textContent = `The chart could not be drawn: ${error.message}`;
  }
}

function focus(chart, spans) {
  chart.spans = spans;
  if (!chart.shown) return;
  shade(chart);
  if (!spans.length) {
    whole(chart);
    return;
  }
  const first = Math.min(...spans.map((span) => span[0]));
  const last = Math.max(...spans.map((span) => span[1]));
  const pad = Math.max((last - first) * 0.08, 2);
  const [start, end] = chart.shown.home;
  zoom(chart, Math.max(start, first - pad), Math.min(end, last + pad));
}

function shade({shown, spans}) {
  const strips = shown.model.select_one('focus') ?? byName(shown.model, 'focus');
  strips.data_source.data = {
    x0: spans.map(([first, last]) => (first === last ? first - 0.5 : first)),
    x1: spans.map(([first, last]) => (first === last ? last + 0.5 : last)),
  };
}

function byName(model, name) {
  return model.renderers.find((renderer) => renderer.name === name);
}

function zoom({shown}, start, end) {
  shown.model.x_range.setv({start, end});
}

function whole(chart) {
  if (chart.shown) zoom(chart, ...chart.shown.home);
}

function isZoomed({model, home}) {
  return model.x_range.start !== home[0] || model.x_range.end !== home[1];
}

function offerWhole({tools, shown}) {
  const button = tools.querySelector('.whole');
  if (button && shown) button.disabled = !isZoomed(shown);
}
