// 每日一题 without scripts; a plan; a file of questions taken into the bank.

import { expect, test } from '@playwright/test';
import { logIn } from '../login.mjs';

async function entered(browser, baseURL, identity, options = {}) {
  const context = await browser.newContext({ baseURL, ...options });
  await context.addCookies([{ ...await logIn(baseURL, identity), url: baseURL }]);
  return [context, await context.newPage()];
}

test('a mistake comes back under 温习, and all of it can be wiped out', async ({ browser, baseURL }) => {
  const [context, page] = await entered(browser, baseURL, 'city-cadre', { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  await page.goto('/daily');
  await expect(page.getByRole('heading', { level: 1, name: '每日一题' })).toBeVisible();
  await page.getByRole('link', { name: '温习一题' }).click();
  await page.getByRole('button', { name: '提交' }).click();
  await expect(page.getByRole('alert')).toContainText('请先作答');
  await page.locator('.opt').first().click();
  await page.getByRole('button', { name: '提交' }).click();
  await expect(page.getByRole('heading', { name: /答对了|答错了/ })).toBeVisible();
  await expect(page.getByText('出处条款')).toBeVisible();
  await page.goto('/daily');
  await page.getByRole('button', { name: '清除我的答题记录' }).click();
  await expect(page.getByRole('status')).toContainText('已清除');
  await context.close();
});

test('questions are taken in from a file and planned', async ({ browser, baseURL }) => {
  const [context, page] = await entered(browser, baseURL, 'personnel');
  await page.goto('/questions');
  await page.getByRole('link', { name: '导入题目' }).first().click();
  const gift = '// 出处：二（二）三\n::e2e::导师每月指导不少于几次？{=2次 ~1次 ~9次}\n\n坏题{=a ~b\n';
  await page.getByLabel('文件（必填）').setInputFiles({ name: '题.gift', mimeType: 'text/plain', buffer: Buffer.from(gift) });
  await page.getByLabel('主题').fill('试题/浏览器');
  await page.getByRole('button', { name: '上传并检查' }).click();
  await expect(page.getByText('共2题，可导入1题，1题有误')).toBeVisible();
  await page.getByRole('button', { name: '导入1题' }).click();
  await expect(page.getByRole('status')).toContainText('已导入1题');
  await page.getByLabel('题号或内容').fill('导师每月指导不少于几次');
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('row').getByRole('link', { name: '导师每月指导不少于几次？' }).last().click();
  await page.getByLabel('理由（必填）').fill('浏览器试验');
  await page.getByRole('button', { name: '停用' }).click();
  await expect(page.getByRole('status')).toContainText('已停用');
  await page.goto('/releases');
  await expect(page.getByRole('heading', { name: '安排', exact: true })).toBeVisible();
  await context.close();
});
