import type { ContentCoding } from '../http/compression.js'
import type { Runtime } from '../http/handler.js'
import type { StreamId } from '@ds/core'
import { createWebhookSender } from './webhook-sender.js'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { joinBytes } from '@ds/core'
import { newStreamId } from '../http/new-stream-id.js'
import { promisify } from 'node:util'

const gzipBytes = promisify(gzip)
const brotliBytes = promisify(brotliCompress)
/** Good enough for text, and fast enough to be worth the while for answers that are made once. */
const BROTLI_QUALITY = 4

/** Node's clock and timers, which never keep the process alive by themselves, and its compression. */
export const nodeRuntime: Runtime = {
  environment: {
    now: () => Date.now(),
    schedule(delayMs, run) {
      const timer = setTimeout(run, delayMs).unref()
      return () => clearTimeout(timer)
    },
    defer: (run) => void setImmediate(run),
    newStreamId: (): StreamId => newStreamId(),
  },
  compressor: {
    codings: ['br', 'gzip'],
    // Half of the threads there are, because file stores sync on the same.
    atATime: Math.max(1, Math.floor(Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) / 2) || 1),
    compress(coding: ContentCoding, pieces) {
      const bytes = joinBytes(pieces)
      if (coding === 'gzip') return gzipBytes(bytes)
      return brotliBytes(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } })
    },
  },
  random: () => Math.random(),
  webhooks: (policy) => createWebhookSender(policy),
}
