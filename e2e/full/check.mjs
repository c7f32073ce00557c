// Slow outside checkers against a running server, whose address is in DONGLIANG_URL; `cargo xtask e2e --full`.
// Lighthouse at least 95 in every category on the heavy pages; the Nu HTML checker without an error on all pages.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import lighthouse from 'lighthouse';
import desktop from 'lighthouse/core/config/desktop-config.js';
import { launch } from 'chrome-launcher';
import vnu from 'vnu-jar';
import { header, logIn } from '../login.mjs';
import { pages } from '../pages.mjs';

const url = process.env.DONGLIANG_URL;
if (!url) throw new Error('DONGLIANG_URL is not set. Type: cargo xtask e2e --full');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const LEAST = 95;
const HEAVY = ['工作总览', '要求清单', '单位详情', '判定', '台账', '新增记录'];

const headers = { Cookie: header(await logIn(url)) };
const addresses = await pages(async path => (await fetch(url + path, { headers })).text());
const wrong = [...await nu(), ...await scores()];
console.log(wrong.length === 0 ? 'both checkers are content' : wrong.join('\n'));
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Errors that the Nu HTML checker finds in any page. */
async function nu() {
  const dir = await mkdtemp(join(tmpdir(), 'dongliang-vnu-'));
  try {
    const files = [];
    for (const [name, address] of Object.entries(addresses)) {
      const file = join(dir, `${name}.html`);
      await writeFile(file, await (await fetch(url + address, { headers })).text());
      files.push(file);
    }
    const run = promisify(execFile)('java', ['-jar', vnu, '--exit-zero-always', '--format', 'json', ...files], { maxBuffer: 1 << 26 });
    const { messages } = JSON.parse((await run).stderr);
    const errors = messages.filter(message => message.type === 'error');
    console.log(`Nu HTML checker: ${files.length} pages, ${errors.length} errors`);
    return errors.map(e => `${decodeURI(e.url).split('/').pop()}:${e.lastLine}: ${e.message} — ${e.extract}`);
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Categories below what is asked, on a desktop and on a phone. */
async function scores() {
  const chrome = await launch({
    chromePath: CHROMIUM,
    chromeFlags: [
      '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
  const low = [];
  try {
    for (const name of HEAVY) {
      for (const formFactor of ['desktop', 'mobile']) {
        const flags = { port: chrome.port, extraHeaders: headers, logLevel: 'error', onlyCategories: CATEGORIES };
        // A desktop with a desktop's network and processor: the thresholds of its scores are made for these.
        const config = formFactor === 'desktop' ? desktop : undefined;
        const lhr = await middle(() => lighthouse(url + addresses[name], flags, config));
        const found = CATEGORIES.map(category => [category, Math.round((lhr.categories[category].score ?? 0) * 100)]);
        console.log(`Lighthouse: ${name}, ${formFactor}: ${found.map(pair => pair.join(' ')).join(', ')}`);
        for (const [category, score] of found) {
          if (score < LEAST) low.push(`${name}, ${formFactor}: ${category} ${score}, less than ${LEAST}: ${failed(lhr, category)}`);
        }
      }
    }
  } finally {
    chrome.kill();
  }
  return low;
}

/** Of three runs the one whose performance is neither the best nor the worst: a single one varies with the machine. */
async function middle(run) {
  const runs = [];
  for (let n = 0; n < 3; n += 1) runs.push((await run()).lhr);
  return runs.sort((a, b) => a.categories.performance.score - b.categories.performance.score)[1];
}

/** What cost the points. */
function failed(lhr, category) {
  const audits = lhr.categories[category].auditRefs.filter(ref => ref.weight > 0).map(ref => lhr.audits[ref.id]);
  return audits.filter(audit => audit.score !== null && audit.score < 0.9).map(audit => audit.title).join('; ');
}
