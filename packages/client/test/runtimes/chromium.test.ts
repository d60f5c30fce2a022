import type { CaseResult, CaseServer } from '../cases/run-cases.js'
import type { AddressInfo } from 'node:net'
import type { Runtime } from './describe-runtime.js'
import { bundleCases, removeBundle } from './bundle-cases.js'
import { chromium } from 'playwright-core'
import { createServer } from 'node:http'
import { describeRuntime } from './describe-runtime.js'
import { findChromium } from './find-chromium.js'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A page of another origin than the servers, as pages are. */
async function start(): Promise<Runtime> {
  const file = await bundleCases('page-entry')
  const script = readFileSync(file)
  removeBundle(file)
  const site = createServer((request, response) => {
    const isScript = request.url === '/cases.mjs'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(isScript ? script : '<!doctype html><script type="module" src="/cases.mjs"></script>')
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  const profile = mkdtempSync(join(tmpdir(), 'ds-client-chromium-'))
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    args: ARGUMENTS,
    headless: true,
  })
  return {
    async run({ streams, proxy }) {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
      await page.waitForFunction(() => 'runCases' in globalThis)
      return page.evaluate(
        (addresses: CaseServer) => {
          const { runCases } = globalThis as unknown as {
            runCases: (server: CaseServer) => Promise<CaseResult[]>
          }
          return runCases(addresses)
        },
        { streams, proxy },
      )
    },
    stop: async () => {
      await browser.close()
      site.closeAllConnections()
      site.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

describeRuntime('Chromium', start)
