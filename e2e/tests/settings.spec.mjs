// The thresholds of the lights: refused with what was typed, previewed over the whole city, then left as they are.
import { test, expect } from '../fixtures.mjs';

test('what other thresholds would change is shown before anything is laid down', async ({ page, complaints }) => {
  await page.goto('/settings');
  await expect(page.getByRole('main')).toContainText('超过30个百分点红灯');
  await page.getByRole('link', { name: '修改' }).first().click();
  await page.getByLabel('黄灯起点').fill('50');
  await page.getByLabel('裁定人').fill('领导小组第二次会议');
  await page.getByLabel('理由和依据').fill('试看');
  await page.getByRole('button', { name: '看会改变什么' }).click();
  await expect(page.getByRole('alert')).toContainText('应不小于黄灯起点50');
  await expect(page.getByLabel('裁定人')).toHaveValue('领导小组第二次会议');
  await page.getByLabel('黄灯起点').fill('3');
  await page.getByLabel('红灯起点').fill('6');
  await page.getByRole('button', { name: '看会改变什么' }).click();
  await expect(page.getByRole('heading', { name: '会改变什么' })).toBeVisible();
  await expect(page.getByRole('main')).toContainText(/个单位中\d+个的亮灯会变/);
  await expect(page.getByRole('table', { name: /会改变的单位/ })).toBeVisible();
  await page.getByRole('link', { name: '不登记' }).click();
  await expect(page.getByRole('main')).toContainText('超过30个百分点红灯');
  expect(complaints).toEqual([]);
});
