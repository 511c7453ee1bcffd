// What the address of the tab says, so that a link shows the same to whoever opens it.
import {readLink, writeLink} from './host.js';

const SETTINGS = ['metric', 'y', 'layer', 'against'];

/** Take over what the address says into state, settings and axis. */
export function fromLink(state, settings, axis) {
  const link = readLink();
  state.run = link.run ?? null;
  state.finding = link.finding === undefined ? undefined : link.finding || null;
  state.others = link.with ? link.with.split('\n').filter(Boolean) : [];
  for (const name of SETTINGS) if (link[name]) settings[name] = link[name];
  const smooth = Number(link.smooth);
  if (link.smooth && smooth >= 0 && smooth < 1) settings.smooth = smooth;
  if (['relative', 'wall'].includes(link.x)) axis.x = link.x;
  const view = (link.zoom ?? '').split('_').map(Number);
  if (view.length === 2 && view.every(Number.isFinite) && view[0] < view[1]) axis.view = view;
  return link;
}

/** Put into the address what is shown; what is as at first is left out. */
export function toLink(state, settings, axis) {
  writeLink({
    run: state.run,
    finding: state.finding,
    with: state.others.join('\n'),
    zoom: axis.view ? axis.view.map((place) => Number(place.toPrecision(14))).join('_') : null,
    x: axis.x === 'step' ? null : axis.x,
    y: settings.y === 'auto' ? null : settings.y,
    smooth: settings.smooth === null ? null : String(settings.smooth),
    metric: settings.metric === 'grad' ? null : settings.metric,
    layer: settings.layer,
    against: settings.against,
  });
}
