// The search of the bar: typed, sent with Enter, led to what was found; with scripts off and on a phone.
import { test, expect } from '../fixtures.mjs';

test('a person is found by a part of the name and opened', async ({ page, complaints }) => {
  await page.goto('/people');
  const name = (await page.getByRole('rowheader').first().getByRole('link').innerText()).trim();
  await page.goto('/');
  await page.getByRole('banner').getByRole('searchbox').fill(name);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/search\?q=/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`搜索“${name}”`);
  await page.getByRole('main').getByRole('link', { name, exact: true }).first().click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name);
  expect(complaints).toEqual([]);
});

test('a requirement is found by its number, and nothing is made of signs', async ({ page, complaints }) => {
  await page.goto('/search?q=' + encodeURIComponent('干21'));
  await page.getByRole('link', { name: /^干-21/ }).click();
  await expect(page).toHaveURL(/\/requirements\/R-21$/);
  await page.goto('/search?q=' + encodeURIComponent(`%_'"<script>alert(1)</script>`));
  await expect(page.getByRole('main')).toContainText('没有找到');
  await page.goto('/search?q=' + encodeURIComponent('长'.repeat(1900)));
  await expect(page.getByRole('alert')).toContainText('请缩短');
  await expect(page.getByLabel('搜索', { exact: true }).last()).toHaveValue(/^长+$/);
  expect(complaints).toEqual([]);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });

  test('on a phone the form stands in the menu', async ({ page }) => {
    await page.goto('/');
    await page.getByRole('link', { name: '菜单', exact: true }).click();
    await page.getByRole('navigation', { name: '主菜单' }).getByRole('searchbox').fill('R-21');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toContainText('干-21');
  });
});
