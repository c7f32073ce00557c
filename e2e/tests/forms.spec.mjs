// Every ledger's form: it says how many fields it has, the keyboard alone reaches each of them, and what is wrong is told
// above and beside the fields in the same words.
import { test, expect } from '../fixtures.mjs';
import { links } from '../pages.mjs';
import { header } from '../login.mjs';

const url = process.env.DONGLIANG_URL;

/** Names of the ledgers whose records are typed in. */
async function ledgers(session) {
  const get = path => fetch(url + path, { headers: { cookie: header(session) } });
  const all = links(await (await get('/ledgers')).text(), '/ledgers/').map(href => href.split(/[/?]/)[2]);
  const found = [];
  for (const name of new Set(all)) if ((await get(`/ledgers/${name}/new`)).status === 200) found.push(name);
  return found;
}

/** Names of the fields that can be filled, a group of radio buttons once; those of a list of ticks each. */
const fields = page => page.locator('main form[novalidate] :is(input:not([type=hidden]),select,textarea)').evaluateAll(all =>
  [...new Set(all.map(e => (e.type === 'checkbox' ? `${e.name}=${e.value}` : e.name)))]);

test('every ledger has a form that the keyboard fills and that says what it asks', async ({ page, session }) => {
  test.slow();
  const names = await ledgers(session);
  expect(names.length).toBeGreaterThan(30);
  for (const name of names) {
    await page.goto(`/ledgers/${name}/new`);
    const main = page.getByRole('main');
    const said = /需填\s*(\d+)项(?:，判定要用(\d+)项)?，另有(\d+)项选填/.exec(await main.locator('.f-top').innerText());
    expect(said, name).not.toBeNull();
    const rows = main.locator('form[novalidate] .f2 > div:has(> label, > [id^="l-"])');
    const labels = await rows.evaluateAll(all => all.map(row => row.querySelector('label,[id^="l-"]').textContent));
    const required = labels.filter(label => label.includes('（必填）')).length;
    const judged = labels.filter(label => label.includes('（判定要用）')).length;
    const told = [said[1], said[2] ?? 0, said[3]].map(Number);
    expect([required, judged, labels.length - required - judged], `${name}: ${labels}`).toEqual(told);
    // What is folded is opened by its summary, which is a stop on the way; then each field is reached by Tab alone.
    await page.locator('main details:not([open]) > summary').evaluateAll(all => all.forEach(s => s.parentElement.open = true));
    const wanted = await fields(page);
    const reached = new Set();
    await main.locator('.f-top').evaluate(e => { e.tabIndex = -1; e.focus(); });
    for (let i = 0; i < 400; i += 1) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const e = document.activeElement;
        return { name: e.type === 'checkbox' ? `${e.name}=${e.value}` : e.name, save: e.textContent === '保存' };
      });
      if (at.save) break;
      if (at.name) reached.add(at.name);
    }
    expect(wanted.filter(field => !reached.has(field)), `${name} by keyboard`).toEqual([]);
    // Sent as it is, by the key that is under the finger: nothing that is asked is passed over in silence.
    const empty = await main.locator('[aria-required]').evaluateAll(all => all.filter(e => e.value === '').length);
    if (empty === 0) continue;
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    const summary = page.getByRole('alert');
    const inline = await main.locator('.f-err').allInnerTexts();
    expect(inline.length, name).toBeGreaterThan(0);
    await expect(page, name).toHaveTitle(/^错误：/);
    await expect(summary, name).toBeFocused();
    await expect(summary, name).toContainText(`请修改以下${inline.length}处`);
    expect((await summary.getByRole('link').allInnerTexts()).sort(), name).toEqual(inline.sort());
    for (const link of await summary.getByRole('link').all()) {
      const target = (await link.getAttribute('href')).slice(1);
      expect(await page.locator(`[id="${target}"]`).count(), `${name} #${target}`).toBe(1);
    }
  }
});
