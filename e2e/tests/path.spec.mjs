// The main job as a leader walks it: overview, unit, verdict, record, and back. With scripts and without.
import { test, expect } from '../fixtures.mjs';
import { isRecord } from '../pages.mjs';

const heading = page => page.getByRole('main').getByRole('heading', { level: 1 });

/** The district with the most to explain: the first row of the table whose cells have links. */
async function district(page) {
  const table = page.getByRole('table', { name: /单位的落后项数/ });
  const row = table.getByRole('row').filter({ has: page.locator('td a') }).filter({ hasText: /局|委/ }).first();
  return row.getByRole('rowheader').getByRole('link');
}

/** Links of the main part that lead to a verdict, or to a record. */
const verdicts = page => page.getByRole('main').locator('a[href^="/verdicts/"]');
const records = page => page.getByRole('region', { name: /记录|判定/ }).locator('tbody th a[href^="/ledgers/"]');

/** From a verdict down to one that is judged on records: at most one roll-up lies between. */
async function toRecords(page) {
  for (let clicks = 0; clicks < 3; clicks += 1) {
    await expect(heading(page)).toBeVisible();
    if (await records(page).count() > 0) return;
    const below = page.getByRole('region', { name: /记录|判定/ }).locator('tbody th a[href^="/verdicts/"]').first();
    await below.click();
  }
  throw new Error('no verdict on records below');
}

for (const scripts of [true, false]) {
  test.describe(scripts ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled: scripts });

    test('from the overview down to a counted record and back', async ({ page, complaints }) => {
      await page.goto('/');
      await expect(heading(page)).toHaveText('工作总览');

      const unit = await district(page);
      const name = await unit.innerText();
      await unit.click();
      await expect(page).toHaveURL(/\/units\/[^/]+$/);
      await expect(heading(page)).toContainText(name);

      const guidance = page.getByRole('main').locator('a[href^="/verdicts/R-21/"]').first();
      await guidance.click();
      await expect(page).toHaveURL(/\/verdicts\/R-21\//);
      await toRecords(page);
      const verdict = page.url();
      await expect(page.getByRole('heading', { name: '怎么算出来的' })).toBeVisible();
      await expect(page.getByRole('heading', { name: '还需要什么' })).toBeVisible();

      const record = records(page).first();
      const href = await record.getAttribute('href');
      expect(isRecord(href)).toBe(true);
      await record.click();
      await expect(page).toHaveURL(new RegExp(`${href}$`));
      await expect(heading(page)).toBeVisible();

      // The record names the verdicts that count it; one of them is where we came from.
      await verdicts(page).and(page.locator(`[href="${new URL(verdict).pathname}"]`)).first().click();
      await expect(page).toHaveURL(verdict);
      await page.getByRole('navigation', { name: '面包屑' }).getByRole('link', { name: /要求清单/ }).click();
      await expect(heading(page)).toHaveText('要求清单');
      await page.getByRole('banner').getByRole('link', { name: /高素质干部队伍建设平台/ }).click();
      await expect(heading(page)).toHaveText('工作总览');
      expect(complaints).toEqual([]);
    });

    test('the requirement list is filtered by address', async ({ page }) => {
      await page.goto('/requirements');
      const rows = page.getByRole('main').locator('a[href^="/requirements/R-"]');
      const all = await rows.count();
      expect(all).toBeGreaterThanOrEqual(51);
      await page.getByRole('main').getByRole('link', { name: /^未达标/ }).first().click();
      await expect(page).toHaveURL(/\/requirements\?/);
      const few = await rows.count();
      expect(few).toBeGreaterThan(0);
      expect(few).toBeLessThan(all);
    });

    test('letters grow, and stay grown on the next page', async ({ page }) => {
      await page.goto('/');
      const size = () => page.evaluate(() => Number.parseFloat(getComputedStyle(document.body).fontSize));
      const before = await size();
      await page.getByRole('banner').getByRole('link', { name: '大字', exact: true }).click();
      await expect.poll(size).toBeGreaterThan(before * 1.2);
      await page.goto('/requirements');
      expect(await size()).toBeGreaterThan(before * 1.2);
    });
  });
}
