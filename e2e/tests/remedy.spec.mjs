// A drafted consequence: found on the overview, confirmed with a reason, under way from then on.
import { test, expect } from '../fixtures.mjs';

const heading = page => page.getByRole('main').getByRole('heading', { level: 1 });

for (const scripts of [true, false]) {
  test.describe(scripts ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled: scripts });

    test('a draft is refused without a reason, then confirmed', async ({ page, complaints }) => {
      await page.goto('/todo');
      await expect(heading(page)).toHaveText('我的待办');
      const drafts = page.getByRole('region', { name: /^待确认的草稿/ });
      await drafts.getByRole('listitem').filter({ hasText: '提醒' }).nth(scripts ? 0 : 1).getByRole('link').first().click();
      await expect(page).toHaveURL(/\/remedies\/\d+$/);
      const here = page.url();
      const confirm = page.getByRole('region', { name: '确认', exact: true });
      await confirm.getByRole('button', { name: '确认' }).click();
      await expect(page.getByRole('alert')).toContainText('理由：请填写');
      // Who is proposed stands there by name.
      await expect(confirm.getByRole('radio').first()).toBeChecked();
      await confirm.getByLabel('理由').fill('当月指导次数不足，请补记');
      await confirm.getByRole('button', { name: '确认' }).click();
      await expect(page).toHaveURL(`${here}?done=confirm`);
      await expect(page.getByRole('main')).toContainText('办理中');
      await expect(page.getByRole('region', { name: '办理经过' })).toContainText('当月指导次数不足，请补记');
      expect(complaints).toEqual([]);
    });
  });
}

test('a draft is confirmed where it waits', async ({ page, complaints }) => {
  await page.goto('/todo');
  const draft = page.getByRole('region', { name: /^待确认的草稿/ }).getByRole('listitem').filter({ hasText: '提醒' }).nth(2);
  await expect(draft).toContainText('拟办：提醒');
  await draft.locator('summary').first().click();
  await draft.getByLabel('理由').first().fill('请导师补记');
  await draft.getByRole('button', { name: '确认', exact: true }).click();
  await expect(page).toHaveURL(/\/todo\?done=confirm$/);
  await expect(page.getByRole('status')).toContainText('已确认');
  expect(complaints).toEqual([]);
});

test('the list is narrowed by its address', async ({ page }) => {
  await page.goto('/remedies');
  const rows = page.getByRole('main').locator('tbody th a');
  const all = await rows.count();
  await page.getByRole('main').getByRole('link', { name: /^已办结/ }).first().click();
  await expect(page).toHaveURL(/state=closed/);
  expect(await rows.count()).toBeLessThan(all);
});

test('a confirmed reminder is closed by the verdict once the missing guidance is recorded', async ({ page }) => {
  await page.goto('/remedies?state=draft&requirement=R-21');
  await page.getByRole('main').locator('tbody th a').last().click();
  const here = page.url();
  const confirm = page.getByRole('region', { name: '确认', exact: true });
  await confirm.getByLabel('理由').fill('请导师补记当月指导');
  await confirm.getByRole('button', { name: '确认' }).click();
  await expect(page.getByRole('main')).toContainText('办理中');
  const verdict = await page.getByRole('link', { name: /查看判定依据/ }).getAttribute('href');
  const [, pair, window] = /^\/verdicts\/R-21\/([^/]+)\/([^/]+)$/.exec(verdict);
  for (const day of ['10', '11']) {
    await page.goto(`/ledgers/guidance/new?pair=${pair}`);
    await page.getByLabel('指导日期（必填）').fill(`${window}-${day}`);
    await page.getByLabel('指导要点').fill(`补记${day}日的指导`);
    await page.getByLabel('帮带对象确认日期').fill(`${window}-${day}`);
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await expect(page.getByRole('status')).toBeVisible();
  }
  // Nobody closes it: the program does, behind the judgement.
  await expect(async () => {
    await page.goto(here);
    await expect(page.getByRole('main')).toContainText('已办结', { timeout: 1000 });
  }).toPass({ timeout: 15_000 });
  await expect(page.getByRole('region', { name: '办理经过' })).toContainText('判定转为达标');
});
