// One Bokeh figure in its place. A new one takes the place of the old when it is drawn, so that
// nothing flickers; what is shaded, and what a drag does, is the same for all of them.
import {h} from './dom.js';

const SETTLE_MS = 200; // A drag is over when the range has been still for so long.
const PAINT_MS = 100;
let loading = null;
let ahead = null; // What is to be seen before any figure.

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

/** Let figures wait until `seen` has come to its end, however it ends. */
export function after(seen) {
  ahead = seen.then(painted, () => {});
}

/** Wait until the browser has shown what is on the page. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, PAINT_MS); // No frame comes where the tab cannot be seen.
  });
}

/** Return a place for figures in `box`; `dragged` is called with what a drag has brought into view. */
export function makeFigure(box, dragged = null) {
  return {box, dragged, shown: null, turn: 0, spans: []};
}

/** Draw `item`; return whether it is in place, and not overtaken by another. */
export async function put(figure, item) {
  figure.turn += 1;
  const {turn} = figure;
  const [Bokeh] = await Promise.all([loading, ahead]);
  if (turn !== figure.turn) return false;
  const place = h('div', {class: 'figure next'});
  figure.box.append(place);
  unpack(item.doc);
  const views = await Bokeh.embed.embed_item(item, place);
  const view = views.get_by_id(item.root_id);
  const drawn = {views, view, model: view.model, place};
  if (turn !== figure.turn) {
    drop(drawn);
    return false;
  }
  const old = figure.shown;
  figure.shown = drawn;
  shade(figure, figure.spans);
  if (figure.dragged) followDrags(figure, drawn.model.x_range);
  place.classList.remove('next');
  if (old) drop(old);
  return true;
}

/** Turn the arrays of a document from base64 into bytes; BokehJS would take them for compressed. */
function unpack(part) {
  if (part.type === 'bytes') part.data = bytes(part.data);
  else for (const inner of Object.values(part)) if (inner && typeof inner === 'object') unpack(inner);
}

function bytes(base64) {
  return Uint8Array.fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}

/** Shade stretches of the axis. */
export function shade(figure, spans) {
  figure.spans = spans;
  const strips = figure.shown?.model.renderers.find(({name}) => name === 'focus');
  if (strips) {
    strips.data_source.data = {x0: spans.map(([first]) => first), x1: spans.map(([, last]) => last)};
  }
}

/** Bring a stretch of the axis into view, with the detail at hand. */
export function reach(figure, [start, end]) {
  figure.shown?.model.x_range.setv({start, end});
}

/** Take the figure away. */
export function clear(figure) {
  figure.turn += 1;
  if (figure.shown) drop(figure.shown);
  figure.shown = null;
}

/** Return the picture as a PNG. */
export function picture(figure) {
  const canvas = figure.shown.view.export('png').canvas;
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

function followDrags(figure, range) {
  let timer = 0;
  range.change.connect(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (figure.shown?.model.x_range === range) figure.dragged([range.start, range.end]);
    }, SETTLE_MS);
  });
}

function drop({views, model, place}) {
  views.clear();
  const at = window.Bokeh.documents.indexOf(model.document);
  if (at >= 0) window.Bokeh.documents.splice(at, 1);
  place.remove();
}
