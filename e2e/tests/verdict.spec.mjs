// The page of one verdict: another day and another state of knowledge change address and page.
import { test, expect } from '../fixtures.mjs';

const lead = page => page.getByRole('region', { name: '判定', exact: true });
const form = page => page.getByRole('region', { name: '按何时计算' });

test('as known before anything was recorded, nothing is counted', async ({ page, addresses }) => {
  await page.goto(addresses.判定);
  const now = await page.getByRole('main').innerText();
  await form(page).getByLabel('按某时已录入的数据').fill('2025-01-01T00:00');
  await form(page).getByRole('button', { name: '重新计算' }).click();
  await expect(page).toHaveURL(/known_at=2025-01-01/);
  await expect(page.getByRole('main')).not.toHaveText(now);
  await expect(form(page).getByLabel('按某时已录入的数据')).toHaveValue('2025-01-01T00:00');
  await form(page).getByRole('link', { name: '恢复现在' }).click();
  await expect(page).toHaveURL(new URL(addresses.判定, process.env.DONGLIANG_URL).href);
  expect(await page.getByRole('main').innerText()).toBe(now);
});

test('as of the first day of the year, the finished window is not judged yet', async ({ page, addresses }) => {
  await page.goto(addresses.判定);
  const now = await lead(page).innerText();
  await form(page).getByLabel('按某日的组织架构和参数').fill('2025-01-01');
  await form(page).getByRole('button', { name: '重新计算' }).click();
  await expect(page).toHaveURL(/as_of=2025-01-01/);
  await expect(page.getByRole('main')).toBeVisible();
  await expect(lead(page)).not.toHaveText(now);
});

test('a day that is none is told, with what was typed', async ({ page, addresses }) => {
  const answer = await page.goto(`${addresses.判定}?as_of=2025-02-30`);
  expect(answer.status()).toBeLessThan(500);
  await expect(page.getByRole('alert')).toContainText('请修改');
  await expect(form(page).getByLabel('按某日的组织架构和参数')).toHaveValue('2025-02-30');
});

test('the window before and the one after are a click away', async ({ page, addresses }) => {
  await page.goto(addresses.判定);
  const here = page.url();
  await page.getByRole('main').getByRole('link', { name: /^上一期/ }).click();
  await expect(page).not.toHaveURL(here);
  await page.getByRole('main').getByRole('link', { name: /^下一期/ }).click();
  await expect(page).toHaveURL(here);
});
