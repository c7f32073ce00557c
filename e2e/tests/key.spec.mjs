// 更正答案: closed to who is still to sit the question; for who chose the questions, its consequence, and back to what was
// typed. Nothing is corrected.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from '@playwright/test';
import { logIn } from '../login.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function entered(browser, baseURL, identity, width) {
  const context = await browser.newContext({ baseURL, viewport: { width, height: 900 } });
  await context.addCookies([{ ...await logIn(baseURL, identity), url: baseURL }]);
  const page = await context.newPage();
  await page.addInitScript(axe);
  return [context, page];
}

async function sound(page) {
  const { violations } = await page.evaluate(() => window.axe.run());
  expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target).join(' ')}`)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
}

test('a key is closed to who is still to sit its question', async ({ browser, baseURL }) => {
  const [context, page] = await entered(browser, baseURL, 'office', 1440);
  await page.goto('/tests/1/key?place=1');
  await expect(page.getByText('这道题正在您应考的考试里')).toBeVisible();
  await page.goto('/tests/1');
  await expect(page.locator('a[href*="/key?place="]')).toHaveCount(0);
  await context.close();
});

for (const width of [1440, 390]) {
  test(`what a correction does is told first, and what was typed comes back, at ${width}`, async ({ browser, baseURL }) => {
    const [context, page] = await entered(browser, baseURL, 'personnel', width);
    await page.goto('/tests/1/key?place=1');
    await sound(page);
    const key = page.getByLabel('正确答案');
    const now = await key.inputValue();
    await key.selectOption(now === 'B' ? 'C' : 'B');
    await page.getByLabel('理由').fill('答案抄错');
    await page.getByRole('button', { name: '查看影响' }).click();
    await expect(page.getByText('还没有更正')).toBeVisible();
    await sound(page);
    await page.getByRole('button', { name: '返回修改' }).click();
    await expect(page.getByLabel('理由')).toHaveValue('答案抄错');
    await expect(page.getByLabel('正确答案')).not.toHaveValue(now);
    await context.close();
  });
}
