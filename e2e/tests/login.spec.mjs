// The way in: what a visitor meets, the identities of the demo, and the pages of accounts. With scripts and without.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test, expect, SIZES } from '../fixtures.mjs';
import { logIn } from '../login.mjs';

const url = process.env.DONGLIANG_URL;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const heading = page => page.getByRole('main').getByRole('heading', { level: 1 });

for (const scripts of [true, false]) {
  test.describe(scripts ? 'with scripts' : 'without scripts', () => {
    test.use({ javaScriptEnabled: scripts, loggedIn: false });

    test('one click from the first page to the overview, and out again', async ({ page, context, complaints }) => {
      await page.goto('/');
      await expect(page).toHaveURL(/\/login$/);
      await expect(heading(page)).toHaveText('登录');
      await page.getByRole('region', { name: '选择演示身份' }).getByRole('button').first().click();
      await expect(heading(page)).toHaveText('工作总览');
      const cookie = (await context.cookies()).find(c => c.name === 'dongliang');
      expect([cookie.httpOnly, cookie.sameSite, cookie.path]).toEqual([true, 'Lax', '/']);
      await page.getByRole('banner').getByRole('button', { name: '退出' }).click();
      await expect(heading(page)).toHaveText('登录');
      await page.goto('/requirements');
      await expect(page).toHaveURL(/\/login\?next=%2Frequirements$/);
      await page.getByRole('region', { name: '选择演示身份' }).getByRole('button', { name: /^干部/ }).first().click();
      await expect(heading(page)).toHaveText('要求清单');
      expect(complaints).toEqual([]);
    });

    test('a wrong password is told, and the name stays', async ({ page }) => {
      // A name of its own: who guesses one again and again has to wait.
      const login = `nobody-${Date.now()}`;
      await page.goto('/login');
      await page.getByLabel('登录名（必填）').fill(login);
      await page.getByLabel('口令（必填）').fill('something long enough');
      await page.getByRole('button', { name: '登录', exact: true }).click();
      await expect(page.getByRole('alert')).toContainText('登录名、口令或动态码不正确');
      await expect(page).toHaveTitle(/^错误：/);
      await expect(page.getByLabel('登录名（必填）')).toHaveValue(login);
      await expect(page.getByLabel('口令（必填）')).toHaveValue('');
    });

    test('the 安全管理员 makes an account, gives it a role and takes it away', async ({ page, context, complaints }) => {
      await context.addCookies([{ ...await logIn(url, 'secadmin'), url }]);
      const login = `e2e-${scripts ? 'js' : 'plain'}-${Date.now() % 1e9}`;
      await page.goto('/accounts');
      await page.getByRole('link', { name: '新建账号' }).click();
      await page.getByRole('button', { name: '建立账号' }).click();
      await expect(page.getByRole('alert')).toContainText('3至32个');
      await page.getByLabel('登录名（必填）').fill(login);
      await page.getByLabel('姓名或名称（必填）').fill('试用账号');
      await page.getByLabel('角色（必填）').selectOption('审计');
      await page.getByRole('button', { name: '建立账号' }).click();
      await expect(page.getByRole('status')).toContainText('只显示这一次');
      const password = await page.getByRole('status').locator('strong').innerText();
      expect(password).toMatch(/^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/);
      await page.goto(`/accounts?q=${login}`);
      await page.getByRole('link', { name: login }).click();
      await expect(page.getByRole('status')).toHaveCount(0);
      await page.getByRole('button', { name: /^收回/ }).click();
      await expect(page.getByRole('status')).toContainText('角色已收回');
      await page.getByRole('button', { name: '停用账号' }).click();
      await expect(page.getByRole('status')).toContainText('已停用');
      expect(complaints).toEqual([]);
    });
  });
}

test.describe('as drawn', () => {
  test.use({ loggedIn: false });
  for (const { width, height } of SIZES) {
    test(`no barrier and no overflow at ${width}×${height}`, async ({ page, context }) => {
      test.setTimeout(120_000);
      await page.addInitScript(axe);
      const look = async address => {
        await page.setViewportSize({ width, height });
        await page.goto(address);
        const { violations } = await page.evaluate(tags => window.axe.run({ runOnly: tags }), TAGS);
        expect.soft(violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`), address).toEqual([]);
        for (const narrow of [320, width]) {
          await page.setViewportSize({ width: narrow, height });
          expect(await page.evaluate(() => document.documentElement.scrollWidth), `${address} at ${narrow}`).toBeLessThanOrEqual(narrow);
        }
      };
      await look('/login');
      await context.addCookies([{ ...await logIn(url, 'secadmin'), url }]);
      for (const address of ['/accounts', '/accounts/new', '/accounts/1', '/account', '/people']) await look(address);
    });
  }
});
