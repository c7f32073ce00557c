// A new user's first hour, from the README alone, on a city of its own: the messy files of tests/data are imported, a unit is
// yellow and says why, two guidances turn the light of a pair, a wrong date is corrected, the imports are undone, and the
// quarter's 通报 goes out. Whatever is clicked is found by its words.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base, expect } from '../fixtures.mjs';
import { freePort, program, serve } from '../server.mjs';

const DATA = fileURLToPath(new URL('../../tests/data/', import.meta.url));

/** In the order in which one needs the other: ledger, file, rows that are taken, rows with faults put there on purpose. */
const FILES = [
  ['单位', 'unit.csv', 5, 0],
  ['人员', 'roster.xlsx', 14, 2],
  ['任职', 'roster.xlsx', 14, 2],
  ['导师帮带结对', 'mentor_pair.xlsx', 5, 0],
  ['指导记录', 'guidance_gb18030.csv', 46, 0],
  ['廉政谈话', 'talk.xlsx', 16, 0],
  ['经费预算', 'budget.xlsx', 2, 1],
];

const test = base.extend({
  /** A demo that nobody else looks at, as `dongliang demo` makes it. */
  city: [async ({}, use) => {
    const dir = mkdtempSync(join(tmpdir(), 'dongliang-walk-'));
    const data = join(dir, 'demo');
    execFileSync(program(), ['--data', data, 'demo', '--no-serve']);
    const port = await freePort();
    const stop = await serve(data, port);
    await use(`http://127.0.0.1:${port}`);
    await stop();
    rmSync(dir, { recursive: true });
  }, { scope: 'worker', timeout: 120_000 }],

  baseURL: ({ city }, use) => use(city),
});
test.use({ loggedIn: false });

const main = page => page.getByRole('main');
const heading = page => main(page).getByRole('heading', { level: 1 });
const light = page => main(page).locator('.head .lt');

/** By the menu, whose groups may be folded. */
const menu = (page, name) => page.getByRole('link', { name: new RegExp(`^${name}\\s*\\d*$`) }).first().click();

/** The rows of the overview: one for each unit that is judged. */
const units = page => page.getByRole('table', { name: /单位的落后项数/ }).locator('tbody').getByRole('row');

/** Puts a file into a ledger and gives the address of the batch. */
async function take(page, [ledger, file, good, bad]) {
  await menu(page, '批量导入');
  await main(page).getByRole('link', { name: '上传文件' }).click();
  await page.getByLabel('台账（必填）').selectOption(ledger);
  await page.getByRole('button', { name: '选定' }).click();
  await expect(main(page).getByRole('heading', { name: `${ledger}：文件` })).toBeVisible();
  await page.getByLabel('文件（必填）').setInputFiles(join(DATA, file));
  await page.getByRole('button', { name: '上传并检查' }).click();
  await expect(page.getByText('尚未写入任何数据')).toBeVisible({ timeout: 30_000 });
  // The roster has 学位 twice, of two courses of study: it is asked which one is meant.
  const asked = page.getByLabel(/^“学位”一列/);
  if (await asked.count() > 0) {
    await expect(page.getByRole('button', { name: /^导入/ })).toHaveCount(0);
    await asked.nth(0).selectOption({ index: 1 });
    await asked.nth(1).selectOption('不导入');
    await page.getByRole('button', { name: '按此重新检查' }).click();
  }
  await expect(page.getByText('尚未写入任何数据')).toContainText(`可写入${good}行，${bad}行有误`, { timeout: 30_000 });
  if (bad > 0) {
    await expect(main(page).getByRole('heading', { name: `${bad}行有误` })).toBeVisible();
    const link = page.getByRole('link', { name: '下载标出错误的文件' });
    const [copy] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect((await readFile(await copy.path())).subarray(0, 2).toString()).toBe('PK');
  }
  await page.getByRole('button', { name: `导入${good}行` }).click();
  await expect(heading(page)).toHaveText('导入完成', { timeout: 30_000 });
  await expect(main(page)).toContainText(`写入${good}条`);
  return page.url();
}

/** From a unit's 干-21 to a pair that still waits for guidance this month: opens its verdict, gives the pair's name. */
async function waiting(page) {
  const why = page.locator('#r-21 + tr');
  const unit = page.url();
  await why.locator('summary').click();
  const pairs = await why.getByRole('rowgroup').getByRole('link').allInnerTexts();
  for (const pair of pairs) {
    await why.getByRole('link', { name: pair, exact: true }).click();
    await expect(light(page)).toHaveText('未达标');
    await page.getByRole('link', { name: /^下一期/ }).click();
    await expect(heading(page)).toContainText('2025年10月');
    if (/(红|黄)灯/.test(await light(page).innerText())) return pair;
    await page.goto(unit);
    await why.locator('summary').click();
  }
  throw new Error(`none of ${pairs.join('、')} waits this month`);
}

/** One guidance by form, from the ledger's list; the pair is found by its mentor's name. */
async function guide(page, pair, day, content) {
  await expect(heading(page)).toHaveText('新增指导记录');
  const picker = page.getByLabel('结对（必填）', { exact: true });
  await picker.fill(pair.split('—')[0]);
  await page.getByRole('button', { name: '查找' }).first().click();
  await page.getByRole('radio', { name: new RegExp(pair) }).check();
  await page.getByLabel('指导日期（必填）').fill(day);
  await page.getByLabel('公文写作').check();
  await page.getByLabel('指导要点').fill(content);
  await page.getByLabel('帮带对象确认日期').fill('2025-10-18');
}

test('the first hour of a new user', async ({ page, complaints }) => {
  test.slow();
  const batches = [];
  let verdict, pair, record;

  await test.step('log in: one click, no password', async () => {
    await page.goto('/');
    await main(page).getByRole('button', { name: /^领导小组办公室/ }).click();
    await expect(heading(page)).toHaveText('工作总览');
    await expect(units(page)).toHaveCount(13);
  });

  await test.step('import the messy files', async () => {
    for (const file of FILES) batches.push(await take(page, file));
    // Once more: it is known row by row, and there is nothing to take.
    await menu(page, '批量导入');
    await main(page).getByRole('link', { name: '上传文件' }).click();
    await page.getByLabel('台账（必填）').selectOption('指导记录');
    await page.getByRole('button', { name: '选定' }).click();
    await page.getByLabel('文件（必填）').setInputFiles(join(DATA, 'guidance_gb18030.csv'));
    await page.getByRole('button', { name: '上传并检查' }).click();
    await expect(heading(page)).toHaveText('没有可写入的行', { timeout: 30_000 });
    await expect(page.getByRole('button', { name: /^导入|放弃/ })).toHaveCount(0);
    // The office that came with them is judged like the others, and says what it lacks.
    await menu(page, '工作总览');
    await expect(units(page)).toHaveCount(14);
    await units(page).filter({ hasText: '云溪区' }).getByRole('rowheader').getByRole('link').click();
    await expect(main(page).getByRole('heading', { name: /^为什么是/ })).toBeVisible();
    await expect(page.locator('#r-21')).toContainText('导师每月指导不少于2次');
  });

  await test.step('find why a unit is yellow', async () => {
    await menu(page, '工作总览');
    const row = units(page).filter({ has: page.locator('td:nth-child(2)', { hasText: '黄灯' }) })
      .filter({ has: page.getByRole('link', { name: /导师帮带$/ }) }).first();
    await row.getByRole('link', { name: /导师帮带$/ }).click();
    await expect(page).toHaveURL(/\/units\/[^#]+#r-21$/);
    await expect(light(page)).toHaveText('黄灯');
    const why = main(page).getByRole('region', { name: '亮灯说明' });
    await expect(why.getByRole('heading').first()).toHaveText('为什么是黄灯');
    await expect(why).toContainText(/应判\s*\d+\s*项/);
    await expect(why).toContainText(/补齐以下\d+项可转绿灯|能补齐的\d+项如下|期限或期间已过/);
    pair = await waiting(page);
    verdict = page.url();
    await expect(main(page).getByRole('region', { name: '怎么算出来的' })).toContainText('不少于2次');
    await expect(main(page).getByRole('region', { name: '还需要什么' })).toContainText('2025年10月31日');
  });

  await test.step('record two guidances, the second under a wrong date', async () => {
    await page.getByRole('link', { name: '全部指导记录' }).click();
    await main(page).getByRole('link', { name: '新增', exact: true }).click();
    await guide(page, pair, '2025-10-16', '讲解项目评审的要件清单');
    await page.getByRole('button', { name: '保存并继续新增' }).click();
    await expect(page.getByRole('status')).toContainText('已保存');
    await guide(page, pair, '2025-09-17', '修改请示稿，说明行文规则');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await expect(page.getByRole('status')).toContainText('已保存');
    // The page of the record says that it counts for the month before.
    await expect(main(page).getByRole('region', { name: '计入哪些判定' })).toContainText('指导日期不在2025年10月');
    record = page.url();
  });

  await test.step('the light has changed, and is not yet right', async () => {
    await page.goto(verdict);
    await expect(light(page)).toHaveText('进行中·绿灯');
  });

  await test.step('correct the date', async () => {
    await page.goto(record);
    await page.getByRole('link', { name: '更正', exact: true }).click();
    await page.getByLabel('指导日期（必填）').fill('2025-10-17');
    await page.getByLabel('更正原因（必填）').fill('月份写错');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await expect(page.getByRole('status')).toContainText('项判定由此变化');
    await expect(page.getByRole('status')).toContainText('2025年10月');
    await expect(main(page).getByRole('region', { name: '变更记录' })).toContainText('2025年9月17日');
    await main(page).getByRole('region', { name: '计入哪些判定' }).getByRole('link', { name: /干-21.*2025年10月/ }).click();
    await expect(page).toHaveURL(verdict);
    await expect(light(page)).toHaveText('达标');
  });

  await test.step('undo an import', async () => {
    // The first has what others point to, and says so.
    await page.goto(batches[0]);
    await page.getByLabel('撤销原因（必填）').fill('试传');
    await page.getByRole('button', { name: '撤销本批' }).click();
    await expect(page.getByRole('alert')).toContainText(/人员|任职/);
    for (const batch of batches.toReversed()) {
      await page.goto(batch);
      await page.getByLabel('撤销原因（必填）').fill('试传');
      await page.getByRole('button', { name: '撤销本批' }).click();
      await expect(heading(page)).toHaveText('导入已撤销');
    }
    await menu(page, '工作总览');
    await expect(units(page)).toHaveCount(13);
    await expect(page.getByRole('banner')).toContainText('云岭市');
  });

  await test.step('issue the 通报', async () => {
    await menu(page, '通报与公文');
    const draft = main(page).getByRole('region', { name: '起草' });
    await draft.getByLabel('种类').selectOption('季度通报');
    await draft.getByLabel('期间').selectOption('2025Q3');
    await draft.getByRole('button', { name: '起草' }).click();
    await expect(page).toHaveURL(/\/papers\/\d+/);
    await expect(main(page).getByRole('region', { name: '正文' })).toContainText('2025年第三季度');
    const words = main(page).getByRole('region', { name: '文字' });
    await words.getByLabel('下一步要求').fill('请于10月底前补齐。');
    await words.getByRole('button', { name: '保存文字' }).click();
    await expect(main(page).getByRole('region', { name: '正文' })).toContainText('请于10月底前补齐。');
    const issue = main(page).getByRole('region', { name: '印发' });
    await issue.getByLabel(/发文机关代字/).fill('云发改试');
    await issue.getByRole('button', { name: '印发' }).click();
    await expect(main(page)).toContainText(/云发改试〔2025〕\d+号/);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载Word' }).click()]);
    expect(file.suggestedFilename()).toMatch(/\.docx$/);
    expect((await readFile(await file.path())).subarray(0, 2).toString()).toBe('PK');
  });
  expect(complaints).toEqual([]);
});
