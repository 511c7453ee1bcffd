// One layer: what it is, its last numbers, and its metrics over the steps.
import {get} from './api.js';
import {button} from './controls.js';
import {fill, h} from './dom.js';
import {clear, makeFigure, put, shade} from './figure.js';

/** Return the detail of a layer inside `parent`, hidden until there is one. */
export function makeLayer(parent, axis, settings, {select}) {
  const title = h('h2', {});
  const facts = h('dl', {class: 'facts'});
  const message = h('p', {class: 'note', role: 'status'});
  const box = h('div', {class: 'plot small', role: 'img', 'aria-label': 'The layer over the steps'});
  const shut = button('layer-close', 'Close', () => select(null));
  fill(parent, h('div', {class: 'bar'}, title, h('div', {class: 'tools'}, shut)), facts, message, box);
  parent.hidden = true;
  const figure = makeFigure(box, axis.look);
  const layer = {...{parent, title, facts, message, box, figure, axis, settings}, wanted: '', token: ''};
  return {
    figure,
    show: (subject) => draw(layer, subject),
    shade: (spans) => shade(figure, axis.places(spans)),
  };
}

async function draw(layer, {runs, look}) {
  const {parent, axis, settings, figure, message} = layer;
  parent.hidden = !settings.layer;
  if (!settings.layer) return void clear(figure);
  const {run} = runs[0];
  const [first, last] = axis.view ?? [];
  const wanted = {run, look, first, last, x: axis.x, name: settings.layer, left: settings.left};
  const key = JSON.stringify(wanted);
  try {
    const answer = await get('layer', {...wanted, v: layer.wanted === key ? layer.token : undefined});
    if (!answer || answer.unchanged) return;
    Object.assign(layer, {wanted: key, token: answer.v});
    layer.title.textContent = answer.name ?? settings.layer;
    const pair = ([word, value]) => [h('dt', {}, word), h('dd', {}, value)];
    fill(layer.facts, (answer.facts ?? []).flatMap(pair));
    message.textContent = [answer.reason, ...(answer.gaps ?? [])].filter(Boolean).join('; ');
    layer.box.hidden = !answer.item;
    if (answer.item) await put(figure, answer.item);
    else clear(figure);
  } catch (error) {
    message.textContent = `The layer could not be shown: ${error.message}`;
  }
}
