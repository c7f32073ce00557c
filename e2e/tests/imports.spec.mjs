// A clerk's file: with faults, its marked copy, mended, what it would do, taken in, undone. With scripts and without.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test, expect } from '../fixtures.mjs';
import { isRecord, links } from '../pages.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const heading = page => page.getByRole('main').getByRole('heading', { level: 1 });

/** The code of a pair, as the list of pairs links to it. */
async function pair(page) {
  await page.goto('/ledgers/mentor_pair');
  const found = links(await page.content(), '/ledgers/mentor_pair/').filter(href => isRecord(href) && !href.endsWith('/export'));
  return decodeURIComponent(found[0].split('/').pop());
}

async function send(page, name, text) {
  await page.goto('/imports/new?ledger=guidance');
  await page.getByLabel('文件（必填）').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: '上传并检查' }).click();
  // One in which nothing can be written ends by itself.
  await expect(page.getByRole('heading', { level: 1, name: /检查导入文件|没有可写入的行/ })).toBeVisible();
  await expect(page.getByText(/(尚未|没有)写入任何数据/)).toBeVisible({ timeout: 60_000 });
}

/** Nothing that axe finds, and nothing wider than the window: the page of a batch is not among those that others visit. */
async function sound(page, scripts = true) {
  for (const width of [1920, 1440, 768, 390, 320]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), `at ${width}`).toBeLessThanOrEqual(width);
    // It waits for promises, which need scripts.
    if (!scripts) continue;
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    expect(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`), `at ${width}`).toEqual([]);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

for (const scripts of [true, false]) {
  test.describe(scripts ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled: scripts });

    test('a messy file is mended, weighed, taken in and undone', async ({ page, complaints }) => {
      test.slow();
      const code = await pair(page);
      const head = '市发改委指导记录,,,\n结对编号,指导日期,指导内容,帮带对象确认\n';
      const mark = `${scripts}${Date.now()}`;
      await send(page, '指导记录.csv', `${head}${code},2025/2/30,讲解${mark},\n没有这个结对,2025-10-08,讲解,\n合计,,,\n`);
      await expect(page.getByRole('heading', { name: '2行有误' })).toBeVisible();
      await expect(page.getByRole('cell', { name: '没有这一天' })).toBeVisible();
      await expect(page.getByRole('button', { name: /^导入/ })).toHaveCount(0);
      await sound(page, scripts);

      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: '下载标出错误的文件' }).click(),
      ]);
      expect(download.suggestedFilename()).toContain('标出错误');
      expect((await readFile(await download.path())).subarray(0, 2).toString()).toBe('PK');

      await send(page, '指导记录改.csv', `${head}${code},2025-10-09,讲解${mark},2025-10-09\n${code},2025-10-10,复盘${mark},2025-10-10\n`);
      await expect(page.getByRole('heading', { name: '预计影响' })).toBeVisible();
      const effects = page.getByRole('region', { name: '预计影响' });
      await expect(effects.getByText(/项判定/).first()).toBeVisible();
      await sound(page, scripts);
      await page.getByRole('button', { name: '导入2行' }).click();
      await expect(heading(page)).toHaveText('导入完成', { timeout: 60_000 });
      await expect(page.getByText('写入2条')).toBeVisible();
      await expect(page.getByRole('heading', { name: '确认前测算的影响' })).toBeVisible();

      await page.getByLabel('撤销原因（必填）').fill('试传');
      await page.getByRole('button', { name: '撤销本批' }).click();
      await expect(heading(page)).toHaveText('导入已撤销');
      expect(complaints).toEqual([]);
    });
  });
}

test('a column that is not clear is asked about once', async ({ page, complaints }) => {
  const column = `那一日${Date.now()}`;
  const head = `结对编号,${column},指导内容\n`;
  const asked = page.getByLabel(`“${column}”一列（B列）是（必填）`);
  const code = await pair(page);
  await send(page, '列.csv', `${head}${code},2025-10-09,讲解${Date.now()}\n`);
  await sound(page);
  await asked.selectOption({ label: '指导日期' });
  await page.getByRole('button', { name: '按此重新检查' }).click();
  await expect(page.getByRole('button', { name: '导入1行' })).toBeVisible({ timeout: 60_000 });
  await send(page, '列二.csv', `${head}${code},2025-10-09,讲解${Date.now()}\n`);
  await expect(page.getByRole('button', { name: '导入1行' })).toBeVisible();
  await page.getByText('列的对应（3列）').click();
  await page.getByRole('button', { name: '以前的回答不对，重新指明' }).click();
  await expect(asked).toBeVisible({ timeout: 60_000 });
  expect(complaints).toEqual([]);
});
