// What TensorBoard loads first: it asks at once for all that the tab needs, one module after the
// other of which would only be found in the one before it.
import {get} from './api.js';

const MODULES = [
  ...['axis', 'chart', 'charts', 'compare', 'controls', 'dom', 'empty', 'figure', 'findings'],
  ...['heatmap', 'host', 'layer', 'link', 'machine', 'runs', 'save'],
];
const first = {about: get('about'), runs: get('runs')};
const bokeh = new URL(import.meta.url).searchParams.get('bokeh');
// BokehJS before the modules: a browser asks for six files at a time.
if (bokeh) hint('preload', `bokeh.js?v=${bokeh}`, 'script');
for (const name of MODULES) hint('modulepreload', `${name}.js`);
hint('preload', 'style.css', 'style');
for (const answer of Object.values(first)) answer.catch(none); // Told where it is awaited.
const tab = import('./tab.js');

/** Draw the tab; TensorBoard calls this once. */
export async function render() {
  const {render: draw} = await tab;
  await draw(first);
}

/** Have the browser fetch a file that will be wanted soon. */
function hint(rel, file, as = '') {
  const link = Object.assign(document.createElement('link'), {rel, href: `./static/${file}`});
  if (as) link.as = as;
  document.head.append(link);
}

function none() {}
