// The main job of a clerk: two guidances recorded by form, and the pair's light changes. With scripts and without, and by
// keyboard alone.
import { test, expect, SIZES } from '../fixtures.mjs';
import { isRecord, links } from '../pages.mjs';
import { header } from '../login.mjs';

const url = process.env.DONGLIANG_URL;
const heading = page => page.getByRole('main').getByRole('heading', { level: 1 });

/** A pair whose light is yellow or red this month: its verdict, its code, the month and the day that it is. */
async function waiting(session, n) {
  const get = async path => (await fetch(url + path, { headers: { cookie: header(session) } })).text();
  const [, year, month, day] = /演示日期(\d+)年(\d+)月(\d+)日/.exec(await get('/'));
  const window = `${year}-${month.padStart(2, '0')}`;
  const pairs = links(await get('/ledgers/mentor_pair?state=未结束&size=100'), '/ledgers/mentor_pair/').filter(isRecord);
  let found = 0;
  for (const pair of pairs) {
    const code = pair.split('/').at(-1);
    const verdict = `/verdicts/R-21/${code}/${window}`;
    if (/class="head">.*?进行中·(红|黄)灯/s.test(await get(verdict)) && found++ === n) return { verdict, code, window, day: Number(day) };
  }
  throw new Error('no pair waits for guidance this month');
}

// One after the other: each takes the first pair that still waits.
test.describe.configure({ mode: 'serial' });

for (const scripts of [true, false]) {
  test.describe(scripts ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled: scripts });

    test('two guidances recorded by form turn the light of their pair', async ({ page, session, complaints }) => {
      const { verdict, code, window, day: today } = await waiting(session, 0);
      await page.goto(verdict);
      const light = page.getByRole('main').locator('.head .lt');
      await expect(light).toHaveText(/进行中·(红|黄)灯/);
      await page.goto(`/ledgers/guidance/new?pair=${encodeURIComponent(code)}`);
      await expect(heading(page)).toHaveText('新增指导记录');
      for (const [i, content] of ['讲解项目评审的要件清单', '修改请示稿，说明行文规则'].entries()) {
        const day = `${window}-${String(Math.max(1, today - i)).padStart(2, '0')}`;
        if (i > 0) await page.goto(`/ledgers/guidance/new?pair=${encodeURIComponent(code)}`);
        await page.getByLabel('指导日期（必填）').fill(day);
        await page.getByLabel('指导要点').fill(content);
        await page.getByLabel('帮带对象确认日期').fill(day);
        await page.getByRole('button', { name: '保存', exact: true }).click();
        await expect(page.getByRole('status')).toContainText('项判定由此变化');
        await expect(page.getByRole('status')).toContainText('干-21');
      }
      await expect(page.getByRole('status')).toContainText('达标');
      await page.goto(verdict);
      await expect(light).toHaveText('达标');
      expect(complaints).toEqual([]);
    });

    test('errors lead to their fields, a picker finds, and the keyboard is enough', async ({ page, session }) => {
      const { code, window } = await waiting(session, 3);
      await page.goto('/ledgers/guidance/new');
      await page.getByRole('button', { name: '保存', exact: true }).click();
      await expect(page.getByRole('alert')).toContainText('请选定结对。');
      await expect(page).toHaveTitle(/^错误：新增指导记录/);
      if (scripts) await expect(page.getByRole('alert')).toBeFocused();
      await page.getByRole('alert').getByRole('link').first().click();
      const pair = page.getByLabel('结对（必填）', { exact: true });
      await pair.focus();
      await page.keyboard.type(code);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('radio', { checked: true }).first()).toBeVisible();
      // From the first field to the last without a mouse.
      await page.getByLabel('结对（必填）', { exact: true }).focus();
      const reached = [];
      for (let i = 0; i < 30 && !reached.includes('保存'); i++) {
        await page.keyboard.press('Tab');
        reached.push(await page.evaluate(() => document.activeElement.name || document.activeElement.textContent));
      }
      for (const name of ['find', 'f.day', 'f.content', 'f.confirmed', 'f.remark', 'record_code', '保存']) expect(reached).toContain(name);
      await page.getByLabel('指导日期（必填）').fill(`${window}-01`);
      await page.getByLabel('备注').fill('键盘登记');
      await page.getByRole('button', { name: '保存', exact: true }).press('Enter');
      await expect(page.getByRole('status')).toContainText('已保存');
      // Corrected with a reason, then voided.
      await page.getByRole('link', { name: '更正', exact: true }).click();
      await page.getByLabel('备注').fill('键盘更正');
      await page.getByLabel('更正原因（必填）').fill('补充');
      await page.getByRole('button', { name: '保存', exact: true }).click();
      await expect(page.getByRole('region', { name: '变更记录' })).toContainText('键盘更正');
      await page.getByRole('link', { name: '作废', exact: true }).click();
      await page.getByLabel('作废原因（必填）').fill('试录');
      await page.getByRole('button', { name: '作废', exact: true }).click();
      await expect(page.getByRole('region', { name: '已作废' })).toContainText('试录');
    });
  });
}

test('a form fits every window', async ({ page }) => {
  for (const { width, height } of SIZES) {
    await page.setViewportSize({ width, height });
    for (const path of ['/ledgers/decision/new', '/ledgers/person/new']) {
      await page.goto(path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
  }
});
