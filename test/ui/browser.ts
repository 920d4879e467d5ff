/** Debian's Chromium, where it is installed, and pages of an administrator in it. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { ADMIN } from './stage.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

export const isThere = existsSync(CHROMIUM)
if (!isThere) console.warn(`the page is not tried: there is no ${CHROMIUM} (apt-get install chromium, or CHROMIUM=…)`)

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-software-rasterizer'],
  })
}

export interface Opened {
  page: Page
  /** What the browser complains about. */
  complaints: string[]
  /** Opens a view, and resolves when it is there. */
  show(view: string): Promise<void>
}

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const page = await browser.newPage({ locale: 'en-GB', ...options })
  page.setDefaultTimeout(50_000)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.addInitScript((key) => sessionStorage.setItem('balanced-call.key', key), ADMIN)
  await page.goto(`${url}/ui`)
  return {
    page,
    complaints,
    async show(view) {
      await page.evaluate(`location.hash = '#/${view}'`)
      await page.locator(`nav a[aria-current][href="#/${view}"]`).waitFor()
    },
  }
}
