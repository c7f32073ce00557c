// Files of a record: sent, listed, fetched, removed with a reason; what is no paper is told, and what was chosen stays.
import { readFile } from 'node:fs/promises';
import { test, expect } from '../fixtures.mjs';
import { isRecord, links } from '../pages.mjs';
import { header } from '../login.mjs';

const url = process.env.DONGLIANG_URL;

/** The n-th pair that has not ended. */
async function pair(session, n) {
  const answer = await fetch(`${url}/ledgers/mentor_pair?state=未结束&size=100`, { headers: { cookie: header(session) } });
  return links(await answer.text(), '/ledgers/mentor_pair/').filter(isRecord)[n];
}

const file = (name, content) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) });
const send = page => page.getByRole('button', { name: '上传', exact: true });

for (const scripts of [true, false]) {
  test.describe(scripts ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled: scripts });

    test('a file is sent, fetched as it was, and removed with a reason', async ({ page, session, complaints }) => {
      await page.goto(await pair(session, scripts ? 30 : 31));
      await page.getByText('上传附件', { exact: true }).click();
      const content = `%PDF-1.7 ${scripts}`;
      await page.getByLabel('文件（必填）').setInputFiles(file('帮带协议 𠮷.pdf', content));
      await send(page).click();
      await expect(page.getByRole('status')).toContainText('已保存');
      const row = page.getByRole('region', { name: '附件列表' }).getByRole('row').nth(1);
      await expect(row).toContainText('帮带协议');
      const fetched = page.waitForEvent('download');
      await row.getByRole('link').click();
      const got = await fetched;
      expect(got.suggestedFilename()).toBe('帮带协议 𠮷.pdf');
      expect(await readFile(await got.path(), 'utf8')).toBe(content);
      await page.getByText('移除附件', { exact: true }).click();
      await page.getByLabel('移除原因（必填）').fill('传错了版本');
      await page.getByRole('button', { name: '移除', exact: true }).click();
      await expect(page.getByRole('main')).toContainText('没有附件');
      await expect(page.getByRole('main')).toContainText('移除帮带协议：传错了版本');
      expect(complaints).toEqual([]);
    });

    test('a program called a paper is refused, and the choice stays', async ({ page, session }) => {
      await page.goto(await pair(session, scripts ? 32 : 33));
      await page.getByText('上传附件', { exact: true }).click();
      await page.getByLabel('用作').selectOption('其他材料');
      await page.getByLabel('文件（必填）').setInputFiles(file('协议.pdf', 'MZ\x90\x00\x03'));
      await send(page).click();
      await expect(page.getByRole('alert')).toContainText('是可执行程序');
      if (scripts) await expect(page.getByRole('alert')).toBeFocused();
      await expect(page.getByLabel('用作')).toHaveValue('');
      // The answer is a page like any other: the next file goes through.
      await page.getByLabel('文件（必填）').setInputFiles(file('说明.txt', '一、二'));
      await send(page).click();
      await expect(page.getByRole('status')).toContainText('已保存');
    });
  });
}

test('a file that is too large is told before it is sent', async ({ page, session }) => {
  await page.goto(await pair(session, 34));
  await page.getByText('上传附件', { exact: true }).click();
  const input = page.getByLabel('文件（必填）');
  await input.setInputFiles(file('大.pdf', Buffer.alloc(21 << 20, 'x')));
  expect(await input.evaluate(element => element.validationMessage)).toContain('超过20MB');
});
