// What the training takes of the machine: its last readings, and its charts once they are asked for.
import {get} from './api.js';
import {fill, h} from './dom.js';
import {clear, makeFigure, put, reach, shade} from './figure.js';

/** Return the readings inside `parent`, folded, and hidden where nothing was recorded. */
export function makeMachine(parent, axis, settings) {
  const facts = h('dl', {class: 'facts'});
  const message = h('p', {class: 'note', role: 'status'});
  const plots = h('div', {});
  const whole = h('details', {}, h('summary', {id: 'machine'}, 'Machine'), facts, message, plots);
  fill(parent, whole);
  parent.hidden = true;
  const machine = {...{parent, whole, facts, message, plots, axis, settings}, ...{figures: new Map(), subject: null}};
  whole.addEventListener('toggle', () => machine.subject && draw(machine, machine.subject));
  return {
    show: (subject) => draw(machine, subject),
    reach: (view) => each(machine, (figure) => reach(figure, view)),
    shade: (spans) => each(machine, (figure) => shade(figure, axis.places(spans))),
  };
}

function each({figures}, change) {
  for (const {figure} of figures.values()) change(figure);
}

async function draw(machine, subject) {
  const {parent, whole, axis, settings, message, facts} = machine;
  machine.subject = subject;
  const {run} = subject.runs[0];
  const [first, last] = axis.view ?? [];
  const drawn = whole.open ? 'yes' : 'no';
  const wanted = {run, look: subject.look, first, last, x: axis.x, left: settings.left, drawn};
  const key = JSON.stringify(wanted);
  try {
    const answer = await get('machine', {...wanted, v: machine.wanted === key ? machine.token : undefined});
    if (!answer || answer.unchanged) return;
    Object.assign(machine, {wanted: key, token: answer.v});
    parent.hidden = !answer.facts?.length;
    const pair = ([word, value]) => [h('dt', {}, word), h('dd', {}, value)];
    fill(facts, (answer.facts ?? []).flatMap(pair));
    message.textContent = answer.reason ?? '';
    await place(machine, answer.dials ?? []);
  } catch (error) {
    message.textContent = `The machine could not be shown: ${error.message}`;
  }
}

/** Draw each dial in a place of its own, and take away those that are gone. */
async function place(machine, dials) {
  const names = dials.map(({name}) => name);
  for (const [name, {figure, box}] of machine.figures) {
    if (names.includes(name)) continue;
    clear(figure);
    box.remove();
    machine.figures.delete(name);
  }
  for (const {name, title, item} of dials) {
    if (!machine.figures.has(name)) {
      const plot = h('div', {class: 'plot dial', role: 'img', 'aria-label': `${title}, over the steps`});
      const box = h('div', {}, h('h3', {}, title), plot);
      machine.plots.append(box);
      machine.figures.set(name, {box, figure: makeFigure(plot, machine.axis.look)});
    }
    await put(machine.figures.get(name).figure, item);
  }
}
