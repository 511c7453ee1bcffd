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

/** Replace what `parent` holds. */
export function fill(parent, ...children) {
  keepFocus(parent, () => parent.replaceChildren(...present(children)));
}

/**
 * Give `list` one child for each [key, shown, make], in that order.
 *
 * A child whose `shown` (text) is what it was stays where it is: a click that is half done when
 * new data comes still reaches it.
 */
export function arrange(list, wanted) {
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let next = list.firstElementChild; // Not by its number: each change makes a browser count anew.
  const place = ([key, shown, make]) => {
    let child = known.get(key);
    known.delete(key);
    if (child?.dataset.shown !== shown) {
      if (child && child === next) next = next.nextElementSibling;
      child?.remove();
      child = make();
      Object.assign(child.dataset, {key, shown});
    }
    if (child === next) next = next.nextElementSibling;
    else list.insertBefore(child, next);
  };
  keepFocus(list, () => {
    wanted.forEach(place);
    for (const child of known.values()) child.remove();
  });
}

/** Change what `parent` holds, and give the focus back to the element of the same `id`. */
function keepFocus(parent, change) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : '';
  change();
  if (focused && document.activeElement?.id !== focused) {
    document.getElementById(focused)?.focus({preventScroll: true});
  }
}

/** Return "1 run", "2 runs". */
export function counted(number, word) {
  return `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
}
