// Elements. Text reaches the page through textContent alone: names in a log are anybody's.

/** Return an element. `on...` properties are listeners, `class` the class, the rest attributes. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') setStyle(element, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...present(children));
  return element;
}

/** Return what there is to show: lists opened, and everything absent left out. */
function present(children) {
  return children.flat(Infinity).filter((child) => child || child === 0);
}

function setStyle(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
}

/** Replace what `parent` holds, and give the focus back to the element of the same `id`. */
export function fill(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : '';
  parent.replaceChildren(...present(children));
  if (focused) document.getElementById(focused)?.focus({preventScroll: true});
}

/** Return "1 run", "2 runs". */
export function counted(number, word) {
  return `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
}
