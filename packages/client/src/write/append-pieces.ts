import type { AppendChain } from './append-queue.js'
import type { AppendOptions } from './append-options.js'
import type { StreamWriter } from './stream-writer.js'
import { asAsyncIterableReadableStream } from '../read/readable-stream.js'

/** Bytes, roughly, that may be under way or wait; the source is not asked for more before there is room. */
const MAX_WAITING_BYTES = 4_194_304
/** What a piece costs beside its bytes. */
const PIECE_OVERHEAD = 256

/** Appends pieces in order, as they come; ends at the first that fails, and tells the source to stop. */
export async function appendPieces(
  writer: StreamWriter,
  source: ReadableStream<unknown> | AsyncIterable<unknown>,
  options: Pick<AppendOptions, 'contentType' | 'signal'>,
): Promise<void> {
  const contentType = options.contentType ?? (await writer.contentType())
  const pieces = 'getReader' in source ? asAsyncIterableReadableStream(source) : source
  const chain: AppendChain = {}
  let waiting = 0
  let onSettled: () => void = () => undefined
  const someSettle = (): Promise<void> => new Promise((resolve) => (onSettled = resolve))
  for await (const piece of pieces) {
    if (chain.failure !== undefined) break
    const size = sizeOf(piece)
    if (size === 0) continue
    waiting += size + PIECE_OVERHEAD
    writer
      .append(piece, { ...options, contentType }, chain)
      .catch((error: unknown) => (chain.failure ??= { error }))
      .finally(() => {
        waiting -= size + PIECE_OVERHEAD
        onSettled()
      })
      .catch(() => undefined)
    while (waiting >= MAX_WAITING_BYTES) await someSettle()
  }
  while (waiting > 0) await someSettle()
  if (chain.failure !== undefined) throw chain.failure.error
}

function sizeOf(piece: unknown): number {
  if (typeof piece === 'string') return piece.length
  return ArrayBuffer.isView(piece) ? piece.byteLength : PIECE_OVERHEAD
}
