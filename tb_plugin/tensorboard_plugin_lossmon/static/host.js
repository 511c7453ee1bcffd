// TensorBoard around us: reload, its names for the runs, its theme, and the hash of its address.
// Each of these is optional: opened by itself, or in a TensorBoard that lacks one, the tab works.

const PREFIX = 'p.lossmon.';
const replies = new Map();
const listeners = new Map();
let port = null;
let count = 0;

/** Open the channel to TensorBoard. */
export function connect() {
  const channel = new MessageChannel();
  port = channel.port1;
  port.onmessage = (event) => receive(JSON.parse(event.data));
  window.parent.postMessage('experimental.bootstrap', window.location.origin, [channel.port2]);
}

function receive(message) {
  if (message.isReply) {
    replies.get(message.id)?.(message.payload);
    replies.delete(message.id);
    return;
  }
  listeners.get(message.type)?.(message.payload);
  // TensorBoard awaits an answer to each of its messages.
  send({type: message.type, id: message.id, payload: null, error: null, isReply: true});
}

function send(message) {
  port.postMessage(JSON.stringify(message));
}

function ask(type) {
  const id = count++;
  return new Promise((resolve) => {
    replies.set(id, resolve);
    send({type, id, payload: {}, error: null, isReply: false});
    setTimeout(() => resolve(null), 1000);
  });
}

/** Call `reload` whenever TensorBoard has reloaded its data; a hidden tab waits until it is seen. */
export function onReload(reload) {
  let stale = false;
  const run = () => {
    stale = window.innerHeight === 0;
    if (!stale) reload();
  };
  listeners.set('experimental.DataReloaded', run);
  window.addEventListener('resize', () => {
    if (stale) run();
  });
}

/** Return TensorBoard's names of the runs, in the order that decides their colours. */
export async function hostRuns() {
  const names = await ask('experimental.GetRuns');
  return Array.isArray(names) ? names : [];
}

/** Return "dark" or "light", as TensorBoard is shown, and tell `changed` when that changes. */
export function theme(changed) {
  let body = null;
  try {
    body = window.parent.document.body;
  } catch {
    return 'light';
  }
  const read = () => (body.classList.contains('dark-mode') ? 'dark' : 'light');
  new MutationObserver(() => changed(read())).observe(body, {attributeFilter: ['class']});
  return read();
}

/** Return our part of the address, by name. */
export function readLink() {
  const found = {};
  for (const part of parts()) {
    if (!part.startsWith(PREFIX) || !part.includes('=')) continue;
    try {
      const at = part.indexOf('=');
      found[part.slice(PREFIX.length, at)] = decodeURIComponent(part.slice(at + 1));
    } catch {
      // A link that was cut in the middle of a character: as if it were not there.
    }
  }
  return found;
}

/** Put `values` into the address, and leave the parts of others as they are. */
export function writeLink(values) {
  const others = parts().filter((part) => !part.startsWith(PREFIX));
  const own = Object.entries(values)
    .filter(([, value]) => value)
    .map(([name, value]) => `${PREFIX}${name}=${encodeURIComponent(value)}`);
  const hash = `#${[...others, ...own].join('&')}`;
  try {
    const {history, location} = window.parent;
    if (location.hash !== hash) {
      history.replaceState(history.state, '', location.pathname + location.search + hash);
    }
  } catch {
    // Inside a page of another origin the address is not ours to write.
  }
}

/** Call `reload` every `seconds` while `wanted()` holds and the tab can be seen. */
export function onBeat(seconds, wanted, reload) {
  setInterval(() => {
    if (wanted() && window.innerHeight > 0 && !document.hidden) reload();
  }, seconds * 1000);
}

/** Call `changed` when the address was edited or walked back. */
export function onLink(changed) {
  try {
    window.parent.addEventListener('hashchange', changed);
  } catch {
    // As above.
  }
}

function parts() {
  try {
    return window.parent.location.hash.slice(1).split('&').filter(Boolean);
  } catch {
    return [];
  }
}
