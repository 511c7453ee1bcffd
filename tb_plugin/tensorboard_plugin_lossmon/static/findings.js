// The verdict and its findings. Each finding is a button: pressed, it opens and shades the chart.
import {get} from './api.js';
import {fill, h} from './dom.js';
import {words} from './runs.js';
import {saveLink} from './save.js';

const MARKS = {error: '✕', warning: '!', info: 'i'};
const opened = new Set();

/** Draw the line that says how the run is. */
export function drawVerdict(parent, answer, label) {
  const {verdict} = answer;
  fill(
    parent,
    h(
      'h1',
      {},
      h('span', {class: 'title'}, label),
      verdict && h('span', {class: `status ${verdict.status}`}, words(verdict.status)),
    ),
    verdict?.reads && h('p', {class: 'reads'}, verdict.reads),
    h('p', {class: 'about'}, [verdict?.steps, ...answer.about].filter(Boolean).join(' · ')),
    answer.error && h('p', {class: 'problem'}, `The diagnosis failed: ${answer.error}`),
    answer.losses.map((text) => h('p', {class: 'problem'}, text)),
    h(
      'p',
      {class: 'saves'},
      'Save: ',
      saveLink('findings as JSON', 'export', {run: answer.run, as: 'json'}),
      saveLink('as Markdown', 'export', {run: answer.run, as: 'md'}),
      saveLink('scalars as CSV', 'export', {run: answer.run, as: 'csv'}),
      answer.layers && saveLink('layers as CSV', 'export', {run: answer.run, as: 'layers'}),
    ),
  );
}

/** Draw the findings; `select` is called with a slug, or null when one is let go. */
export function drawFindings(parent, verdict, {selected, select}) {
  const items = verdict.findings.map((one) => item(one, one.rule === selected, select));
  fill(
    parent,
    h('h2', {}, 'Findings'),
    items.length
      ? h('ol', {class: 'findings', onkeydown: walk}, items)
      : h('p', {class: 'none'}, none(verdict)),
    [...verdict.resolved, ...verdict.undecided].map((text) => h('p', {class: 'note'}, text)),
    others(verdict.others),
  );
}

/** Return what no finding means: never that all is well where rules could not be judged. */
function none({status, others: groups}) {
  if (status === 'not-enough-evidence') return 'No findings yet: more steps are needed.';
  const skipped = groups.find(({name}) => name === 'skipped')?.rules.length ?? 0;
  const all = groups.reduce((sum, {rules}) => sum + rules.length, 0);
  return skipped ? `No findings, but ${skipped} of ${all} rules could not be judged.` : 'No findings.';
}

function item(one, open, select) {
  const body = `finding-body-${one.rule}`;
  const head = h(
    'button',
    {
      id: `finding-${one.rule}`,
      class: 'head',
      type: 'button',
      'aria-expanded': String(open),
      'aria-controls': body,
      onclick: () => select(open ? null : one.rule),
    },
    h('span', {class: `mark ${one.severity}`, 'aria-hidden': 'true'}, MARKS[one.severity]),
    h('span', {class: 'claim'}, one.claim),
    h('span', {class: 'sub'}, facts(one)),
  );
  const properties = {class: `finding ${one.severity}`, 'data-rule': one.rule, 'data-depth': one.depth};
  return h(
    'li',
    {...properties, style: {'--depth': Math.min(one.depth, 3)}},
    head,
    open ? details(one, body) : h('div', {id: body, hidden: true}),
  );
}

function facts(one) {
  const role = {cause: 'primary cause', consequence: `follows from ${one.consequence_of}`}[one.role];
  const words = [role, one.severity, one.since, one.rule].filter(Boolean);
  return words.flatMap((word, at) => [at ? ' · ' : '', h('span', {}, word)]);
}

function details(one, id) {
  return h(
    'div',
    {id, class: 'body'},
    one.culprits.length > 0 && section('Where', culprits(one)),
    one.evidence.length > 0 && section('Seen', h('ul', {class: 'evidence'}, one.evidence.map(evidence))),
    one.fixes.length > 0 && section('Fix', fixes(one.fixes)),
    doc(one.rule),
  );
}

function section(name, content) {
  return h('div', {class: 'section'}, h('h3', {}, name), content);
}

function culprits(one) {
  const names = one.culprits.map((name) => h('code', {}, name));
  const more = one.more_culprits ? h('span', {}, `and ${one.more_culprits} more`) : null;
  return h('p', {class: 'culprits'}, names, more);
}

function evidence(one) {
  const aside = [one.where, one.limit && `limit ${one.limit}`].filter(Boolean).join(', ');
  return h('li', {title: one.source || null}, one.reads, ' ', h('span', {class: 'where'}, `(${aside})`));
}

function fixes(list) {
  return list.length === 1
    ? h('p', {}, list[0])
    : h('ol', {class: 'fixes'}, list.map((fix) => h('li', {}, fix)));
}

function doc(slug) {
  const text = h('div', {class: 'doc'}, 'Loading …');
  const show = async (event) => {
    if (!event.target.open) return void opened.delete(slug);
    opened.add(slug);
    try {
      const rule = await get('rule', {id: slug});
      if (rule) text.replaceChildren(...paragraphs(rule.doc));
    } catch (error) {
      text.textContent = `Could not be loaded: ${error.message}`;
    }
  };
  const summary = h('summary', {id: `doc-${slug}`}, 'About this rule');
  return h('details', {class: 'rule', ontoggle: show, open: opened.has(slug)}, summary, text);
}

/** Return the doc of a rule as headings and paragraphs; its first line, the claim, is left out. */
function paragraphs(source) {
  const blocks = source.split('\n').slice(1).join('\n').split(/\n\s*\n/);
  return blocks.flatMap((block) => {
    const lines = block.split('\n').filter((line) => line.trim());
    const titled = lines.length > 1 && !lines[0].startsWith(' ') && lines[1].startsWith(' ');
    const title = titled ? [h('h4', {}, lines.shift())] : [];
    const text = lines.map((line) => line.trim()).join(' ');
    return text ? [...title, h('p', {}, text)] : title;
  });
}

/** Move between findings with the arrow keys, Home and End. */
function walk(event) {
  const heads = [...event.currentTarget.querySelectorAll('.head')];
  const at = heads.indexOf(document.activeElement);
  const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: heads.length - 1}[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  heads[Math.max(0, Math.min(heads.length - 1, to))].focus();
}

function others(groups) {
  if (!groups.length) return null;
  const tally = groups.map(({name, rules}) => `${rules.length} ${name}`).join(', ');
  return h(
    'details',
    {class: 'others'},
    h('summary', {id: 'others'}, `Other rules: ${tally}`),
    h('dl', {}, groups.flatMap(({name, rules}) => rules.map(([slug, why]) => other(name, slug, why)))),
  );
}

function other(name, slug, why) {
  return [h('dt', {}, h('code', {}, slug)), h('dd', {}, why ? `${name}: ${why}` : name)];
}
