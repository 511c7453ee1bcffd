// The chart of the loss: of one run, or of several, with its controls.
//
// Every change asks the server for a new figure, with as much detail as the steps in view allow.
import {get} from './api.js';
import {button, choice, slider} from './controls.js';
import {arrange, counted, fill, h} from './dom.js';
import {clear, makeFigure, put, shade} from './figure.js';
import {savePicture} from './save.js';

const AXES = [['step', 'Step'], ['relative', 'Relative'], ['wall', 'Wall']];
const SMOOTHEST = 0.999;

/** Return the chart inside `parent`; `changed` is called when the axis below becomes another. */
export function makeChart(parent, axis, settings, changed) {
  const title = h('h2', {class: 'tag'}, 'Loss');
  const tools = h('div', {class: 'tools'});
  const box = h('div', {class: 'plot loss', role: 'img', 'aria-label': 'The loss over the steps'});
  const message = h('p', {class: 'note', role: 'status'});
  const names = h('p', {class: 'names'});
  const events = h('div', {class: 'events'});
  fill(parent, h('div', {class: 'bar'}, title, tools), message, box, names, events);
  const figure = makeFigure(box, axis.look);
  box.addEventListener('dblclick', () => axis.look(null));
  const chart = {
    ...{title, tools, message, names, events, figure, axis, settings, changed},
    ...{key: '', token: ''},
  };
  return {
    figure,
    show: (subject) => draw(chart, subject),
    shade: (spans) => shade(figure, axis.places(spans)),
  };
}

async function draw(chart, subject) {
  const {axis, settings, figure} = chart;
  const wanted = asked(chart, subject);
  const key = JSON.stringify(wanted);
  const held = figure.shown && chart.key === key;
  try {
    const answer = await get('figure', {...wanted, v: held ? chart.token : undefined});
    if (!answer || answer.unchanged) return;
    chart.message.textContent = answer.item ? '' : answer.reason;
    if (!answer.item) return void empty(chart);
    if (axis.view === null) axis.whole = answer.range;
    axis.knots = answer.knots;
    if (!(await put(figure, answer.item))) return;
    Object.assign(chart, {key, token: answer.v});
    chart.title.textContent = answer.tag;
    controls(chart, answer, subject);
    fill(chart.names, legend(subject, answer.missing));
    fill(chart.events, happenings(answer.events));
  } catch (error) {
    chart.message.textContent = `The chart could not be drawn: ${error.message}`;
  }
}

function asked({axis, settings}, {runs, look}) {
  const [first, last] = axis.view ?? [];
  return {
    run: runs.map(({run}) => run),
    hue: runs.map(({hue}) => hue),
    ...{look, first, last, x: axis.x, y: settings.y, smooth: settings.smooth, left: settings.left},
  };
}

function empty(chart) {
  clear(chart.figure);
  fill(chart.tools);
  fill(chart.names);
  fill(chart.events);
}

/** Draw the controls; one that is as it was stays, so that a slider in use is not taken away. */
function controls(chart, {log, can_log: canLog}, subject) {
  const {axis, settings, changed} = chart;
  const why = canLog ? '' : 'The loss is not above 0 everywhere';
  const set = (name) => (value) => {
    settings[name] = value;
    changed(name);
  };
  const y = () => choice('y', [['linear', 'Linear'], ['log', 'Log', why]], log ? 'log' : 'linear', set('y'));
  const range = {most: SMOOTHEST, step: 0.001};
  const save = () => savePicture(chart.figure, `loss ${subject.runs[0].run}`);
  const whole = {disabled: axis.view === null};
  arrange(chart.tools, [
    ['whole', String(axis.view === null), () => button('whole', 'Whole run', () => axis.look(null), whole)],
    ['y', `${log} ${why}`, y],
    ['x', axis.x, () => choice('x', AXES, axis.x, set('x'))],
    ['smooth', '', () => slider('smooth', 'Smoothing', settings.smooth ?? 0.6, range, set('smooth'))],
    ['png', subject.runs[0].run, () => button('png', 'PNG', save, {title: 'Save the chart as a picture'})],
  ]);
}

/** Return the names of the runs by the number and the line that they have in the chart. */
function legend({runs}, missing) {
  if (runs.length < 2) return [];
  const lines = ['solid', 'dashed', 'dotted'];
  return runs.map(({run, label, colour}, at) => {
    const line = h('span', {class: 'line', style: {'border-top': `2px ${lines[at % 3]} ${colour}`}});
    const without = missing.includes(run) ? ' (no loss)' : '';
    return h('span', {class: 'name'}, line, `${at + 1} ${label}${without}`);
  });
}

function happenings(events) {
  if (!events.length) return null;
  const lines = events.map(([step, reads]) => h('li', {}, `step ${step.toLocaleString('en')}: ${reads}`));
  return h(
    'details',
    {},
    h('summary', {id: 'events'}, counted(events.length, 'event')),
    h('ul', {}, lines),
  );
}
