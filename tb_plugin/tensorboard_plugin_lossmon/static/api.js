// Our routes. Addresses are relative to the page, so that a path prefix or a proxy changes nothing.

const underway = new Map();

/** Return the answer of a route; null where a newer request of the same route overtook it. */
export async function get(route, parameters = {}) {
  underway.get(route)?.abort();
  const control = new AbortController();
  underway.set(route, control);
  try {
    const response = await fetch(address(route, parameters), {signal: control.signal});
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error || `the server answered ${response.status}`);
    return control.signal.aborted ? null : answer;
  } catch (error) {
    if (control.signal.aborted) return null;
    throw error;
  } finally {
    if (underway.get(route) === control) underway.delete(route);
  }
}

/** Return the address of a route; a list of values is given one by one. */
export function address(route, parameters) {
  const query = new URLSearchParams();
  for (const [name, given] of Object.entries(parameters)) {
    for (const value of [given].flat()) {
      if (value !== undefined && value !== null && value !== '') query.append(name, value);
    }
  }
  return `./${route}${query.size ? `?${query}` : ''}`;
}
