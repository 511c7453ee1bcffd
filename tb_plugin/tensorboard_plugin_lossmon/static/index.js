// The tab "Stagnation": why the loss does not decrease, for each run of the logdir.
import {get} from './api.js';
import {loadBokeh, makeChart} from './chart.js';
import {fill, h} from './dom.js';
import {drawFindings, drawVerdict} from './findings.js';
import * as host from './host.js';
import {drawRuns, hues, outside, worst} from './runs.js';

const state = {
  about: null,
  listing: null,
  names: [],
  run: null,
  finding: undefined, // undefined: open the cause; null: the person closed it
  answer: null,
  look: 'light',
};
const parts = {};
let chart = null;

/** Draw the tab; TensorBoard calls this once. */
export async function render() {
  host.connect();
  state.look = host.theme(paint);
  await skeleton();
  paint(state.look);
  const link = host.readLink();
  state.run = link.run ?? null;
  state.finding = link.finding ?? undefined;
  host.onReload(reload);
  host.onLink(follow);
  await reload();
}

function skeleton() {
  for (const name of ['runs', 'verdict', 'chart', 'findings', 'empty', 'updated']) {
    parts[name] = h('section', {class: name});
  }
  parts.updated.setAttribute('role', 'status');
  parts.side = h('aside', {}, parts.runs, parts.updated);
  parts.main = h('main', {hidden: true}, parts.verdict, parts.findings, parts.chart);
  parts.page = h('div', {class: 'page'}, parts.side, parts.main, parts.empty);
  chart = makeChart(parts.chart);
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

function paint(look) {
  state.look = look;
  document.documentElement.dataset.look = look;
  if (state.answer) update();
}

/** Fetch what changed, and keep showing what is there until it has come. */
async function reload() {
  try {
    const [about, listing, names] = await Promise.all([
      state.about ?? get('about').then(prepare),
      get('runs', {v: state.listing?.v}),
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
  const known = runs.some(({run}) => run === state.run);
  if (!known && !pending.length) state.run = null;
  if (state.run === null && runs.length) choose(worst(runs).run);
  parts.main.hidden = !runs.length;
  parts.empty.hidden = Boolean(runs.length || pending.length);
  parts.side.hidden = !parts.empty.hidden;
  if (!parts.empty.hidden) drawEmpty();
  drawList();
  if (runs.some(({run}) => run === state.run)) await update();
}

function choose(run) {
  if (run !== state.run) state.finding = undefined;
  state.run = run;
}

function drawList() {
  drawRuns(parts.runs, state.listing, {selected: state.run, colour, select: selectRun});
}

function colour(run) {
  const palette = state.about.palette[state.look];
  return palette[hue(run)];
}

function hue(run) {
  return hues(state.listing.runs, state.names, state.about.palette.light.length).get(run);
}

async function selectRun(run) {
  choose(run);
  await guarded(async () => {
    drawList();
    await update();
  });
}

async function update() {
  const {run} = state;
  const same = state.answer?.run === run;
  const answer = await get('report', {run, v: same ? state.answer.v : undefined});
  if (!answer) return;
  if (!answer.unchanged) state.answer = answer;
  draw();
  const shown = {run, token: state.answer.v, look: state.look, hue: hue(run)};
  await chart.show(shown);
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
  chart.shade(spans());
  host.writeLink({run: state.run, finding: state.finding});
}

function selectFinding(slug) {
  state.finding = slug;
  draw();
  chart.zoom(spans());
}

function spans() {
  const findings = state.answer?.verdict?.findings ?? [];
  return findings.find(({rule}) => rule === state.finding)?.steps ?? [];
}

async function follow() {
  const {run, finding} = host.readLink();
  if (!run || !state.listing?.runs.some((one) => one.run === run)) return;
  if (run === state.run && (finding ?? null) === state.finding) return;
  choose(run);
  state.finding = finding ?? null;
  await guarded(settle);
}

async function guarded(work) {
  try {
    await work();
  } catch (error) {
    parts.updated.textContent = `Could not be shown: ${error.message}`;
  }
}

function drawEmpty() {
  const code = 'mon = lossmon.watch(model, optimizer, criterion=loss_fn, logdir="runs/a")\n'
    + 'mon.step(loss)   # in the loop, after optimizer.step()';
  fill(
    parts.empty,
    h('h1', {}, 'No runs yet'),
    h('p', {}, 'Add two lines to a training:'),
    h('pre', {}, h('code', {}, code)),
    h('p', {}, 'or run a script as it is:'),
    h('pre', {}, h('code', {}, 'lossmon run train.py')),
    h('p', {}, 'Runs appear here at the next reload.'),
    state.listing.notes.map((note) => h('p', {class: 'note'}, note)),
    state.listing.outside.map(outside),
  );
}
