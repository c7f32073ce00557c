// The main job as a leader walks it: overview, unit, verdict, record, and back. With scripts and without.
import { test, expect } from '../fixtures.mjs';
import { isRecord } from '../pages.mjs';

const heading = page => page.getByRole('main').getByRole('heading', { level: 1 });

/** The district with the most to explain: the first row of the table whose cells have links. */
async function district(page) {
  const table = page.getByRole('table', { name: /单位的落后项数/ });
  const row = table.getByRole('row').filter({ has: page.locator('td a') }).first();
  return row.getByRole('rowheader').getByRole('link');
}

/** Rows of the verdict's page that count, each with a link to its record. */
const counted = page =>
  page.getByRole('region', { name: /^记录/ }).getByRole('rowgroup').filter({ hasText: /^计入/ }).locator('th a[href^="/ledgers/"]');

/** On a unit's page, the verdicts behind 干-21: folded under the line that says why. */
async function pairs(page) {
  const why = page.locator('#r-21 + tr');
  await why.locator('summary').click();
  return why.locator('a[href^="/verdicts/R-21/"]');
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
      await expect(page).toHaveURL(/\/units\//);
      await expect(heading(page)).toContainText(name);

      const below = await pairs(page);
      const hrefs = await below.evaluateAll(found => found.map(a => a.getAttribute('href')));
      await below.first().click();
      for (const href of hrefs) {
        if (await counted(page).count() > 0) break;
        await page.goto(href);
      }
      await expect(page).toHaveURL(/\/verdicts\/R-21\//);
      const verdict = new URL(page.url());
      await expect(page.getByRole('heading', { name: '怎么算出来的' })).toBeVisible();
      await expect(page.getByRole('heading', { name: '还需要什么' })).toBeVisible();

      const record = counted(page).first();
      const href = await record.getAttribute('href');
      expect(isRecord(href)).toBe(true);
      await record.click();
      await expect(page).toHaveURL(new RegExp(`${href}$`));
      await expect(heading(page)).toBeVisible();

      // The record names the verdicts that count it; one of them is where we came from.
      const uses = page.getByRole('region', { name: '计入哪些判定' });
      await uses.locator(`a[href="${verdict.pathname}"]`).click();
      await expect(page).toHaveURL(verdict.href);
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
