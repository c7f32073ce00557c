// Browser tests against a running server, whose address is in DONGLIANG_URL; `cargo xtask e2e` starts one.
import { defineConfig } from '@playwright/test';

const url = process.env.DONGLIANG_URL;
if (!url) throw new Error('DONGLIANG_URL is not set. Type: cargo xtask e2e');

export default defineConfig({
  testDir: 'tests',
  testMatch: '*.spec.mjs',
  outputDir: 'results',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 90_000,
  reporter: 'list',
  use: {
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    screenshot: 'only-on-failure',
    // A page that fades into the next takes no clicks meanwhile, and without scripts Playwright cannot wait for its end.
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      env: { ...process.env, LANGUAGE: 'zh_CN' },
      // Debian's browser, as root too, and without the errands of its own that a test does not want.
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
      ],
    },
  },
});
