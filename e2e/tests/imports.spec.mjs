// A clerk's file: with faults, its marked copy, mended, what it would do, taken in, undone. With scripts and without.
import { readFile } from 'node:fs/promises';
import { test, expect } from '../fixtures.mjs';
import { isRecord, links } from '../pages.mjs';

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
  await expect(page.getByRole('heading', { level: 1, name: '检查导入文件' })).toBeVisible();
  await expect(page.getByText('尚未写入任何数据')).toBeVisible({ timeout: 60_000 });
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
