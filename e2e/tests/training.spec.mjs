// A missed class is held again with a linked test; classes say what they still lack.
import { test, expect } from '../fixtures.mjs';

test('a retraining is confirmed, its class recorded, and a second form arranged for it', async ({ page, complaints }) => {
  await page.goto('/remedies?state=draft&act=retrain');
  await page.getByRole('main').locator('tbody th a').last().click();
  const here = page.url();
  const confirm = page.getByRole('region', { name: '确认', exact: true });
  await confirm.getByLabel('理由').fill('合格率不到80%');
  await confirm.getByRole('button', { name: '确认' }).click();
  await page.getByRole('link', { name: '登记重训班' }).click();
  await expect(page.getByLabel('名称（必填）')).toHaveValue(/（重训）$/);
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await expect(page).toHaveURL(`${here}?done=class`);
  await page.getByRole('link', { name: '组织闭卷测试' }).click();
  await expect(page.getByLabel('班次编号')).not.toHaveValue('');
  await expect(page.getByLabel('名称（必填）')).toHaveValue(/（重训）闭卷测试$/);
  expect(complaints).toEqual([]);
});

test('a class says what it lacks, and the list keeps its conditions in the address', async ({ page, complaints }) => {
  await page.goto('/training?year=2025');
  await page.getByRole('main').getByRole('link', { name: /^专业培训/ }).first().click();
  await expect(page).toHaveURL(/kind=/);
  await page.getByRole('main').locator('tbody th a').first().click();
  await expect(page.getByRole('main').getByRole('heading', { name: '还缺什么' })).toBeVisible();
  await expect(page.getByRole('region', { name: '参训人员' })).toBeVisible();
  expect(complaints).toEqual([]);
});
