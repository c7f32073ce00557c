// The calendar: a month and a list, the day's matters one click away.
import { test, expect } from '../fixtures.mjs';

test('a day with something due leads to it, and the month turns', async ({ page, complaints }) => {
  await page.goto('/calendar');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('年');
  const day = page.getByRole('table').first().getByRole('link', { name: /件$/ }).first();
  await day.click();
  await expect(page).toHaveURL(/#d-\d{4}-\d{2}-\d{2}$/);
  await page.getByRole('link', { name: /下月/ }).click();
  await expect(page).toHaveURL(/month=/);
  await page.getByRole('link', { name: '列表', exact: true }).click();
  await expect(page).toHaveURL(/view=list/);
  expect(complaints).toEqual([]);
});
