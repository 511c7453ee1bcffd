// The tab "Stagnation": why the loss does not decrease, for each run of the logdir.
import {get} from './api.js';
import {makeCharts} from './charts.js';
import {fill, h} from './dom.js';
import {drawEmpty} from './empty.js';
import {after, loadBokeh} from './figure.js';
import {drawFindings, drawVerdict} from './findings.js';
import * as host from './host.js';
import {fromLink, toLink} from './link.js';
import {drawRuns, hues, worst} from './runs.js';

const LIVE_S = 5;
const state = {
  about: null,
  listing: null,
  names: [],
  hues: new Map(), // Place of each run's colour in the palette.
  run: null,
  others: [], // Runs whose loss is drawn too.
  finding: undefined, // undefined: open the cause; null: the person closed it
  answer: null,
  look: 'light',
  live: false,
};
const parts = {};
let charts = null;

/** Draw the tab, once; `first` are the answers that were asked for before this module came. */
export async function render(first) {
  host.connect();
  state.look = host.theme(paint);
  await skeleton();
  paint(state.look);
  fromLink(state, charts.settings, charts.axis);
  host.onReload(reload);
  host.onLink(follow);
  host.onBeat(LIVE_S, () => state.live, reload);
  await reload(first);
}

function skeleton() {
  for (const name of ['runs', 'verdict', 'findings', 'empty', 'updated']) {
    parts[name] = h('section', {class: name});
  }
  parts.updated.setAttribute('role', 'status');
  parts.charts = h('div', {class: 'charts'});
  parts.side = h('aside', {}, parts.runs, h('div', {class: 'foot'}, parts.updated, liveToggle()));
  parts.main = h('main', {hidden: true}, parts.verdict, parts.findings, parts.charts);
  parts.page = h('div', {class: 'page'}, parts.side, parts.main, parts.empty);
  charts = makeCharts(parts.charts, remember);
  document.documentElement.lang = 'en';
  return new Promise((resolve) => {
    const done = () => {
      document.body.append(parts.page);
      resolve();
    };
    const sheet = {rel: 'stylesheet', href: './static/style.css', onload: done, onerror: done};
    document.head.append(h('link', sheet));
  });
}

function liveToggle() {
  const onchange = (event) => {
    state.live = event.target.checked;
    if (state.live) reload();
  };
  const box = h('input', {id: 'live', type: 'checkbox', onchange});
  return h('label', {class: 'live', title: `Look for new data every ${LIVE_S} s`}, box, 'Live');
}

function paint(look) {
  state.look = look;
  document.documentElement.dataset.look = look;
  if (state.answer) update();
}

/** Fetch what changed, and keep showing what is there until it has come. */
async function reload(first = {}) {
  try {
    const [about, listing, names] = await Promise.all([
      state.about ?? (first.about ?? get('about')).then(prepare),
      first.runs ?? get('runs', {v: state.listing?.v}),
      host.hostRuns(),
    ]);
    if (!about || !listing) return;
    state.about = about;
    if (!listing.unchanged) state.listing = listing;
    state.names = names;
    await settle();
    parts.updated.textContent = `Updated ${new Date().toLocaleTimeString('en-GB')}`;
    if (state.listing.pending.length) await reload();
  } catch (error) {
    parts.updated.textContent = `Could not be updated: ${error.message}`;
  }
}

/** Load BokehJS while the server reads the runs. */
function prepare(about) {
  if (about?.bokeh) loadBokeh(about.bokeh);
  return about;
}

/** Make the page agree with the state. */
async function settle() {
  const {runs, pending} = state.listing;
  const known = (name) => runs.some(({run}) => run === name);
  if (!known(state.run) && !pending.length) state.run = null;
  if (!pending.length) state.others = state.others.filter(known);
  if (state.run === null && runs.length) choose(worst(runs).run);
  parts.main.hidden = !runs.length;
  parts.empty.hidden = Boolean(runs.length || pending.length);
  parts.side.hidden = !parts.empty.hidden;
  if (!parts.empty.hidden) drawEmpty(parts.empty, state.listing);
  state.hues = hues(runs, state.names, state.about.palette.light.length);
  const updated = known(state.run) ? update() : null; // Asks first: a long list takes its time.
  drawList();
  await updated;
}

function choose(run) {
  if (run !== state.run) state.finding = undefined;
  state.run = run;
  state.others = state.others.filter((other) => other !== run);
}

function drawList() {
  const {run: selected, others: ticked} = state;
  drawRuns(parts.runs, state.listing, {selected, ticked, colour, select: selectRun, tick});
}

function colour(run) {
  return state.about.palette[state.look][state.hues.get(run)];
}

async function selectRun(run) {
  choose(run);
  await guarded(async () => {
    drawList();
    await update();
  });
}

/** Draw the loss of a run too, or no longer. */
async function tick(run, drawn) {
  const others = state.others.filter((other) => other !== run);
  state.others = drawn ? [...others, run].slice(0, state.about.most_runs - 1) : others;
  drawList();
  await guarded(update);
}

async function update() {
  const judged = judge();
  after(judged);
  const shown = charts.show({runs: drawnRuns(), look: state.look, metrics: state.about.metrics});
  if (await judged) await shown;
}

/** Draw verdict and findings; return whether they are those of the run that is shown. */
async function judge() {
  const {run} = state;
  const same = state.answer?.run === run;
  const answer = await get('report', {run, v: same ? state.answer.v : undefined});
  if (!answer) return false;
  if (!answer.unchanged) state.answer = answer;
  draw();
  return true;
}

function drawnRuns() {
  const lines = new Map(state.listing.runs.map((line) => [line.run, line]));
  return [state.run, ...state.others]
    .filter((run) => lines.has(run))
    .map((run) => ({
      run,
      label: lines.get(run).label,
      hue: state.hues.get(run),
      colour: colour(run),
    }));
}

function draw() {
  const {verdict} = state.answer;
  if (state.finding === undefined) state.finding = state.answer.report?.cause ?? null;
  const label = state.listing.runs.find(({run}) => run === state.run)?.label ?? state.run;
  drawVerdict(parts.verdict, state.answer, label);
  if (verdict) {
    drawFindings(parts.findings, verdict, {selected: state.finding, select: selectFinding});
  } else {
    fill(parts.findings);
  }
  charts.shade(finding()?.steps ?? [], finding());
  remember();
}

function remember() {
  if (state.answer) toLink(state, charts.settings, charts.axis);
}

function selectFinding(slug) {
  state.finding = slug;
  draw();
  charts.zoom(finding()?.steps ?? []);
}

function finding() {
  const findings = state.answer?.verdict?.findings ?? [];
  return findings.find(({rule}) => rule === state.finding) ?? null;
}

async function follow() {
  const {run, finding: slug, zoom} = host.readLink();
  if (!run || !state.listing?.runs.some((one) => one.run === run)) return;
  if (run === state.run && (slug ?? null) === state.finding && !zoom) return;
  fromLink(state, charts.settings, charts.axis);
  charts.run = null; // What is in view is the link's, also for another run.
  state.finding = slug ?? null;
  await guarded(settle);
}

async function guarded(work) {
  try {
    await work();
  } catch (error) {
    parts.updated.textContent = `Could not be shown: ${error.message}`;
  }
}
