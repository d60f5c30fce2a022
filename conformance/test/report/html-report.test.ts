import type { Browser, Page } from 'playwright-core'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { renderMatrixHtml } from '../../matrix/report/matrix-html.js'
import { renderHtml } from '../../src/report/html-report.js'
import { renderJunit } from '../../src/report/junit-report.js'
import { openChromium } from './chromium.js'
import { MEASURE_CONTRAST, PARSE_XML, type Contrast, type ParsedXml } from './page-scripts.js'
import { SAMPLE_REPORT } from './sample-report.js'

const folder = mkdtempSync(join(tmpdir(), 'ds-report-'))
const file = join(folder, 'report.html')
let browser: Browser
let page: Page
const problems: string[] = []

beforeAll(async () => {
  writeFileSync(file, renderHtml(SAMPLE_REPORT))
  browser = await openChromium()
}, 180_000)

afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true })
})

beforeEach(async () => {
  problems.length = 0
  page = await browser.newPage()
  page.on('console', (message) => problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith('file:') && !request.url().startsWith('data:')) problems.push(request.url())
  })
  await page.goto(pathToFileURL(file).href)
  return () => page.close()
})

const shownCases = (): Promise<string[]> => page.locator('ul.cases > li:visible .id').allTextContents()

describe('the report in a browser', () => {
  test('opens without an error, a request or foreign markup coming alive', async () => {
    expect(await page.title()).toBe('Durable Streams conformance: http://localhost:4437/v1/stream')
    expect(await page.locator('.verdict').textContent()).toBe(
      '1 MUST case fails; 1 listed as known failure passes.',
    )
    expect(await page.locator('img').count()).toBe(0)
    expect(problems).toEqual([])
  })

  test('shows a failure with what was sent and what came back', async () => {
    const failure = page.locator('li[data-verdict=failed] details')
    expect(await failure.getAttribute('open')).toBe('')
    const shown = await failure.innerText()
    expect(shown).toContain('expected status 204, got 500')
    expect(shown).toContain('POST /v1/stream/a?x=<b>')
    expect(shown).toContain('Content-Type: text/plain')
    expect(shown).toContain('no answer')
  })

  test('filters by status, level, section and text', async () => {
    expect(await shownCases()).toHaveLength(6)
    await page.getByLabel('passed', { exact: true }).uncheck()
    expect(await shownCases()).not.toContain('4.1/passes')
    await page.getByLabel('SHOULD', { exact: true }).uncheck()
    expect(await shownCases()).toEqual(['5.2/fails', '5.2.1/fixed', '9.1/skipped'])
    await page.getByLabel('Section', { exact: true }).selectOption('5.2')
    expect(await shownCases()).toEqual(['5.2/fails', '5.2.1/fixed'])
    await page.getByLabel('Text in the id or the title').fill('FIXED')
    expect(await shownCases()).toEqual(['5.2.1/fixed'])
    expect(await page.getByRole('status').textContent()).toBe('1 of 6 cases shown')
  })

  test('can be used by keyboard, and names its parts', async () => {
    expect(await page.getByRole('main').count()).toBe(1)
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    await page.getByLabel('failed', { exact: true }).focus()
    await page.keyboard.press('Space')
    expect(await shownCases()).not.toContain('5.2/fails')
  })

  test.each(['light', 'dark'] as const)('has enough contrast in the %s scheme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    const ratios = await page.evaluate<Contrast[]>(MEASURE_CONTRAST)
    expect(ratios.filter(({ ratio }) => ratio < 4.5)).toEqual([])
    expect(ratios.length).toBeGreaterThan(10)
  })

  test('is wide enough for no telephone to scroll sideways', async () => {
    await page.setViewportSize({ width: 360, height: 700 })
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    expect(overflow).toBeLessThanOrEqual(0)
  })

  test('the page of the matrix opens as well, with its tables', async () => {
    const matrix = join(folder, 'matrix.html')
    const results = [
      { id: '5.1/a', section: '5.1', title: 'fails', state: 'failed', message: '<b>' },
    ] as const
    const cell = {
      file: 'f',
      kind: 'cases',
      subject: 'memory',
      variant: 'node',
      durationMs: 1,
      results,
    } as const
    writeFileSync(matrix, renderMatrixHtml([cell], new Date()))
    await page.goto(pathToFileURL(matrix).href)
    expect(await page.getByRole('table').first().innerText()).toMatch(/5\.1 Create stream\s+0 of 1/)
    expect(await page.locator('details[open] pre').innerText()).toBe('<b>')
    expect(problems).toEqual([])
  })

  test('the JUnit report is well-formed XML', async () => {
    const xml = JSON.stringify(renderJunit(SAMPLE_REPORT))
    const parsed = await page.evaluate<ParsedXml>(`(${PARSE_XML})(${xml})`)
    expect(parsed.error).toBeNull()
    expect(parsed.failure).toContain('</script><img src=x')
  })
})
