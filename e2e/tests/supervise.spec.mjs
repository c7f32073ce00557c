// A matter written by hand: refused without its demand, then issued; the office sees it in the list.
import { test, expect } from '../fixtures.mjs';

test('a matter is issued by hand and found in the list', async ({ page, addresses, complaints }) => {
  await page.goto('/supervise/new');
  const code = decodeURIComponent(addresses.单位详情.split('/').pop());
  await page.getByRole('textbox', { name: '对象单位' }).fill(code);
  await page.getByLabel('事项').fill('现场教学');
  await page.getByRole('button', { name: '签发' }).click();
  await expect(page.getByRole('alert')).toContainText('要求：请填写');
  await expect(page.getByLabel('事项')).toHaveValue('现场教学');
  await page.getByLabel('要求').fill('请按期补办一次现场教学。');
  await page.getByRole('button', { name: '签发' }).click();
  await expect(page).toHaveURL(/\/supervise\/\d+\?done=issue/);
  await expect(page.getByRole('status')).toContainText('已签发');
  await page.goto('/supervise?state=open');
  await expect(page.getByRole('main')).toContainText('现场教学');
  expect(complaints).toEqual([]);
});
