// A quarter's 通报 from the figures to the file: drafted, its words changed, issued, and fixed from then on.
import { test, expect } from '../fixtures.mjs';

const main = page => page.getByRole('main');

test('a paper is drafted, written in and issued', async ({ page, complaints }) => {
  await page.goto('/papers');
  const draft = main(page).getByRole('region', { name: '起草' });
  await draft.getByLabel('种类').selectOption('季度通报');
  await draft.getByLabel('期间').selectOption('2025Q2');
  await draft.getByRole('button', { name: '起草' }).click();
  await expect(page).toHaveURL(/\/papers\/\d+\?done=drafted$/);
  // Each figure leads to where it is explained.
  const text = main(page).getByRole('region', { name: '正文' });
  await expect(text.locator('a[href*="period=2025Q2"]').first()).toBeVisible();

  const words = main(page).getByRole('region', { name: '文字' });
  await words.getByLabel('下一步要求').fill('请于7月底前补齐。');
  await words.getByRole('button', { name: '保存文字' }).click();
  await expect(text).toContainText('请于7月底前补齐。');

  const issue = main(page).getByRole('region', { name: '印发' });
  await issue.getByLabel(/发文机关代字/).fill('云发改〔');
  await issue.getByRole('button', { name: '印发' }).click();
  await expect(main(page).getByRole('alert')).toContainText('不带括号');
  await main(page).getByRole('region', { name: '印发' }).getByLabel(/发文机关代字/).fill('云发改试');
  await main(page).getByRole('region', { name: '印发' }).getByRole('button', { name: '印发' }).click();
  await expect(main(page)).toContainText(/云发改试〔2025〕\d+号/);
  await expect(main(page).getByRole('button', { name: '保存文字' })).toHaveCount(0);

  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载Word' }).click()]);
  expect(file.suggestedFilename()).toMatch(/云发改试〔2025〕\d+号.*\.docx$/);
  expect(complaints).toEqual([]);
});
