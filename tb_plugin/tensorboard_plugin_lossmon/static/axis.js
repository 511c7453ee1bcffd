// The axis that all charts share: which steps are in view, and where a step lies on it.

/** Return an axis that shows all steps; `changed` is called after every change of its view. */
export function makeAxis(changed) {
  const axis = {x: 'step', view: null, whole: null, knots: null};
  return Object.assign(axis, {
    /** Bring places into view; null brings all. */
    look: (view) => {
      if (String(view) === String(axis.view)) return;
      axis.view = view;
      changed();
    },
    /** Return stretches of steps as stretches of the axis, a single step as wide as a step. */
    places: (spans) => spans.map(([first, last]) => wide(axis, first, last)),
    /** Return what to look at for stretches of steps: a little more on both sides, or all. */
    around: (spans) => around(axis, spans),
  });
}

function wide(axis, first, last) {
  const [a, b] = first === last ? [first - 0.5, last + 0.5] : [first, last];
  return [place(axis, a), place(axis, b)];
}

function around(axis, spans) {
  if (!spans.length || !axis.whole) return null;
  const first = Math.min(...spans.map((span) => span[0]));
  const last = Math.max(...spans.map((span) => span[1]));
  const pad = Math.max(Math.ceil((last - first) * 0.08), 20);
  const [start, end] = axis.whole;
  const view = [
    Math.max(start, place(axis, first - pad)),
    Math.min(end, place(axis, last + pad)),
  ];
  return view[1] <= view[0] || view[1] - view[0] > 0.95 * (end - start) ? null : view;
}

/** Return where a step lies: at itself, or between the knots that the server has sent. */
function place({knots}, step) {
  if (!knots) return step;
  const [steps, places] = knots;
  const next = steps.findIndex((known) => known >= step);
  if (next < 0) return places.at(-1);
  if (next === 0) return places[0];
  const share = (step - steps[next - 1]) / (steps[next] - steps[next - 1]);
  return places[next - 1] + share * (places[next] - places[next - 1]);
}
