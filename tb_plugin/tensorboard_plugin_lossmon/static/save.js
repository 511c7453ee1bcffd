// Saving what is shown: a picture of a chart, and files that a route answers.
import {address} from './api.js';
import {h} from './dom.js';
import {picture} from './figure.js';

/** Save the picture of a chart under a name. */
export async function savePicture(figure, name) {
  const link = URL.createObjectURL(await picture(figure));
  h('a', {href: link, download: `${plain(name)}.png`}).click();
  setTimeout(() => URL.revokeObjectURL(link), 10_000);
}

/** Return a link that saves what a route answers. */
export function saveLink(label, route, parameters) {
  return h('a', {class: 'save', href: address(route, parameters), download: ''}, label);
}

/** Return a name that every file system takes. */
function plain(name) {
  return name.replace(/[^\w.-]+/g, '_').slice(0, 80);
}
