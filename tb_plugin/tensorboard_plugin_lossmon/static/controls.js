// Small parts of forms, as TensorBoard's own tabs have them.
import {h} from './dom.js';

/** Return a row of buttons of which one is pressed; a choice is [name, label, why not]. */
export function choice(label, choices, pressed, chosen) {
  const buttons = choices.map(([name, text, refusal]) =>
    h(
      'button',
      {
        id: `${label.replaceAll(' ', '-').toLowerCase()}-${name}`,
        type: 'button',
        'aria-pressed': String(name === pressed),
        disabled: Boolean(refusal),
        title: refusal || null,
        onclick: () => chosen(name),
      },
      text,
    ),
  );
  return h('span', {class: 'group', role: 'group', 'aria-label': label}, buttons);
}

/** Return a list to choose from; an option is [value, label]. */
export function list(id, label, options, selected, chosen) {
  const entries = options.map(([value, text]) =>
    h('option', {value, selected: String(value) === String(selected)}, text),
  );
  const properties = {id, 'aria-label': label, onchange: (event) => chosen(event.target.value)};
  return h('select', properties, entries);
}

/** Return a button. */
export function button(id, label, pressed, more = {}) {
  return h('button', {id, type: 'button', onclick: pressed, ...more}, label);
}

/** Return a slider with its label; `chosen` is called while it moves. */
export function slider(id, label, value, {most, step}, chosen) {
  const input = h('input', {
    ...{id, type: 'range', min: 0, max: most, step, value, 'aria-label': label},
    oninput: (event) => chosen(Number(event.target.value)),
  });
  return h('label', {class: 'slider'}, label, input);
}
