// A test on paper without scripts: questions taken from the bank, forms printed, the table of sheets filled in and entered.

import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { logIn } from '../login.mjs';

async function entered(browser, baseURL) {
  const context = await browser.newContext({ baseURL, javaScriptEnabled: false, acceptDownloads: true });
  await context.addCookies([{ ...await logIn(baseURL, 'personnel'), url: baseURL }]);
  return [context, await context.newPage()];
}

test('questions are taken from the list, page after page, into a paper by hand', async ({ browser, baseURL }) => {
  const [context, page] = await entered(browser, baseURL);
  await page.goto('/questions');
  await page.getByLabel('选第1号题', { exact: true }).check();
  await page.getByLabel('选第2号题', { exact: true }).check();
  await page.getByRole('button', { name: '记住所选，继续选' }).click();
  await expect(page.getByText('已选2题')).toBeVisible();
  await page.getByRole('link', { name: '下一页' }).click();
  await page.locator('input[form=take][type=checkbox]').first().check();
  await page.getByRole('button', { name: '用所选的题组卷' }).click();
  await expect(page.getByLabel('指定题目')).toHaveValue(/^1-2, 3\n\d+, \d+$/);
  await expect(page.getByText('现在共3题')).toBeVisible();
  await page.getByLabel('名称（必填）').fill('指定题目的测试');
  await page.getByLabel('指定题目').fill('1-2, 3\n2, 3');
  await page.getByRole('button', { name: '组卷并保存草稿' }).click();
  await expect(page.getByRole('alert')).toContainText('第2行：第2号题在第1行已经写过');
  await page.getByLabel('指定题目').fill('1-2, 30');
  await page.getByRole('button', { name: '组卷并保存草稿' }).click();
  await expect(page.getByText('2题，满分60分')).toBeVisible();
  await context.close();
});

test('forms are printed, and sheets entered and undone', async ({ browser, baseURL }) => {
  const [context, page] = await entered(browser, baseURL);
  await page.goto('/tests/2');
  await page.getByLabel('卷数').selectOption('2');
  const [printed] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: '下载打印' }).click(),
  ]);
  expect(printed.suggestedFilename()).toBe('应知应会测试试卷.zip');
  await page.goto('/tests/2');
  await page.getByRole('link', { name: '录入答卷' }).click();
  const [table] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: '下载csv录入表' }).click(),
  ]);
  const lines = readFileSync(await table.path(), 'utf8').split('\r\n');
  const cells = lines.at(-2).split(',');
  cells[2] = 'B';
  cells[cells.length - 1] = '88';
  const wrong = [...cells];
  wrong[0] = '没有这个编号';
  const filled = [lines[0], cells.join(','), wrong.join(',')].join('\n');
  await page.getByLabel('文件（必填）').setInputFiles({ name: '三楼.csv', mimeType: 'text/csv', buffer: Buffer.from(filled) });
  await page.getByRole('button', { name: '上传并检查' }).click();
  await expect(page.getByText('填写的共2份，可录入1份，1行有误')).toBeVisible();
  await expect(page.getByText('应考名单上没有“没有这个编号”')).toBeVisible();
  await page.getByRole('button', { name: '录入1份' }).click();
  await expect(page.getByRole('status')).toContainText('已录入1份答卷');
  await page.getByLabel('理由（必填）').fill('试录');
  await page.getByRole('button', { name: '撤回这个文件' }).click();
  await expect(page.getByRole('status')).toContainText('已撤回1份答卷');
  await context.close();
});
