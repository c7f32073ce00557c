// Sitting a test: answers while the net is away, a second device, handing in; and all of it without scripts.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { logIn } from '../login.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function accessible(page) {
  const { violations } = await page.evaluate(() => window.axe.run());
  expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`)).toEqual([]);
}

async function entered(browser, baseURL, identity, options = {}) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, baseURL, ...options });
  await context.addCookies([{ ...await logIn(baseURL, identity), url: baseURL }]);
  const page = await context.newPage();
  await page.addInitScript(axe);
  return [context, page];
}

test('answers are kept while the net is away, and one device answers at a time', async ({ browser, baseURL }) => {
  const [context, page] = await entered(browser, baseURL, 'city-cadre');
  await page.goto('/exams');
  await page.getByRole('link', { name: '应知应会测试', exact: true }).click();
  await page.getByRole('button', { name: '开始考试' }).click();
  await expect(page.locator('[data-at]')).toHaveText('第1题，共23题');
  await expect(page.getByRole('timer')).toHaveText(/^(39|40):\d\d$/);
  await page.waitForLoadState('networkidle');
  await page.locator('.opt').first().click();
  await expect(page.locator('[data-saved]')).toHaveText(/已保存/);
  await accessible(page);

  await context.setOffline(true);
  await page.getByRole('button', { name: '下一题' }).click();
  await expect(page.locator('[data-at]')).toHaveText('第2题，共23题');
  await page.locator('.opt').nth(1).click();
  await expect(page.getByRole('status')).toContainText('答案已暂存本机');
  await page.getByRole('button', { name: '下一题' }).click();
  await page.locator('.opt').nth(2).click();
  await page.getByLabel('标记').check();
  await context.setOffline(false);
  await expect(page.locator('[data-saved]')).toHaveText(/已保存/, { timeout: 10_000 });
  await page.getByRole('button', { name: '答题卡' }).click();
  await expect(page.getByText('已答3题，未答20题，标记1题')).toBeVisible();
  await accessible(page);
  await page.goto('/exams/2/q/2');
  await expect(page.locator('.opt input').nth(1)).toBeChecked();
  await page.waitForLoadState('networkidle');

  // Two windows: the later one is told, shows what stands, and goes on from there.
  const twin = await context.newPage();
  for (const window of [twin, page]) {
    await window.goto('/exams/2/q/4');
    await window.waitForLoadState('networkidle');
  }
  await page.locator('.opt').nth(1).click();
  await expect(page.locator('[data-saved]')).toHaveText(/已保存/);
  await twin.locator('.opt').nth(2).click();
  await expect(twin.getByRole('status').first()).toContainText('已在另一个窗口改答');
  await expect(twin.locator('.opt input').nth(1)).toBeChecked();
  await twin.locator('.opt').nth(2).click();
  await expect(twin.locator('[data-saved]')).toHaveText(/已保存/);
  await twin.close();

  const [second, other] = await entered(browser, baseURL, 'city-cadre', { javaScriptEnabled: false });
  await other.goto('/exams/2');
  await other.getByRole('button', { name: '在这台设备上接续' }).click();
  await page.locator('.opt').first().click();
  await expect(page).toHaveURL(/\/exams\/2\?lost=1$/);
  await expect(page.getByText('刚才在这台设备上的作答没有保存')).toBeVisible();
  await expect(page.getByRole('button', { name: '在这台设备上接续' })).toBeVisible();

  // Without scripts, a question a page.
  await expect(other.locator('.opt input').first()).toBeChecked();
  for (let n = 1; n < 5; n += 1) {
    await other.locator('.opt').nth(1).click();
    await other.getByRole('button', { name: '下一题' }).click();
    await expect(other.locator('[data-at]')).toHaveText(`第${n + 1}题，共23题`);
  }
  await other.getByRole('button', { name: '答题卡' }).click();
  await expect(other.getByText('已答4题')).toBeVisible();
  await other.getByRole('button', { name: '确认交卷' }).click();
  await expect(other.getByRole('alert')).toContainText('请再次确认');
  await other.getByRole('button', { name: '仍要交卷' }).click();
  await expect(other.getByRole('status')).toHaveText('已交卷。');
  await expect(other.getByText('截止后公布')).toBeVisible();
  await page.goto('/exams/2/q/2');
  await expect(page).toHaveURL(/\/exams\/2\/result$/);
  await context.close();
  await second.close();
});
